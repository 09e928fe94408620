// Draws the charts of docs/performance.md from bench/results/*.json: npx tsx bench/charts.ts (a full run of a
// benchmark does it by itself).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Bar, barChart } from "./charts/bars.ts";
import { lineChart } from "./charts/lines.ts";
import type { GrowthReport, LoadReport, MemoryReport, SoakReport } from "./harness/reports.ts";
import { micros } from "./harness/report.ts";

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
  for (const curve of results<GrowthReport>("growth")?.curves ?? []) {
    write(
      `growth-${curve.id}`,
      lineChart({
        title: curve.title,
        subtitle: "CPU time per message, all processes of ours; the band is the range of all rounds",
        axis: curve.axis,
        unit: "µs",
        logarithmic: true,
        points: curve.points.map(({ x, cpuMicros }) => ({
          x,
          y: cpuMicros.median,
          low: cpuMicros.min,
          high: cpuMicros.max,
        })),
      }),
    );
  }
  const soak = results<SoakReport>("soak");
  if (soak !== undefined) for (const [name, svg] of soakCharts(soak)) write(name, svg);
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

function soakCharts(report: SoakReport): readonly (readonly [string, string])[] {
  const chart = (
    title: string,
    unit: string,
    pick: (sample: SoakReport["samples"][number]) => number,
  ): string =>
    lineChart({
      title,
      subtitle: `${report.target}, ${report.shape.perSecond} messages a second for ${Math.round((report.samples.at(-1)?.atSeconds ?? 0) / 60)} minutes`,
      axis: "seconds",
      unit,
      logarithmic: false,
      points: report.samples.map((sample) => ({
        x: sample.atSeconds,
        y: pick(sample),
        low: pick(sample),
        high: pick(sample),
      })),
    });
  return [
    ["soak-cpu", chart("CPU time per message over time", "µs", (sample) => sample.cpuMicros)],
    ["soak-memory", chart("Resident memory over time", "MiB", (sample) => sample.residentMib)],
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  drawCharts(fileURLToPath(new URL("..", import.meta.url)));
