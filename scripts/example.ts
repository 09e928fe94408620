// `npm run example <name>` runs examples/<name>/main.ts; without a name it lists them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const examples = join(import.meta.dirname, "..", "examples");
const name = process.argv[2];

if (name === undefined) {
  list(process.stdout);
} else if (existsSync(mainFile(name))) {
  await import(pathToFileURL(mainFile(name)).href);
} else {
  process.stderr.write(`There is no example "${name}".\n`);
  list(process.stderr);
  process.exitCode = 1;
}

function mainFile(example: string): string {
  return join(examples, example, "main.ts");
}

function list(output: NodeJS.WritableStream): void {
  output.write("Usage: npm run example <name>\n\n");
  for (const entry of readdirSync(examples)) {
    if (existsSync(mainFile(entry))) output.write(`  ${entry.padEnd(14)} ${summary(entry)}\n`);
  }
}

/** An example says what it shows in the first line of its main file. */
function summary(example: string): string {
  return /^\/\/ (.*)/.exec(readFileSync(mainFile(example), "utf8"))?.[1] ?? "";
}
