import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { LoadReport } from "../../bench/harness/reports.ts";
import { runProgram } from "../support/run-program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("one command weighs the gateway against plain servers and says what it costs [claim:12]", async () => {
  const words = [
    "--conditions=@velaros/source",
    "--import",
    "tsx",
    "bench/run.ts",
    "eurus-local",
    "--rounds",
    "1",
  ];
  const bench = runProgram(process.execPath, words, { cwd: root });

  expect(await bench.exited).toBe(0);

  const report = JSON.parse(await readFile(`${root}bench/results/load.local.json`, "utf8")) as LoadReport;
  const [first] = report.cases;
  for (const target of ["ws", "ws-coalesced", "eurus-local"]) {
    const measured = first?.targets[target];
    expect(measured?.cpuMicros["server"]?.median).toBeGreaterThan(0);
    expect(measured?.checkedReplies).toBeGreaterThan(0);
  }
  const shown = report.cases.flatMap(({ checks }) => checks.map(({ text, value }) => [text, value?.median]));
  expect(shown.length).toBeGreaterThan(0);
  for (const [, ratio] of shown) expect(ratio).toBeGreaterThan(0);
}, 180_000);
