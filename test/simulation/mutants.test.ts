import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { mutants } from "./mutants.ts";
import type { Mutant } from "./mutants.ts";

const isLong = process.env["EURUS_LONG"] !== undefined;
const root = join(import.meta.dirname, "../..");
const ownPackages = ["protocol", "velaros", "eurus"] as const;
const seeds = 300;
const timeoutMs = 400_000;

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "eurus-mutants-"));
  await copySources();
});

afterAll(() => rm(folder, { recursive: true }));

const planned = isLong ? mutants : mutants.slice(0, 6);

test.each(planned.map((mutant) => [mutant.name, mutant] as const))(
  "the simulation finds this bug when it is planted: %s",
  async (_name, mutant) => {
    const restore = await plant(mutant);
    try {
      const { exitCode, output } = await simulate();
      expect(output).toMatch(/^seed \d+ \(\w+\): \d+ faults$/mu);
      expect(exitCode).toBe(1);
    } finally {
      await restore();
    }
  },
  timeoutMs,
);

/** A workspace like this one, with sources of its own and everything else as it is here. */
async function copySources(): Promise<void> {
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  for (const name of ownPackages) {
    const from = join(root, "packages", name);
    const to = join(folder, "packages", name);
    await cp(join(from, "src"), join(to, "src"), { recursive: true });
    const manifest = await readFile(join(from, "package.json"), "utf8");
    await writeFile(join(to, "package.json"), manifest);
    await symlink(to, join(modules, (JSON.parse(manifest) as { name: string }).name));
  }
  for (const name of await readdir(join(root, "node_modules"))) {
    if (["eurus", "velaros", "velaros-protocol"].includes(name)) continue;
    await symlink(join(root, "node_modules", name), join(modules, name));
  }
  for (const path of ["test/simulation", "test/history", "scripts/simulate.ts", "package.json"]) {
    await cp(join(root, path), join(folder, path), { recursive: true });
  }
}

async function plant({ file, original, planted }: Mutant): Promise<() => Promise<void>> {
  const path = join(folder, "packages", file);
  const source = await readFile(path, "utf8");
  // A mutant that no longer fits its file would prove nothing.
  expect(source.split(original)).toHaveLength(2);
  await writeFile(
    path,
    source.replace(original, () => planted),
  );
  return () => writeFile(path, source);
}

function simulate(): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const words = ["--conditions=@velaros/source", "--import", "tsx", "scripts/simulate.ts"];
  const child = spawn(process.execPath, [...words, "--seeds", String(seeds), "--until-fault"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs - 10_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (exitCode) => resolve({ exitCode, output }));
  });
}
