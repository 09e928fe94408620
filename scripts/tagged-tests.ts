import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

export const repositoryRoot: string = join(import.meta.dirname, "..");

/** A list of numbered promises: a file of docs/tables, and the document that is made from it. */
export interface Table {
  readonly title: string;
  readonly introduction: string;
  /** The word before the colon of the tags, such as `claim` in `claim:17`. */
  readonly tag: string;
  readonly sections: ReadonlyArray<{ readonly title: string; readonly entries: readonly Entry[] }>;
  /** The entries of all sections. */
  readonly entries: readonly Entry[];
  readonly outputFile: string;
}

export interface Entry {
  /** What stands behind the colon of the tag. */
  readonly id: string;
  readonly sentence: string;
  /** Why no test is needed, where that is so. */
  readonly reason?: string;
}

/** A test whose name ends in tags: `test("does this [claim:1 claim:2]", …)`. */
export interface TaggedTest {
  /** From the repository's root, with forward slashes. */
  readonly file: string;
  /** The name without its tags. */
  readonly name: string;
  readonly tags: ReadonlySet<string>;
}

interface TableFile {
  readonly title: string;
  readonly introduction: string;
  readonly tag: string;
  readonly sections: ReadonlyArray<{
    readonly title: string;
    readonly entries: Readonly<
      Record<string, string | { readonly sentence: string; readonly reason: string }>
    >;
  }>;
}

/** Reads every table of docs/tables; `claims.json` there becomes `docs/claims.md`. */
export async function readTables(): Promise<readonly Table[]> {
  const folder = join(repositoryRoot, "docs", "tables");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const file = JSON.parse(await readFile(join(folder, name), "utf8")) as TableFile;
      const sections = file.sections.map(({ title, entries }) => ({
        title,
        entries: Object.entries(entries).map(([id, value]) => ({
          id,
          ...(typeof value === "string" ? { sentence: value } : value),
        })),
      }));
      return {
        title: file.title,
        introduction: file.introduction,
        tag: file.tag,
        sections,
        entries: sections.flatMap((section) => section.entries),
        outputFile: join(repositoryRoot, "docs", name.replace(/\.json$/, ".md")),
      };
    }),
  );
}

/** Finds every test with tags, in order of file and line. */
export async function findTaggedTests(): Promise<readonly TaggedTest[]> {
  const files = await testFiles();
  const found = await Promise.all(
    files.map(async (file) => taggedTestsIn(file, await readFile(join(repositoryRoot, file), "utf8"))),
  );
  return found.flat();
}

/** A string literal that ends in one or more tags in brackets. */
const taggedName = /(["'`])((?:(?!\1)[^\\]|\\.)*?)\s*\[((?:\s*[a-z]+:[A-Z]?\d+)+)\s*\]\1/g;
/** The line that opens a group of tests. */
const groupStart = /^( *)describe(?:\.\w+\([^]*?\))?\((["'`])((?:(?!\2)[^\\]|\\.)*)\2/;

/** Finds the tagged names in the text of one file. Its layout is what the formatter makes of it. */
export function taggedTestsIn(file: string, text: string): readonly TaggedTest[] {
  const groups: Array<{ readonly depth: number; readonly name: string }> = [];
  return text.split("\n").flatMap((line) => {
    const depth = line.search(/\S/);
    while (depth >= 0 && (groups.at(-1)?.depth ?? -1) >= depth) groups.pop();
    const group = groupStart.exec(line);
    if (group !== null) groups.push({ depth, name: unquoted(group[3] ?? "") });
    return [...line.matchAll(taggedName)].map(([, , name = "", tags = ""]) => ({
      file,
      name: [...groups.map((outer) => outer.name), unquoted(name)].join(": "),
      tags: new Set(tags.trim().split(/\s+/)),
    }));
  });
}

function unquoted(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1");
}

/** Tags of tests that no table knows: most often a slip of the pen. */
export function unknownTags(
  tables: readonly Table[],
  tests: readonly TaggedTest[],
): ReadonlyArray<{ readonly tag: string; readonly test: TaggedTest }> {
  const kinds = new Set(tables.map((table) => table.tag));
  const known = new Set(tables.flatMap((table) => table.entries.map((entry) => `${table.tag}:${entry.id}`)));
  return tests.flatMap((test) =>
    [...test.tags]
      .filter((tag) => kinds.has(tag.slice(0, tag.indexOf(":"))) && !known.has(tag))
      .map((tag) => ({ tag, test })),
  );
}

/** The document for a table: each entry with links to its tests. */
export function renderTable(table: Table, tests: readonly TaggedTest[]): string {
  const lines = [
    `# ${table.title}`,
    "",
    `${table.introduction} A tag in a test's name looks like \`[${table.tag}:${table.entries[0]?.id ?? "1"}]\`.`,
    "",
    "This file is generated; `npm run claims` writes it anew.",
  ];
  for (const section of table.sections) {
    lines.push("", `## ${section.title}`, "", `| ${table.tag} | what holds | tests |`, "| --- | --- | --- |");
    for (const entry of section.entries) {
      const links = tests.filter((test) => test.tags.has(`${table.tag}:${entry.id}`)).map(link);
      const shown = links.length > 0 ? links.join("<br>") : (entry.reason ?? "none yet");
      lines.push(`| ${entry.id} | ${cell(entry.sentence)} | ${shown} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function link(test: TaggedTest): string {
  return `[${cell(test.name).replaceAll(/[[\]]/g, "\\$&")}](../${test.file})`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** Where tests live, and the contract suites that other packages' tests run. */
async function testFiles(): Promise<readonly string[]> {
  const packages = await readdir(join(repositoryRoot, "packages"));
  const folders = [...packages.map((name) => `packages/${name}/src`), "test"];
  const paths = await Promise.all(
    folders.map(async (folder) => {
      const found = await readdir(join(repositoryRoot, folder), { recursive: true });
      return found.map((path) => `${folder}/${path.replaceAll("\\", "/")}`);
    }),
  );
  return paths
    .flat()
    .filter((path) => path.endsWith(".ts") && (/\.test(-d)?\.ts$/.test(path) || path.includes("/testing/")))
    .toSorted();
}
