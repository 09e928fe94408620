// npm run bench:docs
//
// Writes the results of the last complete runs into docs/performance.md and docs/fleet.md, and draws their charts. A
// complete run of a benchmark does it by itself.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { drawCharts } from "./charts.ts";
import { renderBlock } from "./docs/blocks.ts";
import { replaceBlocks } from "./docs/markdown.ts";

/** Documents with marked blocks that come from result files. */
export const resultDocuments: readonly string[] = ["docs/performance.md", "docs/fleet.md"];

/** The document as the results below `root` make it. */
export function renderDocument(root: string, document: string): string {
  return replaceBlocks(readFileSync(join(root, document), "utf8"), (name) =>
    renderBlock(name, join(root, "bench/results")),
  );
}

/** Brings charts and tables up to date with the results. */
export function drawDocs(root: string): void {
  drawCharts(root);
  for (const document of resultDocuments) {
    if (existsSync(join(root, document))) writeFileSync(join(root, document), renderDocument(root, document));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  drawDocs(fileURLToPath(new URL("..", import.meta.url)));
