// npm run bench [filter] [-- --launches 2 --rounds 8 --profile folder]
//
// Compares Velaros and Eurus with baselines in one run: same machine, same minute, taking turns. A filter is a
// part of a case's or a target's name. A run of everything writes bench/results/load.json and draws the charts;
// a filtered one writes load.local.json, which git ignores.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { type Case, cases, type Round, type SubjectName } from "./cases.ts";
import { build } from "./harness/build.ts";
import { endOnSignals, Processes } from "./harness/child.ts";
import { drawDocs } from "./docs.ts";
import { describeMachine } from "./harness/machine.ts";
import {
  type CheckResult,
  checkRow,
  figureOf,
  summarise,
  table,
  targetHeadings,
  type TargetResult,
  targetRow,
} from "./harness/report.ts";
import type { CaseResult, LoadReport } from "./harness/reports.ts";
import { writeResults } from "./harness/results.ts";
import { startNatsRequests, subjectOf, type TargetName, targets } from "./harness/targets.ts";
import { limitsFor } from "./harness/limits.ts";
import { readWords, refuse } from "./harness/words.ts";
import { Generator } from "./load/generator.ts";
import { measureAlternately, type Subject, type Timing } from "./load/measure.ts";
import { describeShape, type Window } from "./load/shape.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const usage =
  "npm run bench [part of a case's or a target's name…] [-- --launches 2 --rounds 8 --profile folder]";
const { numbers, texts, names } = readWords({
  usage,
  // How a process is laid out and compiled stays with it and makes more of a difference than one round to the next.
  numbers: { launches: 2, rounds: 8 },
  texts: { profile: "" },
  names: true,
});
const timing: Timing = {
  rounds: numbers.rounds,
  // After one second the compilers are not done with the larger programs.
  firstWarmupMs: 3_000,
  warmupMs: 150,
  // A busy neighbour of a shared machine doubles every figure for seconds: many short windows, so that it comes into few.
  windowMs: 400,
};

endOnSignals();
build(root);
const machine = describeMachine(root);
say(`${machine.cpu}, ${machine.cores} cores, Node ${machine.versions["node"]}, commit ${machine.commit}`);
say(
  `${numbers.launches} × ${timing.rounds} rounds of ${timing.windowMs} ms per target, in fresh processes each time, taking turns; medians, ± half the range`,
);
if (machine.loadBefore > 0.5)
  say(`*** Something else is running (load ${machine.loadBefore}): expect noise.`);

const results: CaseResult[] = [];
const failures: string[] = [];
const selected = select(names);
if (selected.length === 0) refuse(`No case or target has ${names.join(" or ")} in its name`, usage);
for (const [chosen, targetNames] of selected) {
  try {
    results.push(await runCase(chosen, targetNames));
  } catch (error) {
    // The other cases still say something; the run as a whole does not count as complete.
    failures.push(chosen.id);
    say(`\n${chosen.id} failed: ${inspect(error)}`);
  }
}
finish();

function select(filters: readonly string[]): (readonly [Case, readonly TargetName[]])[] {
  return cases.flatMap((one) => {
    const wanted = (name: string): boolean =>
      filters.length === 0 || filters.some((filter) => name.includes(filter));
    if (wanted(one.id)) return [[one, one.targets] as const];
    const subjects = one.targets.filter(wanted);
    if (subjects.length === 0) return [];
    // Bare ws and whatever the chosen targets are compared with run beside them.
    const compared = one.checks.filter((check) => subjects.some((name) => check.needs.includes(name)));
    const names = new Set<SubjectName>(["ws", ...subjects, ...compared.flatMap((check) => check.needs)]);
    return [[one, one.targets.filter((name) => names.has(name))] as const];
  });
}

async function runCase(one: Case, names: readonly TargetName[]): Promise<CaseResult> {
  const windows = new Map<string, Window[]>();
  for (let launch = 0; launch < numbers.launches; launch++) {
    for (const [name, list] of await launchCase(one, names)) {
      windows.set(name, [...(windows.get(name) ?? []), ...list]);
    }
  }
  return report(one, windows);
}

/** Starts everything, measures its rounds and stops it. */
async function launchCase(
  one: Case,
  names: readonly TargetName[],
): Promise<ReadonlyMap<string, readonly Window[]>> {
  const processes = new Processes(root, { profileFolder: texts.profile || undefined });
  try {
    const generator = await Generator.start(processes);
    const limits = limitsFor(one.shape);
    const subjects: Subject[] = [];
    for (const name of names) {
      const running = await targets[name].start(processes, { limits });
      subjects.push(await subjectOf(name, running, generator, one.shape));
    }
    if (one.withNatsRequest === true) subjects.push(await startNatsRequests(processes));
    return await measureAlternately(subjects, timing);
  } finally {
    await processes.stopAll();
  }
}

function report(one: Case, windows: ReadonlyMap<string, readonly Window[]>): CaseResult {
  const measured: Record<string, TargetResult> = {};
  const rows: (readonly string[])[] = [targetHeadings];
  for (const [name, list] of windows) {
    const result = summarise(list);
    measured[name] = result;
    rows.push(
      targetRow(name in targets ? targets[name as TargetName].label : "NATS request and reply", list, result),
    );
  }
  const checks: CheckResult[] = [];
  for (const check of one.checks) {
    if (!check.needs.every((name) => windows.has(name))) continue;
    const perRound: number[] = [];
    for (let index = 0; index < numbers.launches * timing.rounds; index++) {
      const round: Round = (name) => {
        const window = windows.get(name)?.[index];
        if (window === undefined) throw new Error(`No window ${index} of ${name}`);
        return window;
      };
      perRound.push(check.value(round));
    }
    const value = figureOf(perRound);
    const atLeast = check.atLeast === true;
    const ok = atLeast ? value.median >= check.target : value.median <= check.target;
    checks.push({ text: check.text, unit: check.unit, value, target: check.target, atLeast, ok });
  }

  const limits = limitsFor(one.shape);
  say(`\n${one.id}: ${describeShape(one.shape)}. ${limits.note}`);
  say(table(rows));
  if (checks.length > 0)
    say(`\n${table([["", "measured", "range", "target", ""], ...checks.map(checkRow)])}`);
  return { id: one.id, shape: describeShape(one.shape), limits: limits.note, targets: measured, checks };
}

function finish(): void {
  const complete = names.length === 0 && failures.length === 0;
  const report: LoadReport = { machine, cases: results };
  const file = writeResults(root, "load", complete, report);
  if (complete) drawDocs(root);
  const checks = results.flatMap((result) => result.checks);
  const missed = checks.filter((check) => !check.ok).length;
  say(`\n${checks.length - missed} of ${checks.length} targets reached. Written to ${file}`);
  if (failures.length > 0) process.exitCode = 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
