import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

/**
 * Compiles the packages and this folder under `root`, so that what is measured is what gets published, run by
 * plain Node.
 */
export function build(root: string): void {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const result = spawnSync(process.execPath, [compiler, "-b", join(root, "bench")], { encoding: "utf8" });
  if (result.status === 0) return;
  process.stderr.write(result.stdout + result.stderr);
  throw new Error("The benchmarks can't be compiled: figures of a broken tree would mean nothing");
}
