// `npm run claims` writes the tables that connect promises with tests, from docs/tables/*.json and from the
// tags in test names. A test fails when what is committed differs from what this would write.
import { writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { findTaggedTests, readTables, renderTable, repositoryRoot, unknownTags } from "./tagged-tests.ts";

const tables = await readTables();
const tests = await findTaggedTests();
for (const table of tables) {
  await writeFile(table.outputFile, renderTable(table, tests));
  const open = table.entries.filter(
    (entry) => !tests.some((test) => test.tags.has(`${table.tag}:${entry.id}`)),
  );
  const file = relative(repositoryRoot, table.outputFile);
  process.stdout.write(`${file}: ${table.entries.length} entries, ${open.length} without a test\n`);
}
for (const { tag, test } of unknownTags(tables, tests)) {
  process.stderr.write(`${test.file}: no table has an entry for the tag ${tag}\n`);
  process.exitCode = 1;
}
