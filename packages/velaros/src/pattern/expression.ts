import { RE2JS } from "re2js";
import type { Chunk } from "./chunk.ts";
import type { Matcher, Meter } from "./matcher.ts";

/**
 * Matches by one regular expression for the whole pattern. Needed where a subpattern may take slashes, so that the
 * borders between chunks are not known beforehand. RE2's engine keeps it linear, and its preference for the leftmost
 * longest repetition is the one that the pattern language promises.
 */
export function compileExpression(chunks: readonly Chunk[], meter?: Meter): Matcher {
  const program = RE2JS.compile(`${chunks.map(expressionOf).join("")}/?`);
  const groups = chunks.filter((chunk) => chunk.kind === "dynamic").length;
  const size = program.programSize();
  return (path) => {
    meter?.(path.length * size);
    if (!program.testExact(path)) return undefined;
    const values: string[] = [];
    if (groups === 0) return values;
    const matcher = program.matcher(path);
    if (!matcher.matches()) return undefined;
    for (let group = 1; group <= groups; group += 1) values.push(matcher.group(group) ?? "");
    return values;
  };
}

function expressionOf(chunk: Chunk): string {
  if (chunk.kind === "static") return repeat(RE2JS.quote(chunk.text), chunk, false);
  const body = chunk.subpattern === undefined ? "[^/]+" : `(?:${chunk.subpattern.source})`;
  return repeat(body, chunk, chunk.kind === "dynamic");
}

function repeat(body: string, { modifier }: Chunk, isCaptured: boolean): string {
  const all = modifier === "+" || modifier === "*" ? `(?:${body})(?:/(?:${body}))*` : body;
  const value = isCaptured ? `(${all})` : `(?:${all})`;
  return modifier === "?" || modifier === "*" ? `(?:/${value})?` : `/${value}`;
}
