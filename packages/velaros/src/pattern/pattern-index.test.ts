import fc from "fast-check";
import { expect, test } from "vitest";
import { PatternIndex } from "./pattern-index.ts";
import { Pattern } from "./pattern.ts";

const bodies = ["a", "b", ":x", ":y", "*", "([ab]+)", ":z(b*)", ":all(.*)", "(a/b)", ":n([^/]+)", "(a|b)"];
const chunks = fc
  .tuple(fc.constantFrom(...bodies), fc.constantFrom("", "", "", "?", "+", "*"))
  .map((pair) => pair.join(""));
const patterns = fc.array(chunks, { maxLength: 5 }).map((parts) => new Pattern(`/${parts.join("/")}`));
const paths = fc.oneof(
  fc
    .array(fc.constantFrom("a", "b", "ab", ""), { maxLength: 6 })
    .map((parts) => parts.map((part) => `/${part}`).join("")),
  fc.constantFrom("", "/", "//", "a", "a/b"),
);

test("an index finds what asking every pattern in turn finds, in the same order", () => {
  fc.assert(
    fc.property(
      fc.array(patterns, { maxLength: 12 }),
      fc.array(paths, { minLength: 1, maxLength: 8 }),
      (added, asked) => {
        const index = new PatternIndex<number>();
        for (const [order, pattern] of added.entries()) index.add(pattern, order);
        for (const path of [...asked, ...asked]) {
          const expected = added.flatMap((pattern, order) => {
            const params = pattern.match(path);
            return params === null ? [] : [{ order, params: Object.entries(params) }];
          });

          const found = index.lookup(path);

          expect(
            found.map(({ value, params }) => ({ order: value, params: Object.entries(params) })),
          ).toEqual(expected);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
