import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "vitest";

/** The one on the path, and Debian's, for which Debian's packages are. */
const candidates = ["python3", "/usr/bin/python3"];

/** A Python that has these modules. */
function findPython(modules: readonly string[]): string | undefined {
  const imports = ["pass", ...modules.map((name) => `import ${name}`)].join("\n");
  return candidates.find((python) => spawnSync(python, ["-c", imports]).status === 0);
}

/** A test of something against a Python program, skipped where Python or one of the modules is not installed. */
export interface Python {
  readonly test: typeof test;
  /** Runs a program to its end and returns what it wrote; throws with its errors when it fails. */
  readonly run: (program: string, words: readonly string[], input?: string) => Promise<string>;
}

/** Looks for Python with these modules; in CI they have to be there. */
export function usePython(...modules: readonly string[]): Python {
  const python = findPython(modules);
  if (python !== undefined) return { test, run: (...words) => runPython(python, ...words) };
  const packages = ["python3", ...modules.map((name) => `python3-${name}`)].join(" ");
  const howTo = `Python is not installed, or lacks a module: sudo apt-get install -y ${packages}`;
  if (process.env["CI"]) throw new Error(howTo);
  process.stderr.write(`\n${howTo}\n`);
  return { test: test.skip as typeof test, run: () => Promise.reject(new Error(howTo)) };
}

async function runPython(
  python: string,
  program: string,
  words: readonly string[],
  input = "",
): Promise<string> {
  const child = spawn(python, ["-B", program, ...words]);
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${errors}`);
  return output;
}
