import { VelarosError } from "../errors.ts";
import type { Chunk, Modifier } from "./chunk.ts";
import { readSubpattern, type Subpattern } from "./subpattern.ts";

/**
 * Reads the text of a pattern.
 *
 * @throws {@link VelarosError} `VELAROS_PATTERN_INVALID` naming the character where it stops making sense.
 */
export function parsePattern(text: string): readonly Chunk[] {
  if (text === "") throw invalid(text, 0, 'a pattern can\'t be empty. Use "/" for the root.');
  if (!text.startsWith("/")) throw invalid(text, 0, 'a pattern must start with "/".');

  const chunks: Chunk[] = [];
  let index = 0;
  while (index < text.length) {
    index += 1; // the slash
    if (index === text.length || text[index] === "/") continue;
    const { chunk, end } = readChunk(text, index);
    chunks.push(chunk);
    index = end;
  }
  return chunks;
}

interface ReadChunk {
  readonly chunk: Chunk;
  /** Index of the slash behind the chunk, or the length of the text. */
  readonly end: number;
}

function readChunk(text: string, start: number): ReadChunk {
  const first = text[start];
  if (first === ":") return readDynamic(text, start);
  if (first === "*") return readWildcard(text, start, start + 1);
  if (first === "(") return readWildcard(text, start, start);
  return readStatic(text, start);
}

function readStatic(text: string, start: number): ReadChunk {
  let literal = "";
  let modifier: Modifier = "";
  let index = start;
  for (; index < text.length && text[index] !== "/"; index += 1) {
    const character = text[index] ?? "";
    if (character === "\\") {
      const escaped = text[index + 1];
      if (escaped === undefined) throw invalid(text, index, 'a "\\" must be followed by a character.');
      if (escaped === "/")
        throw invalid(text, index, "a slash can't be escaped: it always separates chunks.");
      literal += escaped;
      index += 1;
    } else if (character === "(") {
      throw invalid(text, index, 'a subpattern can\'t follow text. Name it (":name(…)") or write "\\(".');
    } else if (character === ")") {
      throw invalid(text, index, 'this ")" closes nothing. Write "\\)" for the character.');
    } else if (isModifier(character) && isChunkEnd(text, index + 1)) {
      modifier = character;
    } else {
      literal += character;
    }
  }
  if (literal === "") {
    throw invalid(text, start, `"${modifier}" modifies nothing. Write "\\${modifier}" for the character.`);
  }
  return { chunk: { kind: "static", text: literal, modifier }, end: index };
}

function readDynamic(text: string, start: number): ReadChunk {
  let index = start + 1;
  while (/^[A-Za-z0-9_]$/.test(text[index] ?? "")) index += 1;
  const name = text.slice(start + 1, index);
  const next = text[index];
  if (!isChunkEnd(text, index) && next !== "(" && !isModifier(next)) {
    throw invalid(text, index, `a parameter name holds only letters, digits and "_", not "${next}".`);
  }
  if (name === "") throw invalid(text, start, 'a ":" must be followed by a parameter name.');
  const { subpattern, modifier, end } = readRest(text, index);
  return { chunk: { kind: "dynamic", name, subpattern, modifier }, end };
}

function readWildcard(text: string, start: number, rest: number): ReadChunk {
  const { subpattern, modifier, end } = readRest(text, rest);
  return { chunk: { kind: "wildcard", subpattern, modifier }, end };
}

/** What may follow a name or a `*`: a subpattern, then a modifier, then the end of the chunk. */
function readRest(
  text: string,
  start: number,
): { readonly subpattern: Subpattern | undefined; readonly modifier: Modifier; readonly end: number } {
  let index = start;
  let subpattern: Subpattern | undefined;
  if (text[index] === "(") {
    const read = readSubpattern(text, index);
    if ("problem" in read) throw invalid(text, read.index, read.problem);
    subpattern = read.subpattern;
    index = read.end;
  }
  let modifier: Modifier = "";
  const next = text[index];
  if (isModifier(next)) {
    modifier = next;
    index += 1;
  }
  if (!isChunkEnd(text, index)) throw invalid(text, index, `${describeSurplus(text[index], subpattern)}`);
  return { subpattern, modifier, end: index };
}

function describeSurplus(character: string | undefined, subpattern: Subpattern | undefined): string {
  if (character === ")") return 'this ")" closes nothing.';
  if (character === "(" && subpattern !== undefined) return "a chunk can't have a second subpattern.";
  return `nothing may follow here before the next "/", but "${character}" does.`;
}

function isModifier(character: string | undefined): character is "?" | "+" | "*" {
  return character === "?" || character === "+" || character === "*";
}

function isChunkEnd(text: string, index: number): boolean {
  return index >= text.length || text[index] === "/";
}

function invalid(pattern: string, index: number, problem: string): VelarosError<"VELAROS_PATTERN_INVALID"> {
  return new VelarosError("VELAROS_PATTERN_INVALID", { pattern, index, problem });
}
