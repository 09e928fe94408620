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

test("the claims are numbered from 1 to 131 without a gap", async () => {
  const claims = (await readTables()).find((table) => table.tag === "claim");

  expect(claims?.entries.map((entry) => Number(entry.id))).toEqual(
    Array.from({ length: 131 }, (_, index) => index + 1),
  );
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
