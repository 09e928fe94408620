import { execFile } from "node:child_process";
import type { ExecFileOptions } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

interface Publishable {
  readonly folder: string;
  readonly manifest: Manifest;
}

const publishable = await findPublishable();
let temporary = "";
/** A project of its own, outside of this repository, that has the packed packages and what they depend on. */
let project = "";
const packedFiles = new Map<string, readonly string[]>();

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "eurus-packages-"));
  project = join(temporary, "project");
  await run(process.execPath, [join(root, "scripts", "clean.mjs"), "--stale"]);
  await run(process.execPath, [tsc, "-b"], { cwd: root });

  const tarballs: string[] = [];
  for (const { folder, manifest } of publishable) {
    const { file, contents } = await pack(folder);
    packedFiles.set(manifest.name, contents);
    tarballs.push(file);
  }
  // What comes from elsewhere is packed from our own installation, so that the registry need not be there.
  for (const folder of await dependenciesFromElsewhere()) tarballs.push((await pack(folder)).file);

  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npm(["install", "--offline", "--no-audit", "--no-fund", "--omit=peer", ...tarballs], project);
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

async function findPublishable(): Promise<readonly Publishable[]> {
  const folders = (await readdir(join(root, "packages"))).map((name) => join(root, "packages", name));
  const found = await Promise.all(
    folders.map(async (folder) => ({ folder, manifest: await readManifest(folder) })),
  );
  return found.filter(({ manifest }) => manifest.private !== true);
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Folders of everything that the packages depend on, and of the types that a TypeScript project on Node has. */
async function dependenciesFromElsewhere(): Promise<readonly string[]> {
  const ours = new Set(publishable.map(({ manifest }) => manifest.name));
  const found = new Map<string, string>();
  const queue = publishable.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {}));
  queue.push("@types/node");
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (ours.has(name) || found.has(name)) continue;
    const folder = join(root, "node_modules", name);
    found.set(name, folder);
    queue.push(...Object.keys((await readManifest(folder)).dependencies ?? {}));
  }
  return [...found.values()];
}

async function pack(
  folder: string,
): Promise<{ readonly file: string; readonly contents: readonly string[] }> {
  const words = ["pack", folder, "--json", "--ignore-scripts", "--pack-destination", temporary];
  const [packed] = JSON.parse(await npm(words, root)) as [
    { filename: string; files: Array<{ path: string }> },
  ];
  return { file: join(temporary, packed.filename), contents: packed.files.map(({ path }) => path) };
}

async function npm(words: readonly string[], cwd: string): Promise<string> {
  // Settings that npm hands to the scripts it runs are about this repository, not about the fresh project.
  const environment = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return run("npm", words, { cwd, env: Object.fromEntries(environment) });
}

/** Runs a program and returns what it wrote; what it wrote is in the error when it fails. */
function run(program: string, words: readonly string[], options: ExecFileOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(String(stdout));
      else reject(new Error(`${error.message}\n${String(stdout)}${String(stderr)}`, { cause: error }));
    });
  });
}
