import { scaleLinear, scaleLog } from "d3-scale";
import { area, line } from "d3-shape";
import { element, label, picture } from "./svg.ts";

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** One line of a panel; the first is blue, the second orange. */
export interface Series {
  /** Shown when there are several. */
  readonly label: string;
  readonly points: readonly LinePoint[];
}

/** One small chart of a picture. Its vertical axis begins at zero. */
export interface Panel {
  readonly title: string;
  /** What the horizontal axis counts. */
  readonly axis: string;
  readonly unit: string;
  /** Few points at powers of ten, each with its value; otherwise a course over time. */
  readonly logarithmic: boolean;
  readonly series: readonly Series[];
}

const columns = 2;
const width = 760;
const panelWidth = width / columns;
const panelHeight = 206;
const headerHeight = 56;
const margin = { top: 46, right: 26, bottom: 38, left: 50 };
const colours = ["first", "second"] as const;

/** Panels side by side under one title. */
export function lineCharts(title: string, subtitle: string, panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / columns);
  const drawn = panels.map((panel, index) => {
    const x = (index % columns) * panelWidth;
    const y = headerHeight + Math.floor(index / columns) * panelHeight;
    return element("g", { transform: `translate(${x} ${y})` }, ...drawPanel(panel));
  });
  return picture(width, headerHeight + rows * panelHeight + 4, title, [
    label(16, 27, title, { kind: "title" }),
    label(16, 45, subtitle, { kind: "note" }),
    ...drawn,
  ]);
}

function drawPanel({ title, axis, unit, logarithmic, series }: Panel): string[] {
  const points = series.flatMap((one) => one.points);
  const xs = [...new Set(points.map((point) => point.x))];
  const domain = [Math.min(...xs), Math.max(...xs)];
  const range = [margin.left + 14, panelWidth - margin.right];
  const x = logarithmic
    ? scaleLog().domain(domain).range(range)
    : scaleLinear()
        .domain(domain)
        .range([margin.left, panelWidth - margin.right]);
  const y = scaleLinear()
    .domain([0, Math.max(...points.map((point) => point.high)) * 1.12])
    .nice(4)
    .range([panelHeight - margin.bottom, margin.top]);

  const grid = y.ticks(4).flatMap((value) => [
    element("line", {
      x1: margin.left,
      x2: panelWidth - margin.right + 10,
      y1: y(value),
      y2: y(value),
      class: value === 0 ? "axis" : "grid",
    }),
    label(margin.left - 6, y(value) + 4, value.toLocaleString("en"), { anchor: "end", kind: "note" }),
  ]);
  const ticks = logarithmic ? xs : x.ticks(6);
  const bottom = ticks.map((value) =>
    label(x(value), panelHeight - margin.bottom + 15, value.toLocaleString("en"), {
      anchor: "middle",
      kind: "note",
    }),
  );
  return [
    label(16, 16, title, { kind: "heading" }),
    label(margin.left - 6, margin.top - 12, unit, { anchor: "end", kind: "note" }),
    ...legend(series),
    ...grid,
    ...bottom,
    label(panelWidth - margin.right, panelHeight - 8, axis, { anchor: "end", kind: "note" }),
    // The first one last, on top of the others, and alone with its values.
    ...series
      .map((one, index) =>
        drawSeries(one, colours[index] ?? "second", x, y, { dots: logarithmic, values: index === 0 }),
      )
      .toReversed()
      .flat(),
  ];
}

function drawSeries(
  { points }: Series,
  colour: string,
  x: (value: number) => number,
  y: (value: number) => number,
  show: { readonly dots: boolean; readonly values: boolean },
): string[] {
  const band = area<LinePoint>(
    (point) => x(point.x),
    (point) => y(point.low),
    (point) => y(point.high),
  )([...points]);
  const path = line<LinePoint>(
    (point) => x(point.x),
    (point) => y(point.y),
  )([...points]);
  const dots = points.map((point) =>
    element("circle", { cx: x(point.x), cy: y(point.y), r: 3.5, class: `dot ${colour}` }),
  );
  const values = points.map((point) =>
    label(x(point.x), y(point.high) - 7, threeDigits(point.y), { anchor: "middle", kind: "value" }),
  );
  return [
    element("path", { d: band ?? "", class: `band ${colour}` }),
    element("path", { d: path ?? "", class: `line ${colour}` }),
    ...(show.dots ? dots : []),
    ...(show.dots && show.values ? values : []),
  ];
}

function legend(series: readonly Series[]): string[] {
  if (series.length < 2) return [];
  return series.flatMap((one, index) => {
    const x = margin.left + 8 + index * 90;
    return [
      element("rect", {
        x,
        y: margin.top - 21,
        width: 10,
        height: 10,
        rx: 2,
        class: `mark ${colours[index] ?? "second"}`,
      }),
      label(x + 15, margin.top - 12, one.label, { kind: "note" }),
    ];
  });
}

function threeDigits(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString("en")
    : value >= 10
      ? value.toFixed(1)
      : value.toFixed(2);
}
