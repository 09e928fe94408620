import fc from "fast-check";
import { expect, test } from "vitest";
import { VelarosError } from "../errors.ts";
import { Pattern } from "./pattern.ts";

const numRuns = process.env["EURUS_LONG"] === undefined ? 20_000 : 100_000;

/** What patterns are made of, and what breaks them. */
const piece = fc.oneof(
  fc.constantFrom(
    "/",
    "/",
    ":",
    "*",
    "**",
    "?",
    "+",
    "(",
    ")",
    "\\",
    "|",
    "[",
    "]",
    "{9}",
    "{1,99}",
    "^",
    "$",
    ".",
    "(?:",
    "(?=",
    "(?<n>",
    "\\1",
    "\\Q",
    "\\E",
    "\\p{L}",
    "a",
    "users",
    ":id",
    ":id(\\d+)",
    "([a-z]+[a-z]+)",
    "\u0000",
    "\ud800",
    "é",
    "😀",
    "\n",
  ),
  fc.string({ maxLength: 5 }),
);
const patternText = fc.oneof(
  fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join("")),
  fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join("")}`),
);
const path = fc.array(fc.oneof(piece, fc.constantFrom("/a", "/users", "/1")), { maxLength: 10 });

test("any text is a pattern that matches without failing, or is refused by name [fault:R2]", () => {
  let valid = 0;
  fc.assert(
    fc.property(patternText, path, (text, pieces) => {
      const asked = pieces.join("");
      let pattern: Pattern;
      try {
        pattern = new Pattern(text);
      } catch (error) {
        expect(error).toBeInstanceOf(VelarosError);
        expect(error).toMatchObject({ code: "VELAROS_PATTERN_INVALID" });
        return;
      }
      valid++;
      const found = pattern.match(asked);
      expect(pattern.matches(asked)).toBe(found !== null);
      expect(Pattern.fromJSON(JSON.parse(JSON.stringify(pattern))).matches(asked)).toBe(found !== null);
    }),
    { numRuns },
  );
  expect(valid).toBeGreaterThan(numRuns / 10);
}, 300_000);
