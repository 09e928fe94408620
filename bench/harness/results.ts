import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes a result file. Complete runs are for everybody to see; partial ones stay on this machine (git ignores
 * `*.local.json`).
 *
 * @returns The file's path below the repository.
 */
export function writeResults(root: string, name: string, complete: boolean, report: object): string {
  const file = join("bench/results", complete ? `${name}.json` : `${name}.local.json`);
  mkdirSync(join(root, "bench/results"), { recursive: true });
  writeFileSync(join(root, file), `${JSON.stringify(report, null, 2)}\n`);
  return file;
}
