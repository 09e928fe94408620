import { execFile } from "node:child_process";
import type { ExecFileOptions } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The folder of this repository. */
export const root: string = join(import.meta.dirname, "..", "..");

/** What tests ask of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package of this repository. */
export interface Publishable {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The packages of this repository that are meant for others. */
export async function findPublishable(): Promise<readonly Publishable[]> {
  const folders = (await readdir(join(root, "packages"))).map((name) => join(root, "packages", name));
  const found = await Promise.all(
    folders.map(async (folder) => ({ folder, manifest: await readManifest(folder) })),
  );
  return found.filter(({ manifest }) => manifest.private !== true);
}

/** Folders of packages from elsewhere, as installed here, with everything that they depend on. */
export async function foldersOf(names: readonly string[]): Promise<readonly string[]> {
  const ours = new Set((await findPublishable()).map(({ manifest }) => manifest.name));
  const found = new Map<string, string>();
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (ours.has(name) || found.has(name)) continue;
    const folder = join(root, "node_modules", name);
    found.set(name, folder);
    queue.push(...Object.keys((await readManifest(folder)).dependencies ?? {}));
  }
  return [...found.values()];
}

/** Makes the file that would be published. */
export async function pack(
  folder: string,
  destination: string,
): Promise<{ readonly file: string; readonly contents: readonly string[] }> {
  const words = ["pack", folder, "--json", "--ignore-scripts", "--pack-destination", destination];
  const [packed] = JSON.parse(await npm(words, root)) as [
    { filename: string; files: Array<{ path: string }> },
  ];
  return { file: join(destination, packed.filename), contents: packed.files.map(({ path }) => path) };
}

/** Runs npm as somebody who knows nothing of this repository. */
export function npm(words: readonly string[], cwd: string): Promise<string> {
  // Settings that npm hands to the scripts it runs are about this repository.
  const environment = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return run("npm", words, { cwd, env: Object.fromEntries(environment) });
}

/** Runs a program and returns what it wrote; what it wrote is in the error when it fails. */
export function run(
  program: string,
  words: readonly string[],
  options: ExecFileOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error === null) resolve(String(stdout));
      else reject(new Error(`${error.message}\n${String(stdout)}${String(stderr)}`, { cause: error }));
    });
  });
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}
