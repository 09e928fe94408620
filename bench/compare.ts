// npm run bench:compare <old> [new] [-- --targets velaros,eurus-nats --cases 64B-100x1,64B-100x16 --rounds 7]
//
// Runs two commits in turn, in one run, and prints what the second costs in terms of the first. Without `new`
// it is HEAD. Both are laid out in temporary folders that are gone afterwards.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { cases, cpuOf } from "./cases.ts";
import { build } from "./harness/build.ts";
import { endOnSignals, Processes } from "./harness/child.ts";
import { limitsFor } from "./harness/limits.ts";
import { figureOf, micros, table } from "./harness/report.ts";
import { subjectOf, type TargetName, targets } from "./harness/targets.ts";
import { layOut } from "./harness/trees.ts";
import { readWords, refuse } from "./harness/words.ts";
import { Generator } from "./load/generator.ts";
import { measureAlternately, type Subject } from "./load/measure.ts";

const usage =
  "npm run bench:compare <old> [new] [-- --targets velaros,eurus-nats --cases 64B-100x1,64B-100x16 --rounds 7]";
const { numbers, texts, names } = readWords({
  usage,
  numbers: { rounds: 7 },
  texts: { targets: "velaros,eurus-local,eurus-nats", cases: "64B-100x1,64B-100x16" },
  names: true,
});
const [oldRevision, newRevision = "HEAD"] = names;
if (oldRevision === undefined) refuse("Which commits?", usage);

endOnSignals();
const repository = fileURLToPath(new URL("..", import.meta.url));
const old = layOut(repository, oldRevision);
process.on("exit", () => old.remove());
const young = layOut(repository, newRevision);
process.on("exit", () => young.remove());
build(old.root);
build(young.root);

const timing = { rounds: numbers.rounds, firstWarmupMs: 1_000, warmupMs: 250, windowMs: 1_000 };
const rows: string[][] = [["", `${old.commit} µs`, `${young.commit} µs`, "new / old", "range"]];
for (const id of texts.cases.split(",")) {
  for (const target of texts.targets.split(",")) rows.push(await compare(id, target));
}
process.stdout.write(`${table(rows)}\n`);

async function compare(id: string, target: string): Promise<string[]> {
  const shape = cases.find((one) => one.id === id)?.shape;
  if (shape === undefined)
    throw new Error(`No case is called ${id}: ${cases.map((one) => one.id).join(", ")}`);
  if (!isTarget(target)) throw new Error(`No target is called ${target}: ${Object.keys(targets).join(", ")}`);
  const trees = [new Processes(old.root), new Processes(young.root)] as const;
  try {
    const generator = await Generator.start(trees[1]);
    const subjects: Subject[] = [];
    for (const [index, processes] of trees.entries()) {
      const running = await targets[target].start(processes, { limits: limitsFor(shape) });
      subjects.push(await subjectOf(["old", "new"][index] ?? "", running, generator, shape));
    }
    const windows = await measureAlternately(subjects, timing);
    const before = (windows.get("old") ?? []).map(cpuOf);
    const after = (windows.get("new") ?? []).map(cpuOf);
    const ratio = figureOf(after.map((cpu, round) => cpu / (before[round] ?? Number.NaN)));
    return [
      `${id} ${target}`,
      micros(figureOf(before).median),
      micros(figureOf(after).median),
      `${ratio.median.toFixed(2)} ×`,
      `${ratio.min.toFixed(2)}…${ratio.max.toFixed(2)}`,
    ];
  } finally {
    for (const processes of trees) await processes.stopAll();
  }
}

function isTarget(name: string): name is TargetName {
  return name in targets;
}
