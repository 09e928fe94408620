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

test("an index finds what asking every pattern in turn finds, in the same order [weakness:W32]", () => {
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

test("parameters of a match are shared, so nobody can change them", () => {
  const index = new PatternIndex<string>();
  index.add(new Pattern("/users/:id"), "user");

  const [match] = index.lookup("/users/7");

  expect(index.lookup("/users/7")[0]).toBe(match);
  expect(match?.params.get("id")).toBe("7");
  expect(Object.isFrozen(match?.params)).toBe(true);
});

test("a pattern that is added later is found on paths that were asked before", () => {
  const index = new PatternIndex<number>();
  index.add(new Pattern("/a/:x"), 1);
  expect(index.lookup("/a/b")).toHaveLength(1);

  index.add(new Pattern("/a/b"), 2);

  expect(index.lookup("/a/b").map((match) => match.value)).toEqual([1, 2]);
  expect(index.size).toBe(2);
});
