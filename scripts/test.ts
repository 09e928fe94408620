// The whole of `npm test`: one step after the other, all of them even when one fails, and one line of counts
// at the end. `--long` adds the counts and the folders that need hours, root or Debian's tools.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { styleText } from "node:util";
import { countsFileVariable, countsLine } from "./test-counts.ts";
import type { TestCounts } from "./test-counts.ts";

const root = join(import.meta.dirname, "..");
const long = process.argv.includes("--long");

interface Check {
  readonly name: string;
  /** Each a command with its arguments, run in turn. */
  readonly commands: ReadonlyArray<readonly string[]>;
}

const checks: readonly Check[] = [
  { name: "format", commands: [["oxfmt", "--check", "."]] },
  { name: "unused code and undeclared imports", commands: [["knip"]] },
  {
    name: "types and build",
    commands: [
      ["node", "scripts/clean.mjs", "--stale"],
      ["tsc", "-b"],
      ["tsc", "-p", "tsconfig.test.json"],
    ],
  },
  // After the build: what one package knows of another's types, the linter reads from its declarations.
  { name: "lint", commands: [["oxlint", "--type-aware", "--deny-warnings"]] },
];

let running: ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    running?.kill(signal);
    process.exit(1);
  });
}

process.exitCode = await main();

async function main(): Promise<number> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const check of checks) {
    const passed = await step(check.name, () => runCheck(check));
    if (passed) total.passed++;
    else total.failed++;
  }

  let skippedTests: readonly string[] = [];
  await step(long ? "tests, the long run" : "tests", async () => {
    const counts = await runVitest();
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    skippedTests = counts.skippedTests;
    return counts.failed === 0;
  });

  if (skippedTests.length > 0) say(paint("yellow", ["", "Skipped:", ...skippedTests].join("\n  ")));
  say(`\n${countsLine(total)}`);
  return total.failed === 0 ? 0 : 1;
}

async function step(name: string, run: () => Promise<boolean>): Promise<boolean> {
  say(paint("bold", `\n▸ ${name}`));
  const startedAt = performance.now();
  const passed = await run();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(passed ? paint("green", `✓ ${name}, ${seconds} s`) : paint("red", `✗ ${name}, ${seconds} s`));
  return passed;
}

async function runCheck(check: Check): Promise<boolean> {
  for (const command of check.commands) {
    const result = await runCommand(command, { show: false });
    if (result.exitCode === 0) continue;
    say(`${command.join(" ")}\n${result.output}`);
    return false;
  }
  return true;
}

async function runVitest(): Promise<TestCounts> {
  const folder = mkdtempSync(join(tmpdir(), "eurus-test-"));
  const file = join(folder, "counts.json");
  const environment = { [countsFileVariable]: file, ...(long ? { EURUS_LONG: "1" } : {}) };
  try {
    const { exitCode } = await runCommand(["vitest", "run"], { show: true, environment });
    const counts = JSON.parse(readFileSync(file, "utf8")) as TestCounts;
    // An error outside of any test fails the run without failing a test.
    return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } catch (error) {
    say(`vitest did not finish: ${String(error)}`);
    return { passed: 0, failed: 1, skipped: 0, skippedTests: [] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface CommandOptions {
  /** Whether the output goes to the terminal as it comes, or is kept for the case that the command fails. */
  readonly show: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

function runCommand(
  [program = "", ...words]: readonly string[],
  { show, environment = {} }: CommandOptions,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      cwd: root,
      stdio: show ? "inherit" : ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        ...environment,
        PATH: [join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter),
      },
      shell: process.platform === "win32",
    });
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("spawn", () => (running = child));
    child.on("error", (error) => resolve({ exitCode: 1, output: `${output}${error.message}\n` }));
    child.on("close", (code) => resolve({ exitCode: code ?? 1, output }));
  });
}

function paint(style: "bold" | "green" | "red" | "yellow", text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
