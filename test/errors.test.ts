import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CloseCode, wireErrors } from "velaros-protocol";

import { ownCloses as eurusCloses } from "../packages/eurus/src/close-reasons.ts";
import { ownCloses as velarosCloses } from "../packages/velaros/src/close-reasons.ts";

const root = join(import.meta.dirname, "..");

test("docs/errors.md lists every code that a client may get, and no other", async () => {
  expect(await documented("What a client gets")).toEqual(Object.keys(wireErrors));
});

test("docs/errors.md lists every close code, and no other", async () => {
  expect(await documented("Close codes")).toEqual(Object.values(CloseCode).map(String));
});

test("docs/errors.md lists every reason with its code, and no other", async () => {
  const rows = (await section("Close codes")).matchAll(/^\| ([^|]+?) +\| (\d{4}) +\| (\w+) +\|/gm);
  const listed = [...rows].map(([, reason, code, by]) => [by, Number(code), reason].join());
  const used = [
    ...Object.values(velarosCloses).map(({ status, reason }) => ["Velaros", status, reason].join()),
    ...Object.values(eurusCloses).map(({ status, reason }) => ["Eurus", status, reason].join()),
  ];

  expect(listed.toSorted()).toEqual(used.toSorted());
});

test("no close reason is written a second time beside the table", async () => {
  const sources = await packageSources();
  const reasons = [...Object.values(velarosCloses), ...Object.values(eurusCloses)].map(
    ({ reason }) => reason,
  );

  expect(reasons.filter((reason) => sources.includes(`"${reason}"`))).toEqual([]);
});

test.each([
  ["What Velaros throws", "packages/velaros/src/errors.ts", /^ {2}(VELAROS_[A-Z_]+): \{/gm],
  ["What codecs throw", "packages/protocol/src/codec-error.ts", /"(CODEC_[A-Z_]+)"(?=[ ;])/g],
  ["What Eurus throws", "packages/eurus/src/errors.ts", /^ {2}(EURUS_[A-Z_]+): \{/gm],
])('docs/errors.md, "%s", lists every code of %s, and no other', async (heading, file, declaration) => {
  const text = await readFile(join(root, file), "utf8");
  const declared = new Set([...text.matchAll(declaration)].map(([, code]) => code));

  expect(declared.size).toBeGreaterThan(1);
  expect((await documented(heading)).toSorted()).toEqual([...declared].toSorted());
});

test("every code of docs/errors.md is used by a package: none is promised and never comes", async () => {
  const headings = ["What a client gets", "What Velaros throws", "What codecs throw", "What Eurus throws"];
  const codes = (await Promise.all(headings.map(documented))).flat();
  const sources = await packageSources();

  expect(codes.length).toBeGreaterThan(40);
  expect(codes.filter((code) => !sources.includes(`"${code}"`))).toEqual([
    "FORBIDDEN", // a word for applications, as the table says
  ]);
});

/** What the packages are made of, without tests, comments and the tables of codes and reasons themselves. */
async function packageSources(): Promise<string> {
  const folders = ["protocol", "velaros", "eurus"].map((name) => join(root, "packages", name, "src"));
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const files = await readdir(folder, { recursive: true });
      return files.map((file) => join(folder, file));
    }),
  );
  const sources = lists
    .flat()
    .filter((file) =>
      /(?<!\.test|\.test-d|\/errors|\/error-code|\/codec-error|\/close-reasons)\.ts$/.test(file),
    );
  const texts = await Promise.all(sources.map((file) => readFile(file, "utf8")));
  return texts.join("\n").replaceAll(/\/\*[^]*?\*\/|^ *\/\/.*$/gm, "");
}

/** The codes in the first column of the table under a heading. */
async function documented(heading: string): Promise<readonly string[]> {
  const rows = (await section(heading)).matchAll(/^\| `?([A-Z_]+|\d{4})`? +\|/gm);
  return [...rows].map(([, code = ""]) => code);
}

async function section(heading: string): Promise<string> {
  const text = await readFile(join(root, "docs", "errors.md"), "utf8");
  return text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
}
