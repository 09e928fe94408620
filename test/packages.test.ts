import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JsonClient } from "./support/json-client.ts";
import { findPublishable, foldersOf, npm, pack, root, run } from "./support/packing.ts";
import { runProgram } from "./support/run-program.ts";

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const publishable = await findPublishable();
let temporary = "";
/** A project of its own, outside of this repository, that has the packed packages and what they depend on. */
let project = "";
const packedFiles = new Map<string, readonly string[]>();
const fromElsewhere: string[] = [];

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "eurus-packages-"));
  project = join(temporary, "project");
  await run(process.execPath, [join(root, "scripts", "clean.mjs"), "--stale"]);
  await run(process.execPath, [tsc, "-b"], { cwd: root });

  const tarballs: string[] = [];
  for (const { folder, manifest } of publishable) {
    const { file, contents } = await pack(folder, temporary);
    packedFiles.set(manifest.name, contents);
    tarballs.push(file);
  }
  // What comes from elsewhere is packed from our own installation, so that the registry need not be there.
  const needed = publishable.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {}));
  for (const folder of await foldersOf([...needed, "@types/node"])) {
    fromElsewhere.push((await pack(folder, temporary)).file);
  }

  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npm(
    ["install", "--offline", "--no-audit", "--no-fund", "--omit=peer", ...tarballs, ...fromElsewhere],
    project,
  );
  await writeConsumer();
}, 120_000);

afterAll(() => rm(temporary, { recursive: true, force: true }));

test.each(publishable)("$manifest.name passes publint", async ({ folder }) => {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true });

  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test("every package is under the MIT licence and ships its text [claim:130]", async () => {
  const licence = await readFile(join(root, "LICENSE"), "utf8");
  expect(licence).toMatch(/^MIT License\n/);

  for (const { folder, manifest } of publishable) {
    expect(manifest.license).toBe("MIT");
    expect(packedFiles.get(manifest.name)).toContain("LICENSE");
    expect(await readFile(join(folder, "LICENSE"), "utf8")).toBe(licence);
  }
});

test.each(publishable)("$manifest.name ships sources, types and maps, and no tests", async ({ manifest }) => {
  const files = packedFiles.get(manifest.name) ?? [];
  const modules = files.filter((file) => file.startsWith("src/") && file.endsWith(".ts"));

  expect(files).toContain("README.md");
  expect(modules).not.toEqual([]);
  expect(files.filter((file) => /\.test(-d)?\./.test(file) || file.endsWith(".tsbuildinfo"))).toEqual([]);
  for (const module of modules) {
    const output = module.replace(/^src\//, "dist/").replace(/\.ts$/, "");
    for (const ending of [".js", ".js.map", ".d.ts", ".d.ts.map"])
      expect(files).toContain(`${output}${ending}`);
  }
});

test("all packages carry one version and depend on each other in exactly that", () => {
  const names = new Set(publishable.map(({ manifest }) => manifest.name));
  for (const { manifest } of publishable) {
    expect(manifest.version).toBe(publishable[0]?.manifest.version);
    for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
      if (names.has(name)) expect(range).toBe(manifest.version);
    }
  }
});

test("a fresh project can import every entry point, except that those of an optional library ask for it by name [claim:14]", async () => {
  for (const { manifest } of publishable) {
    for (const subpath of Object.keys(manifest.exports)) {
      if (subpath.endsWith(".json")) continue;
      const specifier = manifest.name + subpath.slice(1);
      const output = await run(
        process.execPath,
        ["--input-type=module", "--eval", `import(${JSON.stringify(specifier)}).then(${report}, ${report})`],
        { cwd: project },
      );
      const outcome = JSON.parse(output) as { readonly missing?: string; readonly error?: string };

      expect(outcome.error, specifier).toBeUndefined();
      if (outcome.missing !== undefined) expect(optionalLibraries()).toContain(outcome.missing);
    }
  }
});

test("a fresh project in strict TypeScript compiles against the packages, with inferred types [claim:123]", async () => {
  await expect(run(process.execPath, [tsc, "-p", project], { cwd: project })).resolves.toBe("");
});

test("a fresh project runs a gateway and a service from the packages, without NATS [claim:14]", async () => {
  await run(process.execPath, [tsc, "-p", project], { cwd: project });
  const output = await run(process.execPath, ["main.js"], { cwd: project, timeout: 20_000 });

  expect(output).toBe(`{"id":"1","data":{"id":"42"}}\n`);
  expect(await readdir(join(project, "node_modules"))).not.toContain("@nats-io");
});

test.each(publishable)(
  "the README of $manifest.name leads nowhere outside of its package",
  async ({ folder }) => {
    const readme = await readFile(join(folder, "README.md"), "utf8");

    expect(readme).not.toMatch(/\]\(/);
  },
);

test.each(["eurus", "velaros"])(
  "the program in the README of %s compiles in strict TypeScript, and answers as the README says",
  async (name) => {
    const { readme, program } = await startReadmeProgram(name);
    await expect.poll(program.output, { timeout: 20_000 }).toContain("Listening on ");
    const url = /Listening on (\S+)/.exec(program.output())?.[1] ?? "";
    const [, sent = "", answer = ""] = /`(\{.*?\})` is answered `(\{.*?\})`\./.exec(readme) ?? [];
    await using client = await JsonClient.connect(url);
    client.send(JSON.parse(sent));

    await expect.poll(() => client.received.map(({ raw }) => JSON.parse(raw))).toEqual([JSON.parse(answer)]);
  },
);

