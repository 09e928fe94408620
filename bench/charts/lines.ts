import { scaleLinear, scaleLog } from "d3-scale";
import { area, line } from "d3-shape";
import { element, label, picture } from "./svg.ts";

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

export interface LineChart {
  readonly title: string;
  readonly subtitle: string;
  readonly axis: string;
  readonly unit: string;
  readonly logarithmic: boolean;
  readonly points: readonly LinePoint[];
}

const width = 520;
const height = 260;
const margin = { top: 60, right: 24, bottom: 44, left: 52 };

/** One measured quantity over another, with the range of its rounds as a band. The vertical axis begins at zero. */
export function lineChart(chart: LineChart): string {
  const xs = chart.points.map((point) => point.x);
  const domain = [Math.min(...xs), Math.max(...xs)];
  const range = [margin.left + 10, width - margin.right - 10];
  const x = chart.logarithmic
    ? scaleLog().domain(domain).range(range)
    : scaleLinear().domain(domain).range(range);
  const y = scaleLinear()
    .domain([0, Math.max(...chart.points.map((point) => point.high))])
    .nice(4)
    .range([height - margin.bottom, margin.top]);

  const grid = y.ticks(4).flatMap((value) => [
    element("line", {
      x1: margin.left,
      x2: width - margin.right,
      y1: y(value),
      y2: y(value),
      class: "grid",
    }),
    label(margin.left - 6, y(value) + 4, String(value), { anchor: "end", kind: "note" }),
  ]);
  const ticks = chart.logarithmic ? xs : x.ticks(6);
  const bottom = ticks.map((value) =>
    label(x(value), height - margin.bottom + 16, value.toLocaleString("en"), {
      anchor: "middle",
      kind: "note",
    }),
  );
  const band = area<LinePoint>(
    (point) => x(point.x),
    (point) => y(point.low),
    (point) => y(point.high),
  )([...chart.points]);
  const path = line<LinePoint>(
    (point) => x(point.x),
    (point) => y(point.y),
  )([...chart.points]);
  const dots = chart.logarithmic
    ? chart.points.map((point) => element("circle", { cx: x(point.x), cy: y(point.y), r: 3.5, class: "dot" }))
    : [];
  return picture(width, height, chart.title, [
    label(12, 24, chart.title, { kind: "title" }),
    label(12, 42, chart.subtitle, { kind: "note" }),
    ...grid,
    ...bottom,
    label(width - margin.right, height - 8, chart.axis, { anchor: "end", kind: "note" }),
    label(margin.left - 6, margin.top - 8, chart.unit, { anchor: "end", kind: "note" }),
    element("path", { d: band ?? "", class: "band" }),
    element("path", { d: path ?? "", class: "line" }),
    ...dots,
  ]);
}
