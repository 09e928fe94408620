import type { PointResult } from "./reports.ts";

/** What a message costs at a point, without what is done also while nobody sends. */
export function costOf({ cpuMicros, idleMicros }: PointResult): number {
  return cpuMicros.median - (idleMicros?.median ?? 0);
}

/** The same, as a multiple of what it costs at the reference of the curve. */
export function costBeside(point: PointResult): number {
  return costOf(point) / (point.referenceMicros?.median ?? Number.NaN);
}
