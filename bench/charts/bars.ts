import { scaleLinear } from "d3-scale";
import { element, label, picture } from "./svg.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Written behind the bar. */
  readonly note: string;
  readonly ours: boolean;
}

export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const width = 760;
const barHeight = 15;
const barGap = 4;
const groupGap = 22;
const headerHeight = 78;
const left = 178;
const right = 132;
/** Longer bars are cut and say so, so that one giant does not flatten all others. */
const cutAt = 3;

/** Horizontal bars in groups that share one axis. */
export function barChart(title: string, subtitle: string, groups: readonly BarGroup[]): string {
  const longest = Math.max(...groups.flatMap((group) => group.bars.map((bar) => bar.value)));
  const x = scaleLinear()
    .domain([0, Math.min(Math.max(longest, 1), cutAt)])
    .range([left, width - right]);
  const parts: string[] = [];
  let y = headerHeight;
  for (const group of groups) {
    parts.push(label(16, y, group.title, { kind: "heading" }));
    y += 9;
    for (const bar of group.bars) {
      parts.push(...drawBar(bar, y, x));
      y += barHeight + barGap;
    }
    y += groupGap;
  }
  const bottom = y - groupGap + 2;
  const one = x(1);
  return picture(width, bottom + 12, title, [
    label(16, 27, title, { kind: "title" }),
    label(16, 45, subtitle, { kind: "note" }),
    element("line", { x1: one, x2: one, y1: headerHeight - 10, y2: bottom, class: "axis" }),
    label(one, headerHeight - 14, "1", { anchor: "middle", kind: "note" }),
    ...parts,
  ]);
}

function drawBar(bar: Bar, y: number, x: (value: number) => number): readonly string[] {
  const isCut = bar.value > cutAt;
  const end = x(Math.min(bar.value, cutAt));
  return [
    label(left - 8, y + 12, bar.label, { anchor: "end", kind: "note" }),
    element("rect", {
      x: left,
      y,
      width: Math.max(1, end - left),
      height: barHeight,
      rx: 2,
      class: bar.ours ? "ours" : "other",
    }),
    label(end + 8, y + 12, isCut ? `→ ${bar.note}` : bar.note, { kind: "value" }),
  ];
}
