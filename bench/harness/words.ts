import process from "node:process";
import { parseArgs } from "node:util";

/** What a benchmark lets its user say. */
export interface Wording<NumberName extends string, TextName extends string> {
  /** Shown when something else is said. */
  readonly usage: string;
  /** Options that take a number above 0, with their defaults. */
  readonly numbers: Readonly<Record<NumberName, number>>;
  /** Options that take a text, with their defaults; "" stands for none. */
  readonly texts?: Readonly<Record<TextName, string>>;
  /** Whether words that are no options may be said. */
  readonly names?: boolean;
}

/** What was said. */
export interface Words<NumberName extends string, TextName extends string> {
  readonly numbers: Readonly<Record<NumberName, number>>;
  readonly texts: Readonly<Record<TextName, string>>;
  readonly names: readonly string[];
}

/** Reads the words behind the command; ends the process with the usage when they make no sense. */
export function readWords<NumberName extends string, TextName extends string = never>(
  wording: Wording<NumberName, TextName>,
): Words<NumberName, TextName> {
  try {
    return parse(wording);
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error), wording.usage);
  }
}

/** Ends the process because of what was said. */
export function refuse(problem: string, usage: string): never {
  process.stderr.write(`${problem}\nUsage: ${usage}\n`);
  process.exit(1);
}

function parse<NumberName extends string, TextName extends string>(
  wording: Wording<NumberName, TextName>,
): Words<NumberName, TextName> {
  const optionNames = [...Object.keys(wording.numbers), ...Object.keys(wording.texts ?? {})];
  const { values, positionals } = parseArgs({
    allowPositionals: wording.names === true,
    options: Object.fromEntries(optionNames.map((name) => [name, { type: "string" }])),
  });
  const numbers: Record<NumberName, number> = { ...wording.numbers };
  const texts = { ...wording.texts } as Record<TextName, string>;
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== "string") continue;
    if (!(name in numbers)) {
      texts[name as TextName] = value;
      continue;
    }
    numbers[name as NumberName] = Number(value);
    if (!(Number(value) > 0)) throw new Error(`--${name} takes a number above 0, not '${value}'`);
  }
  return { numbers, texts, names: positionals };
}
