import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  findTaggedTests,
  readTables,
  renderTable,
  taggedTestsIn,
  unknownTags,
} from "../scripts/tagged-tests.ts";

test("every document made from tags is up to date (else: npm run claims)", async () => {
  const tests = await findTaggedTests();
  const stale: string[] = [];

  for (const table of await readTables()) {
    if ((await readFile(table.outputFile, "utf8")) !== renderTable(table, tests))
      stale.push(table.outputFile);
  }

  expect(stale).toEqual([]);
});

test("every tag names an entry that exists", async () => {
  expect(unknownTags(await readTables(), await findTaggedTests())).toEqual([]);
});

test.each([
  ["claim", 131],
  ["quirk", 40],
  ["weakness", 38],
  ["fault", 78],
])("the table of every %s has all %i entries", async (tag, count) => {
  const table = (await readTables()).find((candidate) => candidate.tag === tag);

  expect(new Set(table?.entries.map((entry) => entry.id)).size).toBe(count);
});

test("tags are found at the end of names, whatever the quotes and however many there are", () => {
  const text = [
    `test("one thing [${"claim"}:1]", () => {});`,
    `test.each(rows)('isn\\'t \\"two\\" things: %s [${"claim"}:2 ${"quirk"}:Q3]', run);`,
    "const name = `no tags [here]`;",
    `{ name: \`a case [${"fault"}:C2]\` },`,
  ].join("\n");

  expect(taggedTestsIn("x.test.ts", text).map(({ name, tags }) => [name, ...tags])).toEqual([
    ["one thing", "claim:1"],
    [`isn't "two" things: %s`, "claim:2", "quirk:Q3"],
    ["a case", "fault:C2"],
  ]);
});

test("a test's name begins with the names of the groups that it stands in", () => {
  const text = [
    `describe("a socket", () => {`,
    `  describe("that is closed", () => {`,
    `    test("says so [${"claim"}:1]", () => {});`,
    `  });`,
    `  test("is closed once [${"claim"}:2]", () => {});`,
    `});`,
    `test("something else [${"claim"}:3]", () => {});`,
  ].join("\n");

  expect(taggedTestsIn("x.test.ts", text).map(({ name }) => name)).toEqual([
    "a socket: that is closed: says so",
    "a socket: is closed once",
    "something else",
  ]);
});
