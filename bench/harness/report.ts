import { styleText } from "node:util";
import { cpuOf } from "../cases.ts";
import { median, spread } from "../load/measure.ts";
import type { Window } from "../load/shape.ts";

/** A number that was measured several times. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function figureOf(values: readonly number[]): Figure {
  return { median: round(median(values)), min: round(Math.min(...values)), max: round(Math.max(...values)) };
}

/** One target under one load, over all rounds. */
export interface TargetResult {
  readonly cpuMicros: Readonly<Record<string, Figure>>;
  readonly repliesPerSecond: Figure;
  readonly p50Micros: Figure;
  readonly p99Micros: Figure;
  readonly generatorMicros: Figure;
  readonly generatorUtilisation: Figure;
  readonly checkedReplies: number;
}

export interface CheckResult {
  readonly text: string;
  readonly unit: string;
  readonly value: Figure;
  readonly target: number;
  readonly atLeast: boolean;
  readonly ok: boolean;
}

export function summarise(windows: readonly Window[]): TargetResult {
  const of = (pick: (window: Window) => number): Figure => figureOf(windows.map(pick));
  const cpuMicros: Record<string, Figure> = {};
  for (const role of Object.keys(windows[0]?.cpuMicrosPerReply ?? {})) {
    cpuMicros[role] = of((window) => window.cpuMicrosPerReply[role] ?? Number.NaN);
  }
  return {
    cpuMicros,
    repliesPerSecond: of((window) => window.replies / window.seconds),
    p50Micros: of((window) => window.p50Micros),
    p99Micros: of((window) => window.p99Micros),
    generatorMicros: of((window) => window.generatorMicrosPerReply),
    generatorUtilisation: of((window) => window.generatorUtilisation),
    checkedReplies: windows.at(-1)?.checkedReplies ?? 0,
  };
}

/** Lines up columns; the first is text, the others are numbers. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row, index) => {
      const line = row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ");
      return index === 0 ? styleText("dim", line) : line;
    })
    .join("\n");
}

export function targetRow(
  label: string,
  windows: readonly Window[],
  result: TargetResult,
): readonly string[] {
  const roles = Object.entries(result.cpuMicros);
  const total = windows.map(cpuOf);
  const own = roles.filter(([role]) => role !== "nats-server");
  const bus = result.cpuMicros["nats-server"];
  return [
    label,
    roles.length === 0 ? "" : `${micros(median(total))} ±${Math.round(spread(total) * 100)}%`,
    own.length > 1 ? own.map(([role, figure]) => `${role} ${micros(figure.median)}`).join(" + ") : "",
    bus === undefined ? "" : micros(bus.median),
    Math.round(result.repliesPerSecond.median).toLocaleString("en"),
    micros(result.p50Micros.median),
    micros(result.p99Micros.median),
    Number.isNaN(result.generatorMicros.median)
      ? ""
      : `${micros(result.generatorMicros.median)} (${Math.round(result.generatorUtilisation.median * 100)}%)`,
  ];
}

export const targetHeadings: readonly string[] = [
  "CPU time in µs per message",
  "server",
  "of which",
  "nats-server",
  "replies/s",
  "p50 µs",
  "p99 µs",
  "generator",
];

export function checkRow(check: CheckResult): readonly string[] {
  const { value, unit } = check;
  return [
    check.text,
    `${micros(value.median)} ${unit}`,
    `${micros(value.min)}…${micros(value.max)}`,
    `${check.atLeast ? "≥" : "≤"} ${check.target} ${unit}`,
    check.ok ? styleText("green", "ok") : styleText("red", "missed"),
  ];
}

/** Three digits that matter. */
export function micros(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value >= 100
    ? Math.round(value).toLocaleString("en")
    : value >= 10
      ? value.toFixed(1)
      : value.toFixed(2);
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}
