// npm run simulate -- [--seeds 1000] [--from 1] [--trace] [--until-fault]
//
// Runs whole fleets in virtual time, one for each seed, and prints what breaks a promise. With --trace it also prints
// everything that happened, which is meant for one seed. With --until-fault it ends at the first seed with faults.
import process from "node:process";
import { parseArgs } from "node:util";
import { simulate } from "../test/simulation/simulate.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
    "until-fault": { type: "boolean", default: false },
  },
});
const from = Number(values.from);
const count = Number(values.seeds);

const startedAt = performance.now();
const failed: number[] = [];
const codes = new Map<string, number>();
let runs = 0;
let messages = 0;
let virtualMs = 0;
for (let seed = from; seed < from + count; seed++) {
  const run = await simulate(seed, { trace: values.trace });
  runs++;
  messages += run.messages;
  virtualMs += run.virtualMs;
  for (const [code, times] of run.codes) codes.set(code, (codes.get(code) ?? 0) + times);
  for (const line of run.trace) say(line);
  if (run.faults.length > 0) {
    failed.push(seed);
    say(`seed ${seed} (${run.scenario.weather}): ${run.faults.length} faults`);
    for (const { kind, detail } of run.faults.slice(0, 5)) say(`  ${kind}: ${detail}`);
    if (values["until-fault"]) break;
  }
  if ((seed - from + 1) % 1_000 === 0) say(`… ${seed - from + 1} seeds`);
}
const seconds = (performance.now() - startedAt) / 1_000;
say(
  `${runs} seeds from ${from}: ${failed.length} with faults${failed.length === 0 ? "" : ` (${failed.slice(0, 20).join(", ")})`}; ` +
    `${messages} messages, ${Math.round(virtualMs / 3_600_000)} hours of virtual time in ${seconds.toFixed(1)} s`,
);
say([...codes].map(([code, times]) => `${code} ${times}`).join(", "));
process.exitCode = failed.length === 0 ? 0 : 1;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
