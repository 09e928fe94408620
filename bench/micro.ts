// npm run bench:micro [name…]
//
// Small measurements for daily use: each file of bench/micro exports a function bench… that runs one suite. They run the
// sources, beside whatever else the machine does; compare figures of one run only.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Bench } from "tinybench";
import { table } from "./harness/report.ts";

const folder = fileURLToPath(new URL("micro", import.meta.url));
const filters = process.argv.slice(2);
const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
for (const file of files) {
  if (filters.length > 0 && !filters.some((filter) => file.includes(filter))) continue;
  const suite = (await import(pathToFileURL(join(folder, file)).href)) as Readonly<Record<string, unknown>>;
  for (const [name, run] of Object.entries(suite)) {
    if (name.startsWith("bench") && typeof run === "function")
      report(file, (await (run as () => Promise<Bench>)()) as Bench);
  }
}

function report(file: string, bench: Bench): void {
  const rows = bench.tasks.map((task) => {
    const { result } = task;
    if (!("latency" in result)) return [task.name, "failed", ""];
    const { p50, rme } = result.latency;
    const nanos = p50 * 1e6;
    return [
      task.name,
      nanos >= 10_000 ? `${(nanos / 1000).toFixed(1)} µs` : `${Math.round(nanos)} ns`,
      `±${rme.toFixed(1)}%`,
    ];
  });
  process.stdout.write(`\n${table([[file, "median", ""], ...rows])}\n`);
}
