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

const width = 720;
const barHeight = 16;
const barGap = 4;
const groupGap = 34;
const left = 190;
const right = 150;
/** Longer bars are cut and say so by an arrow, so that one giant does not flatten all others. */
const cutAt = 4;

/** Horizontal bars in groups that share one axis. */
export function barChart(title: string, subtitle: string, groups: readonly BarGroup[]): string {
  const longest = Math.max(...groups.flatMap((group) => group.bars.map((bar) => bar.value)));
  const x = scaleLinear()
    .domain([0, Math.min(longest, cutAt)])
    .range([left, width - right]);
  const parts: string[] = [
    label(12, 24, title, { kind: "title" }),
    label(12, 42, subtitle, { kind: "note" }),
  ];
  let y = 70;
  for (const group of groups) {
    parts.push(label(12, y, group.title));
    y += 10;
    for (const bar of group.bars) {
      const cut = bar.value > cutAt;
      const end = x(Math.min(bar.value, cutAt));
      parts.push(
        label(left - 8, y + 12, bar.label, { anchor: "end", kind: "note" }),
        element("rect", {
          x: left,
          y,
          width: end - left,
          height: barHeight,
          rx: 2,
          class: bar.ours ? "ours" : "other",
        }),
        label(width - right + 12, y + 12, cut ? `→ ${bar.note}` : bar.note, { kind: "value" }),
      );
      y += barHeight + barGap;
    }
    y += groupGap - 10;
  }
  const one = x(1);
  parts.push(element("line", { x1: one, x2: one, y1: 56, y2: y - groupGap + 6, class: "axis" }));
  return picture(width, y - 10, title, parts);
}
