import { RE2JS } from "re2js";

/** A regular expression inside a pattern: linear in the length of what it reads, whatever it says. */
export interface Subpattern {
  /** The expression with every group turned into a plain one and without outer anchors, ready to be embedded. */
  readonly source: string;
  /** False when no text that it accepts can hold a slash, so that it always takes exactly one segment. */
  readonly maySpanSegments: boolean;
  /** Size of the compiled program, in instructions: matching costs at most this per character. */
  readonly size: number;
  /** Whether the expression accepts exactly `text`. */
  accepts(text: string): boolean;
}

/** What is wrong with a subpattern, and where in the pattern's text. */
export interface SubpatternProblem {
  readonly index: number;
  readonly problem: string;
}

/** A larger program costs too much for what a route needs; `[a-f0-9-]{36}` has some 40 instructions. */
const maxProgramSize = 4096;

/**
 * Reads the subpattern that opens at `start`.
 *
 * @returns The subpattern and the index behind its closing parenthesis.
 */
export function readSubpattern(
  text: string,
  start: number,
): { readonly subpattern: Subpattern; readonly end: number } | SubpatternProblem {
  const scanned = scan(text, start);
  if (scanned === undefined) return { index: start, problem: 'this "(" is never closed.' };
  const original = text.slice(start + 1, scanned.end - 1);
  if (original === "") return { index: start, problem: "a subpattern can't be empty." };

  let program: RE2JS;
  try {
    RE2JS.compile(original);
    program = RE2JS.compile(scanned.source);
  } catch (error) {
    return { index: start + 1, problem: explain(error) };
  }
  const size = program.programSize();
  if (size > maxProgramSize) {
    return { index: start + 1, problem: "the regular expression is too large; use smaller repeat counts." };
  }
  return {
    subpattern: {
      source: scanned.source,
      maySpanSegments: scanned.maySpanSegments,
      size,
      accepts: (candidate) => program.testExact(candidate),
    },
    end: scanned.end,
  };
}

function explain(error: unknown): string {
  const detail =
    error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
  return (
    `the regular expression is not valid (${detail}). ` +
    "Subpatterns use RE2's dialect, which has no look-around and no back-references."
  );
}

/**
 * Finds the closing parenthesis as RE2 sees it, and on the way rewrites the expression for embedding. Whether a
 * slash can be accepted is judged from the syntax alone: in doubt it can.
 */
function scan(
  text: string,
  start: number,
): { readonly source: string; readonly maySpanSegments: boolean; readonly end: number } | undefined {
  let source = "";
  let depth = 0;
  let maySpanSegments = false;
  let index = start + 1;
  for (;;) {
    const character = text[index];
    if (character === undefined) return undefined;
    let end = index + 1;
    let emitted = character;
    if (character === "\\") {
      end = endOfEscape(text, index);
      if (end < 0) return undefined;
      emitted = text.slice(index, end);
      if (escapeMayBeSlash(emitted)) maySpanSegments = true;
    } else if (character === "[") {
      end = endOfClass(text, index);
      if (end < 0) return undefined;
      emitted = text.slice(index, end);
      if (classMayBeSlash(emitted)) maySpanSegments = true;
    } else if (character === "(") {
      depth += 1;
      const group = /\((?:\?P?<[A-Za-z_][A-Za-z0-9_]*>|(?!\?))/y;
      group.lastIndex = index;
      const capturing = group.exec(text);
      if (capturing !== null) {
        end = index + capturing[0].length;
        emitted = "(?:";
      }
    } else if (character === ")") {
      if (depth === 0) break;
      depth -= 1;
    } else if (character === "." || character === "/") {
      maySpanSegments = true;
    } else if (character === "^" && index === start + 1) {
      emitted = ""; // a subpattern is anchored anyway; in the middle of a path an anchor would never hold
    } else if (character === "$" && depth === 0 && text[index + 1] === ")") {
      emitted = "";
    }
    source += emitted;
    index = end;
  }
  return { source, maySpanSegments, end: index + 1 };
}

/** Index behind the escape at `index`; `\Q…\E` quotes everything up to its end. Negative when cut short. */
function endOfEscape(text: string, index: number): number {
  if (text[index + 1] === undefined) return -1;
  if (text[index + 1] !== "Q") return index + 2;
  const close = text.indexOf("\\E", index + 2);
  return close < 0 ? -1 : close + 2;
}

/** Index behind the character class at `index`. Negative when cut short. */
function endOfClass(text: string, index: number): number {
  let position = index + 1;
  if (text[position] === "^") position += 1;
  if (text[position] === "]") position += 1; // a bracket in first place stands for itself
  while (position < text.length) {
    if (text[position] === "]") return position + 1;
    if (text[position] === "\\") position += 2;
    else if (text.startsWith("[:", position) && text.includes(":]", position + 2)) {
      position = text.indexOf(":]", position + 2) + 2;
    } else position += 1;
  }
  return -1;
}

/** Escapes that never stand for a slash: classes of letters, digits and spaces, word boundaries, escaped punctuation. */
function escapeMayBeSlash(escape: string): boolean {
  return !/^\\(?:[dwsbBtnrfva]|[^A-Za-z0-9/])$/.test(escape);
}

function classMayBeSlash(characterClass: string): boolean {
  if (characterClass.startsWith("[^")) {
    // Only a negated class that plainly lists the slash is known to exclude it.
    return !/^\[\^(?:[^\\[\]-]*\/[^\\[\]-]*)\]$/.test(characterClass);
  }
  const body = characterClass.slice(1, -1);
  if (body.includes("/") || body.includes("[:")) return true;
  const items = body.match(/\\.|[^\\]/gsu) ?? [];
  return items.some((item, position) => {
    if (item.length > 1 && item.startsWith("\\") && escapeMayBeSlash(item)) return true;
    if (item !== "-" || position === 0 || position === items.length - 1) return false;
    return codePointOf(items[position - 1]) <= 0x2f && codePointOf(items[position + 1]) >= 0x2f;
  });
}

/** The character that an item of a class stands for, where it stands for one: itself or what it escapes. */
function codePointOf(item: string | undefined): number {
  return (item?.startsWith("\\") === true ? item.codePointAt(1) : item?.codePointAt(0)) ?? 0;
}
