import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { renderDocument, resultDocuments } from "../bench/docs.ts";
import { markdownTable, replaceBlocks } from "../bench/docs/markdown.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test.each(resultDocuments)(
  "%s shows the results of the last complete runs (else: npm run bench:docs)",
  (document) => {
    expect(readFileSync(join(root, document), "utf8")).toBe(renderDocument(root, document));
  },
);

test.each(resultDocuments)("every chart that %s shows is there", (document) => {
  const text = readFileSync(join(root, document), "utf8");
  const charts = [...text.matchAll(/\]\((charts\/[^)]+)\)/g)].map((match) => match[1] ?? "");
  const missing = charts.filter((chart) => !existsSync(join(root, dirname(document), chart)));

  expect(missing).toEqual([]);
});

test("a block is replaced between its marks, and nothing else", () => {
  const before = "a\n<!-- results: x -->\nold\n<!-- end of results -->\nb\n";
  const after = replaceBlocks(before, (name) => `new ${name}`);

  expect(after).toBe("a\n<!-- results: x -->\n\nnew x\n\n<!-- end of results -->\nb\n");
  expect(replaceBlocks(after, (name) => `new ${name}`)).toBe(after);
});

test("columns of tables line up, numbers at the right", () => {
  expect(
    markdownTable([
      ["", "µs"],
      ["long name", "1"],
    ]),
  ).toBe("|           |  µs |\n| --------- | --: |\n| long name |   1 |");
});
