// npm run bench:growth [curve…]
//
// What one message costs as the fleet grows: routes, sockets, services, instances; and how fast clients connect
// and come back. Each point is measured in a fresh set of processes, every curve twice over.
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { cpuOf } from "./cases.ts";
import { type Curve, curves, type Point } from "./curves.ts";
import { drawDocs } from "./docs.ts";
import { build } from "./harness/build.ts";
import { endOnSignals, Processes } from "./harness/child.ts";
import { limitsFor } from "./harness/limits.ts";
import { describeMachine } from "./harness/machine.ts";
import { figureOf, micros, table } from "./harness/report.ts";
import { costBeside, costOf } from "./harness/growth-costs.ts";
import type { CurveResult, GrowthReport, PointResult, StormResult } from "./harness/reports.ts";
import { writeResults } from "./harness/results.ts";
import { type Running, subjectOf, targets } from "./harness/targets.ts";
import { readWords, refuse } from "./harness/words.ts";
import { cpuMicros } from "./load/cpu.ts";
import { Generator } from "./load/generator.ts";
import { measureAlternately } from "./load/measure.ts";
import { describeShape, type Window } from "./load/shape.ts";
import { measureStorms } from "./storm.ts";

const passes = 2;
const stormId = "reconnect-storm";
const referenceName = "reference";
/** How long programs may settle, and are watched, while nobody sends. */
const idleMs = 2_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const usage = "npm run bench:growth [part of a curve's name, or reconnect-storm…] [-- --rounds 3]";
const { numbers, names: filters } = readWords({ usage, numbers: { rounds: 3 }, names: true });
const timing = { rounds: numbers.rounds, firstWarmupMs: 1_500, warmupMs: 250, windowMs: 1_000 };
const selected = curves.filter((curve) => isWanted(curve.id));
if (selected.length === 0 && !isWanted(stormId))
  refuse(`No curve has ${filters.join(" or ")} in its name`, usage);
endOnSignals();
build(root);
const processes = new Processes(root);
const machine = describeMachine(root);

const results: CurveResult[] = [];
const storms: StormResult[] = [];
const failures: string[] = [];
for (const curve of selected) await attempt(curve.id, async () => results.push(await measureCurve(curve)));
if (isWanted(stormId)) await attempt(stormId, async () => storms.push(...(await measureStorms(processes))));
const complete = filters.length === 0 && timing.rounds >= 3 && failures.length === 0;
const growthReport: GrowthReport = { machine, curves: results, storms };
process.stdout.write(`\nWritten to ${writeResults(root, "growth", complete, growthReport)}\n`);
if (complete) drawDocs(root);
if (failures.length > 0) process.exitCode = 1;

function isWanted(id: string): boolean {
  return filters.length === 0 || filters.some((filter) => id.includes(filter));
}

/** The other curves still say something; the run as a whole does not count as complete. */
async function attempt(id: string, measure: () => Promise<unknown>): Promise<void> {
  try {
    await measure();
  } catch (error) {
    failures.push(id);
    process.stdout.write(`\n${id} failed: ${inspect(error)}\n`);
  }
}

async function measureCurve(curve: Curve): Promise<CurveResult> {
  const windows = new Map<Point, Window[]>(curve.points.map((point) => [point, []]));
  const reference = new Map<Point, Window[]>(curve.points.map((point) => [point, []]));
  const idle = new Map<Point, number[]>(curve.points.map((point) => [point, []]));
  const connectRates = new Map<Point, number>();
  for (let pass = 0; pass < passes; pass++) {
    // There and back, so that a drift of the machine does not look like growth.
    for (const point of pass % 2 === 0 ? curve.points : curve.points.toReversed()) {
      const measured = await measurePoint(curve, point);
      windows.get(point)?.push(...measured.windows);
      reference.get(point)?.push(...measured.reference);
      idle.get(point)?.push(...measured.idleMicros);
      connectRates.set(point, Math.max(connectRates.get(point) ?? 0, measured.connectsPerSecond));
    }
  }

  const points = curve.points.map((point): PointResult => {
    const list = windows.get(point) ?? [];
    const bus = list
      .map((window) => window.cpuMicrosPerReply["nats-server"])
      .filter((value) => value !== undefined);
    return {
      x: point.x,
      shape: describeShape(point.shape),
      cpuMicros: figureOf(list.map(cpuOf)),
      natsMicros: bus.length === 0 ? undefined : figureOf(bus).median,
      idleMicros: curve.hasMany === true ? figureOf(idle.get(point) ?? []) : undefined,
      referenceMicros:
        curve.reference === undefined ? undefined : figureOf((reference.get(point) ?? []).map(cpuOf)),
      p50Micros: figureOf(list.map((window) => window.p50Micros)),
      connectsPerSecond: connectRates.get(point) ?? Number.NaN,
    };
  });
  const { id, title, axis, target } = curve;
  const costs = points.map(costOf);
  const growth = Math.max(...costs) / Math.min(...costs);
  const growthBeside = curve.reference === undefined ? undefined : Math.max(...points.map(costBeside));
  const result = { id, title, axis, points, reference: curve.reference?.title, growth, growthBeside, target };
  report(curve, result);
  return result;
}

