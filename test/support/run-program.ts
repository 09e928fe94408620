import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";

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
