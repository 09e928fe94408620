import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const docs = join(import.meta.dirname, "..", "docs");
/** A link to a test: its file, and in the title its name or the part of it that never changes. */
const proof = /\]\((\.\.\/[^\s)]+\.test\.ts)(?: "([^"]*)")?\)/gu;

function read(document: string): string {
  return readFileSync(join(docs, document), "utf8");
}

test.each(["guarantees.md", "security.md"])("every test that %s names exists", (document) => {
  const missing: string[] = [];
  let found = 0;
  for (const [, path = "", name] of read(document).matchAll(proof)) {
    found++;
    const file = join(docs, path);
    const holds = existsSync(file) && name !== undefined && readFileSync(file, "utf8").includes(name);
    if (!holds) missing.push(`${path}: ${name ?? "no name in the link"}`);
  }

  expect(missing).toEqual([]);
  expect(found).toBeGreaterThan(20);
});

test("every guarantee has a test", () => {
  const [promised = ""] = read("guarantees.md").split("## What is not promised");
  const rows = promised.split("\n").filter((line) => /^(?:- |\| )/u.test(line) && !line.startsWith("| ---"));
  const unproven = rows.filter((line) => line.search(proof) === -1 && !line.startsWith("| what "));

  expect(unproven).toEqual([]);
});

test("every attack has a test", () => {
  const table = read("security.md").split("## What stops which attack")[1]?.split("\n## ")[0] ?? "";
  const rows = table.split("\n").filter((line) => line.startsWith("| ") && !/^\| (?:-|attack )/u.test(line));

  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((line) => line.search(proof) === -1)).toEqual([]);
});
