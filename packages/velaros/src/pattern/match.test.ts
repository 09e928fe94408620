import fc from "fast-check";
import { expect, test } from "vitest";
import { subpatternOf, type Chunk } from "./chunk.ts";
import { compileExpression } from "./expression.ts";
import { compileMatcher } from "./match.ts";
import { parsePattern } from "./parse.ts";

const bodies = [
  "a",
  "b",
  "a.b",
  ":x",
  ":y",
  "*",
  "([ab]+)",
  ":z(b*)",
  ":all(.*)",
  ":p(a/b)",
  ":n([^/]+)",
  "(a|b)",
  ":s(\\D+)",
];
const chunkTexts = fc
  .tuple(fc.constantFrom(...bodies), fc.constantFrom("", "", "?", "+", "*"))
  .map((pair) => pair.join(""));
const patterns = fc.array(chunkTexts, { maxLength: 5 }).map((texts) => parsePattern(`/${texts.join("/")}`));
const paths = fc
  .array(fc.constantFrom("/", "/", "a", "b", "aXb", "\n", "\ud800", "é"), { maxLength: 12 })
  .map((parts) => parts.join(""));

/** The definition of the language in words of the backtracking engine; fine for short paths only. */
function oracle(chunks: readonly Chunk[], path: string): readonly string[] | undefined {
  let source = "^";
  for (const chunk of chunks) {
    const body =
      chunk.kind === "static"
        ? chunk.text.replaceAll(".", "\\.")
        : (chunk.subpattern?.source.replaceAll("/", "\\/") ?? "[^/]+");
    const value = `(?:${body})(?:/(?:${body}))${chunk.modifier === "+" || chunk.modifier === "*" ? "*" : "{0}"}`;
    const group = chunk.kind === "dynamic" ? `(${value})` : `(?:${value})`;
    source += chunk.modifier === "?" || chunk.modifier === "*" ? `(?:/${group})?` : `/${group}`;
  }
  const found = new RegExp(`${source}/?$`, "u").exec(path);
  return found === null ? undefined : found.slice(1).map((value) => value ?? "");
}

test("patterns match what their definition as an expression matches, with the same values", () => {
  fc.assert(
    fc.property(patterns, paths, (chunks, path) => {
      const expected = oracle(chunks, path);
      expect(compileMatcher(chunks)(path)).toEqual(expected);
      expect(compileExpression(chunks)(path)).toEqual(expected);
    }),
    { numRuns: 10_000 },
  );
});

test("a subpattern that is taken to stay within a segment never accepts a slash", () => {
  const pieces = [
    "a",
    "[a-z]",
    "[!-~]",
    "[ -.]",
    "[0-9/]",
    "[^/]",
    "[^a]",
    "[^\\]/-]",
    ".",
    "\\w",
    "\\W",
    "\\x2f",
    "\\57",
    "\\pP",
    "\\/",
    "\\.",
    "/",
    "[[:punct:]]",
    "[\\D]",
    "[\\x2f]",
    "[+-/]",
    "[--/]",
    "\\Q/\\E",
    "(?i)",
    "(?s:.)",
    "(?:a|/)",
    "[\\--0]",
    "[]/]",
    "[^]]",
    "\\b",
    "\\s",
    "[.\\-0]",
  ];
  const expression = fc
    .array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom("", "", "*", "+", "?")), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) =>
      parts.map(([piece, modifier]) => (/^\(\?\w\)$/.test(piece) ? piece : piece + modifier)).join(""),
    );
  const texts = fc.array(fc.constantFrom("a", "/", "b", "-", ".", "0", " "), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(expression, fc.array(texts, { minLength: 20, maxLength: 20 }), (source, candidates) => {
      let chunks: readonly Chunk[];
      try {
        chunks = parsePattern(`/(${source})`);
      } catch {
        fc.pre(false);
        return;
      }
      const [chunk] = chunks;
      const subpattern = chunk === undefined ? undefined : subpatternOf(chunk);
      if (subpattern === undefined || subpattern.maySpanSegments) return;
      for (const text of [["/"], ...candidates]) {
        if (text.includes("/")) expect(subpattern.accepts(text.join("")), source).toBe(false);
      }
    }),
    { numRuns: 10_000 },
  );
});

/** The work of one match, in the units that {@link compileMatcher} reports: characters and table cells. */
function workFor(pattern: string, path: string): number {
  let work = 0;
  compileMatcher(parsePattern(pattern), (cost) => {
    work += cost;
  })(path);
  return work;
}

test.for([
  [
    "a chain of quantifiers",
    "/:id([a-z]+[a-z]+[a-z]+[a-z]+[a-z]+)",
    (length: number) => `/${"a".repeat(length)}1`,
  ],
  ["nested quantifiers", "/:id(((a*)*)*b)", (length: number) => `/${"a".repeat(length)}`],
  ["alternatives that overlap", "/(a|a|aa)+/x", (length: number) => "/a".repeat(length)],
  [
    "a subpattern that takes slashes",
    "/:all(.*)/:more(.*)/:rest(.*)/x",
    (length: number) => "/a".repeat(length),
  ],
  ["many wildcards", "/**/**/**/x", (length: number) => "/a".repeat(length)],
  ["many wildcards that match", "/:a*/:b*/:c+/:d?/x", (length: number) => `${"/a".repeat(length)}/x`],
  [
    "a repeated subpattern",
    "/:a([a-z]+)*/:b([a-z]+)*/:c([a-z]+)*/1",
    (length: number) => "/abc".repeat(length),
  ],
  ["plain chunks", "/a/:b/c", (length: number) => "/a".repeat(length)],
  ["nothing but slashes", "/**/x", (length: number) => "/".repeat(length)],
] as const)("work grows in proportion to the path for %s [fault:R2 fault:R7]", ([, pattern, pathOf]) => {
  const small = workFor(pattern, pathOf(1_000));
  const large = workFor(pattern, pathOf(10_000));

  expect(small).toBeGreaterThan(0);
  expect(large).toBeLessThan(small * 10.5);
  // The factor is bounded too: by the chunks and the size of their expressions.
  expect(large).toBeLessThan(pathOf(10_000).length * 400);
});

test("a path of a megabyte is answered, whatever it consists of [fault:R3]", () => {
  for (const path of [
    "/".repeat(1 << 20),
    "/a".repeat(1 << 19),
    `/${"a".repeat(1 << 20)}`,
    "/\u0000\\".repeat(1 << 18),
  ]) {
    for (const pattern of ["/**/x/**/y", "/a/:id", "/:p(.*)/x", "/x"]) {
      expect(compileMatcher(parsePattern(pattern))(path)).toBeUndefined();
    }
  }
});