async function measurePoint(
  curve: Curve,
  point: Point,
): Promise<{
  readonly windows: readonly Window[];
  readonly reference: readonly Window[];
  /** For each window: the CPU of the idle programs for as long as it lasted, by its messages. */
  readonly idleMicros: readonly number[];
  readonly connectsPerSecond: number;
}> {
  try {
    const generator = await Generator.start(processes);
    const config = { limits: limitsFor(point.shape), settings: point.settings };
    const running = await targets[curve.subject].start(processes, config);
    const idlePerSecond = curve.hasMany === true ? await idleMicrosPerSecond(running) : 0;
    const fromMs = performance.now();
    const subject = await subjectOf(curve.subject, running, generator, point.shape, point.areas);
    const connectsPerSecond = Math.round((point.shape.connections / (performance.now() - fromMs)) * 1000);
    const subjects = [subject];
    if (curve.reference !== undefined) {
      const other = await targets[curve.subject].start(processes, {
        ...config,
        settings: { ...point.settings, ...curve.reference.settings },
      });
      subjects.push(await subjectOf(referenceName, other, generator, point.shape));
    }
    const measured = await measureAlternately(subjects, timing);
    const windows = measured.get(curve.subject) ?? [];
    return {
      windows,
      idleMicros: windows.map(({ seconds, replies }) => (idlePerSecond * seconds) / replies),
      reference: measured.get(referenceName) ?? [],
      connectsPerSecond,
    };
  } finally {
    await processes.stopAll();
  }
}

/** What programs of ours do while nobody sends: announcing themselves, and hearing each other. */
async function idleMicrosPerSecond({ processes }: Running): Promise<number> {
  const pids = Object.entries(processes).flatMap(([role, pid]) => (role === "nats-server" ? [] : [pid]));
  const total = (): number => pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
  await delay(idleMs);
  const before = total();
  const fromMs = performance.now();
  await delay(idleMs);
  return ((total() - before) / (performance.now() - fromMs)) * 1_000;
}

function report(curve: Curve, { points, growth, growthBeside, target }: CurveResult): void {
  const rows = points.map((point) => [
    `${point.x.toLocaleString("en")} ${curve.axis}`,
    micros(point.cpuMicros.median),
    `${micros(point.cpuMicros.min)}…${micros(point.cpuMicros.max)}`,
    point.natsMicros === undefined ? "" : micros(point.natsMicros),
    point.idleMicros === undefined ? "" : micros(point.idleMicros.median),
    point.referenceMicros === undefined ? "" : micros(point.referenceMicros.median),
    micros(point.p50Micros.median),
    String(point.connectsPerSecond),
    point.shape,
  ]);
  const headings = [
    curve.id,
    "CPU µs",
    "range",
    "nats-server",
    curve.hasMany === true ? "also idle" : "",
    curve.reference?.title ?? "",
    "p50 µs",
    "connects/s",
    "load",
  ];
  const verdict = (value: number): string =>
    target === undefined ? "shown, not judged" : `≤ ${target} ×: ${value <= target ? "ok" : "missed"}`;
  process.stdout.write(`\n${curve.title}\n${table([headings, ...rows])}\n`);
  process.stdout.write(`Dearest to cheapest: ${growth.toFixed(2)} × (${verdict(growth)})\n`);
  if (growthBeside === undefined) return;
  process.stdout.write(
    `The dearest compared with ${curve.reference?.title}: ${growthBeside.toFixed(2)} × (${verdict(growthBeside)})\n`,
  );
}