test("the question in the README of velaros is asked and answered as the README says", async () => {
  const { program } = await startReadmeProgram("velaros");
  await expect.poll(program.output, { timeout: 20_000 }).toContain("Listening on ");
  await using client = await JsonClient.connect(/Listening on (\S+)/.exec(program.output())?.[1] ?? "");

  client.send({ id: "2", path: "/delete" });
  await expect.poll(() => client.received).toMatchObject([{ id: "2", path: "/delete" }]);
  client.send({ id: "2", data: true });

  await expect.poll(() => client.received[1]).toMatchObject({ id: "2", data: { deleted: true } });
});

test("the program in the README of velaros-protocol prints what it says", async () => {
  const { program } = await startReadmeProgram("velaros-protocol");

  expect(await program.exited).toBe(0);
  expect(program.output()).toBe('1 /hello/Ada { polite: true }\n2 "path" is neither a string nor null\n');
});

/** Compiles the program that the installed README of a package shows, and runs it. */
async function startReadmeProgram(name: string) {
  const readme = await readFile(join(project, "node_modules", name, "README.md"), "utf8");
  const [, text = ""] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  const folder = join(project, `readme-of-${name}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "program.ts"), text);
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../tsconfig.json", files: ["program.ts"] }),
  );
  await run(process.execPath, [tsc, "-p", folder], { cwd: folder });
  const words = [join(folder, "program.js")];
  return {
    readme,
    program: runProgram(process.execPath, words, { cwd: folder, environment: { PORT: "0" } }),
  };
}

test("who follows the guide from an empty folder gets a chat that answers, and types that hold [claim:14 claim:15 claim:17 claim:18 claim:129]", async () => {
  const folder = join(temporary, "chat");
  await mkdir(folder);
  const installation = await readFile(join(root, "docs/guide/installation.md"), "utf8");
  const quickStart = await readFile(join(root, "docs/guide/quick-start.md"), "utf8");
  await writeShownFiles(installation + quickStart, folder);

  const [inClone, inFolder, forTypes] = commandsOf(installation);
  expect([inClone?.shift(), inFolder, forTypes]).toEqual([
    "npm ci", // which was done before this test could run
    ["npm install"],
    ["npm install --save-dev typescript @types/node"],
  ]);
  for (const command of inClone ?? []) {
    await npm(command.replace("../chat", folder).split(" ").slice(1), root);
  }
  const runner = await foldersOf(["tsx", `@esbuild/${process.platform}-${process.arch}`]);
  const runnerFiles = await Promise.all(runner.map(async (name) => (await pack(name, temporary)).file));
  await npm(["install", "--offline", "--no-audit", "--no-fund", ...fromElsewhere, ...runnerFiles], folder);

  expect(await run(process.execPath, [tsc], { cwd: folder })).toBe("");
  expect(commandsOf(quickStart)).toEqual([["npm start"]]);
  // What `npm start` runs, without npm, which would not pass on the signal that ends it.
  const { scripts } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const [tool, ...words] = scripts.start.split(" ");
  const program = runProgram(join(folder, "node_modules", ".bin", tool), words, {
    cwd: folder,
    environment: { PORT: "0" },
  });
  await expect.poll(program.output, { timeout: 20_000 }).toContain("Open ");
  const url = /Open (\S+)/.exec(program.output())?.[1] ?? "";
  expect(await (await fetch(url)).text()).toContain("<title>Quick start</title>");
  await using client = await JsonClient.connect(`${url.replace("http", "ws")}ws`);

  expect(await client.ask("/chat/join", { username: "Ada", room: "general" })).toMatchObject({
    data: { status: "joined", room: "general" },
  });
  expect(await client.ask("/chat/message", { text: "Hello!" })).toMatchObject({ data: { status: "sent" } });
  expect(await client.ask("/health")).toMatchObject({ error: { code: "NOT_FOUND" } });
  expect(program.output()).toContain("\n[general] Ada: Hello!\n");
  program.process.kill("SIGINT");
  expect(await program.exited).toBe(0);
}, 120_000);

/** Writes each file that a page shows into the folder, under its own name. */
async function writeShownFiles(page: string, folder: string): Promise<void> {
  for (const [, file = "", text = ""] of page.matchAll(/<!-- (\S+) -->\n\n```\w+\n([^]*?)```/g)) {
    await writeFile(join(folder, basename(file)), text);
  }
}

/** The commands that a page tells to run, block by block. */
function commandsOf(page: string): string[][] {
  return [...page.matchAll(/```sh\n([^]*?)```/g)].map(([, text = ""]) => text.trim().split("\n"));
}

/** Runs in the fresh project: says what an import came to. */
function report(result: Error & { code?: string }): void {
  const missing = /Cannot find package '([^']+)'/.exec(String(result?.message))?.[1];
  const outcome =
    missing !== undefined ? { missing } : result instanceof Error ? { error: String(result) } : {};
  process.stdout.write(JSON.stringify(outcome));
}

function optionalLibraries(): readonly string[] {
  return publishable.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}));
}

/** A small program in strict TypeScript that uses the packages as a stranger would. */
async function writeConsumer(): Promise<void> {
  await cp(join(import.meta.dirname, "support", "package-consumer.ts"), join(project, "main.ts"));
  await writeFile(
    join(project, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2022",
        lib: ["es2023", "esnext.disposable"],
        module: "nodenext",
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
      },
      files: ["main.ts"],
    }),
  );
}
