// Draws the charts of docs/performance.md from bench/results/*.json: npx tsx bench/charts.ts (a full run of a
// benchmark does it by itself).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Bar, barChart } from "./charts/bars.ts";
import { type LinePoint, lineCharts, type Panel, type Series } from "./charts/lines.ts";
import { type Figure, micros } from "./harness/report.ts";
import type { GrowthReport, LoadReport, MemoryReport, SoakReport, SoakSample } from "./harness/reports.ts";
import { describeShape } from "./load/shape.ts";

/** Draws what there are results for, into `docs/charts`. */
export function drawCharts(root: string): void {
  const folder = join(root, "docs/charts");
  mkdirSync(folder, { recursive: true });
  const results = <Report>(name: string): Report | undefined => {
    const file = join(root, "bench/results", `${name}.json`);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : undefined;
  };
  const write = (name: string, svg: string): void => writeFileSync(join(folder, `${name}.svg`), svg);

  const load = results<LoadReport>("load");
  if (load !== undefined) write("cpu-per-message", cpuChart(load));
  const memory = results<MemoryReport>("memory");
  if (memory !== undefined) write("memory-per-connection", memoryChart(memory));
  const growth = results<GrowthReport>("growth");
  if (growth !== undefined) write("growth", growthChart(growth));
  const soak = results<SoakReport>("soak");
  if (soak !== undefined) write("soak", soakChart(soak));
}

function cpuChart(report: LoadReport): string {
  const groups = report.cases.flatMap((one) => {
    const total = (name: string): number =>
      Object.entries(one.targets[name]?.cpuMicros ?? {}).reduce(
        (sum, [role, figure]) => (role === "nats-server" ? sum : sum + figure.median),
        0,
      );
    const baseline = total("ws");
    if (!(baseline > 0)) return [];
    const bars = Object.keys(one.targets)
      .filter((name) => total(name) > 0)
      .map((name): Bar => ({
        label: name,
        value: total(name) / baseline,
        note: `${micros(total(name) / baseline)} × (${micros(total(name))} µs)`,
        ours: name.startsWith("velaros") || name.startsWith("eurus"),
      }));
    return [{ title: one.shape, bars }];
  });
  return barChart(
    "CPU time per message, bare ws = 1",
    "Server processes together (gateway + service for Eurus over NATS; nats-server not counted)",
    groups,
  );
}

function memoryChart(report: MemoryReport): string {
  const entries = Object.entries(report.targets);
  const baseline = entries.find(([name]) => name === "ws")?.[1].idleKib["server"] ?? Number.NaN;
  const bars = (pick: (target: MemoryReport["targets"][string]) => Readonly<Record<string, number>>): Bar[] =>
    entries.flatMap(([name, target]) =>
      Object.entries(pick(target))
        .filter(([role]) => role !== "nats-server")
        .map(([role, kib]) => ({
          label: role === "server" ? name : `${name}, ${role}`,
          value: kib / baseline,
          note: `${kib.toFixed(1)} KiB`,
          ours: name !== "ws",
        })),
    );
  return barChart("Resident memory per connection, idle bare ws = 1", "10,000 connections, no compression", [
    { title: "Just opened", bars: bars((target) => target.idleKib) },
    {
      title: "After one message each, which pins it to a service",
      bars: bars((target) => target.afterOneMessageKib),
    },
  ]);
}

function growthChart(report: GrowthReport): string {
  const panels = report.curves.map(({ title, axis, points, reference }): Panel => {
    const beside = points.flatMap(({ x, referenceMicros }) =>
      referenceMicros === undefined ? [] : [pointOf(x, referenceMicros)],
    );
    const series = [{ label: axis, points: points.map(({ x, cpuMicros }) => pointOf(x, cpuMicros)) }];
    if (reference !== undefined) series.push({ label: `the same clients, ${reference}`, points: beside });
    return { title, axis, unit: "µs", logarithmic: true, series };
  });
  return lineCharts(
    "CPU time per message as the fleet grows",
    "Gateway and service together, 64 B; medians, and the range of all rounds as a band",
    panels,
  );
}

function pointOf(x: number, { median, min, max }: Figure): LinePoint {
  return { x, y: median, low: min, high: max };
}

function soakChart({ target, shape, samples }: SoakReport): string {
  const minutes = Math.round((samples.at(-1)?.atSeconds ?? 0) / 60);
  const course = (label: string, pick: (sample: SoakSample) => number): Series => ({
    label,
    points: samples.map((sample) => {
      const y = pick(sample);
      return { x: sample.atSeconds / 60, y, low: y, high: y };
    }),
  });
  const roles = Object.keys(samples[0]?.residentMib ?? {});
  const panel = (title: string, unit: string, series: readonly Series[]): Panel => ({
    title,
    axis: "minutes",
    unit,
    logarithmic: false,
    series,
  });
  return lineCharts(`${minutes} minutes of load`, `${target}, ${describeShape(shape)}`, [
    panel("CPU time per message", "µs", [course("", (sample) => sample.cpuMicros)]),
    panel(
      "Resident memory",
      "MiB",
      roles.map((role) => course(role, (sample) => sample.residentMib[role] ?? 0)),
    ),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  drawCharts(fileURLToPath(new URL("..", import.meta.url)));
