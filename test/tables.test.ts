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

  for (const table of await readTables()) {
    expect(await readFile(table.outputFile, "utf8"), table.outputFile).toBe(renderTable(table, tests));
  }
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
