import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** A program that a test started. */
export interface RunningProgram {
  readonly process: ChildProcess;
  /** What it has written so far, to both outputs. */
  output(): string;
  /** Resolves with its exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
}

/** Starts a program that ends with the test at the latest. */
export function runProgram(
  command: string,
  words: readonly string[],
  { cwd, environment = {} }: { readonly cwd: string; readonly environment?: NodeJS.ProcessEnv },
): RunningProgram {
  const child = spawn(command, words, { cwd, env: { ...process.env, ...environment } });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, "close").then(
    ([code, signal]: unknown[]) => (code ?? signal) as number | string,
  );
  onTestFinished(async () => {
    // Not SIGKILL, which would leave behind what the program has started itself.
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
  });
  return { process: child, output: () => output, exited };
}

/** Starts a program of the repository from its TypeScript source. */
export function runGuideProgram(
  file: string,
  environment: NodeJS.ProcessEnv,
  ...words: readonly string[]
): RunningProgram {
  const allWords = ["--conditions=@velaros/source", "--import", "tsx", file, ...words];
  return runProgram(process.execPath, allWords, { cwd: root, environment });
}
