import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Metrics } from "eurus/metrics";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** The rows of the tables of what can fail, as lists of cells. */
function rows(): string[][] {
  return readFileSync(join(root, "docs/operations.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (?:-|fault )/u.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

function codeWords(cells: readonly (string | undefined)[]): string[] {
  return cells.flatMap((cell = "") => [...cell.matchAll(/`([^`]+)`/gu)].map(([, word = ""]) => word));
}

test("every event that operators are told to look for exists", () => {
  const source = readFileSync(join(root, "packages/eurus/src/events.ts"), "utf8");
  const known = new Set([...source.matchAll(/type: "([a-z-]+)"/gu)].map(([, type]) => type));
  const events = codeWords(rows().map(([, , cell]) => cell));

  expect(events.length).toBeGreaterThan(20);
  expect(events.filter((event) => !known.has(event))).toEqual([]);
});

test("every metric that operators are told to look at exists", () => {
  const known = new Set(new Metrics().registry.getMetricsAsArray().map(({ name }) => name));
  const metrics = codeWords(rows().map(([, , , cell]) => cell));

  expect(metrics.length).toBeGreaterThan(20);
  expect(metrics.filter((metric) => !known.has(metric))).toEqual([]);
});

test("every code that clients are said to get is explained", () => {
  const explained = readFileSync(join(root, "docs/errors.md"), "utf8");
  const seen = rows().map(([, cell = ""]) => cell);
  const codes = codeWords(seen).filter((word) => /^[A-Z_]+$/u.test(word));
  const statuses = seen.flatMap((cell) => cell.match(/\b10\d\d\b/gu) ?? []);

  expect(codes.length).toBeGreaterThan(10);
  for (const code of codes) expect(explained).toContain(`| \`${code}\``);
  for (const status of statuses) expect(explained).toContain(`\n| ${status} |`);
});

test("every fault that operators are told of is caused by a test", () => {
  for (const cells of rows()) {
    const [, path = "", name = ""] = /\[test\]\((\S+) "([^"]+)"\)/u.exec(cells.at(-1) ?? "") ?? [];
    const file = join(root, "docs", path);
    expect([cells[0], existsSync(file) && readFileSync(file, "utf8").includes(name)]).toEqual([
      cells[0],
      true,
    ]);
  }
});
