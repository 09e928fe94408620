// npm run bench:soak [-- --minutes 10 --target eurus-nats --rate 5000]
//
// The same load for ten minutes: cost per message and memory must not creep up.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { cpuOf } from "./cases.ts";
import { drawDocs } from "./docs.ts";
import { build } from "./harness/build.ts";
import { endOnSignals, Processes } from "./harness/child.ts";
import { limitsFor } from "./harness/limits.ts";
import { describeMachine } from "./harness/machine.ts";
import { micros } from "./harness/report.ts";
import type { SoakReport, SoakSample } from "./harness/reports.ts";
import { writeResults } from "./harness/results.ts";
import { subjectOf, type TargetName, targets } from "./harness/targets.ts";
import { readWords, refuse } from "./harness/words.ts";
import { residentKib } from "./load/cpu.ts";
import { Generator } from "./load/generator.ts";
import { median } from "./load/measure.ts";
import type { LoadShape } from "./load/shape.ts";

const windowMs = 9_500;
const allowedGrowth = 1.2;

const usage = "npm run bench:soak [-- --minutes 10 --target eurus-nats --rate 5000]";
const { numbers, texts } = readWords({
  usage,
  numbers: { minutes: 10, rate: 5_000 },
  texts: { target: "eurus-nats" },
});
if (!(texts.target in targets)) refuse(`There is no target ${texts.target}`, usage);
const target = texts.target as TargetName;
const root = fileURLToPath(new URL("..", import.meta.url));
endOnSignals();
build(root);
const machine = describeMachine(root);

const shape: LoadShape = { connections: 100, perSecond: numbers.rate, dataBytes: 256 };
const processes = new Processes(root);
const samples: SoakSample[] = [];
try {
  const generator = await Generator.start(processes);
  const running = await targets[target].start(processes, { limits: limitsFor(shape) });
  const subject = await subjectOf(target, running, generator, shape);
  const startedMs = Date.now();
  const endMs = startedMs + numbers.minutes * 60_000;
  while (Date.now() < endMs) {
    const window = await subject.window(250, windowMs);
    const residentMib = Object.fromEntries(
      Object.entries(running.processes)
        .filter(([role]) => role !== "nats-server")
        .map(([role, pid]) => [role, residentKib(pid) / 1024]),
    );
    const sample = {
      atSeconds: Math.round((Date.now() - startedMs) / 1000),
      cpuMicros: cpuOf(window),
      p99Micros: window.p99Micros,
      residentMib,
    };
    samples.push(sample);
    process.stdout.write(
      `${String(sample.atSeconds).padStart(4)} s  ${micros(sample.cpuMicros)} µs per message  p99 ${micros(sample.p99Micros)} µs  ${total(sample).toFixed(1)} MiB\n`,
    );
  }
} finally {
  await processes.stopAll();
}

// The first fifth is warm-up: code is compiled and the heap finds its size.
const settled = samples.slice(Math.floor(samples.length / 5));
const half = Math.floor(settled.length / 2);
const growth = (pick: (sample: SoakSample) => number): number =>
  median(settled.slice(half).map(pick)) / median(settled.slice(0, half).map(pick));
const cpuGrowth = growth((sample) => sample.cpuMicros);
const p99Growth = growth((sample) => sample.p99Micros);
const memoryGrowth = growth(total);
const ok = cpuGrowth <= allowedGrowth && memoryGrowth <= allowedGrowth;
process.stdout.write(
  `Second half to first: CPU ${cpuGrowth.toFixed(2)} ×, memory ${memoryGrowth.toFixed(2)} × (at most ${allowedGrowth} ×): ${ok ? "ok" : "missed"}; p99 ${p99Growth.toFixed(2)} ×\n`,
);
const complete = numbers.minutes >= 10 && target === "eurus-nats";
const report: SoakReport = {
  machine,
  target,
  shape,
  samples,
  cpuGrowth,
  p99Growth,
  memoryGrowth,
  ok,
};
writeResults(root, "soak", complete, report);
if (complete) drawDocs(root);

function total({ residentMib }: SoakSample): number {
  return Object.values(residentMib).reduce((sum, mib) => sum + mib, 0);
}
