import { drawCharts } from "./charts.ts";

/** Brings charts and tables of docs/performance.md up to date with the results. */
export function drawDocs(root: string): void {
  drawCharts(root);
}
