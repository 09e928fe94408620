// `npm run example <name>` runs examples/<name>/main.ts; without a name it lists them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const examples = join(import.meta.dirname, "..", "examples");
const [name, ...words] = process.argv.slice(2);

if (name === undefined) {
  list(process.stdout);
} else if (!existsSync(mainFile(name))) {
  process.stderr.write(`There is no example "${name}".\n`);
  list(process.stderr);
  process.exitCode = 1;
} else {
  process.argv.splice(1, process.argv.length - 1, mainFile(name), ...words);
  await import(pathToFileURL(mainFile(name)).href);
}

function mainFile(example: string): string {
  return join(examples, example, "main.ts");
}

function list(output: NodeJS.WritableStream): void {
  const names = readdirSync(examples).filter((entry) => existsSync(mainFile(entry)));
  output.write("Usage: npm run example <name>\n\n");
  for (const entry of names) output.write(`  ${entry.padEnd(14)} ${summary(entry)}\n`);
}

/** An example says what it shows in the first comment line of its main file. */
function summary(example: string): string {
  return /^\/\/ (.*)/.exec(readFileSync(mainFile(example), "utf8"))?.[1] ?? "";
}
