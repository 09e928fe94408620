import type { Window } from "./shape.ts";

/** Durations of one measurement. */
export interface Timing {
  readonly rounds: number;
  /** Before the first round, to let the compilers of both sides settle. */
  readonly firstWarmupMs: number;
  /** Before every window. */
  readonly warmupMs: number;
  readonly windowMs: number;
}

/** Something that can be measured again and again: a server under load, or a client that measures itself. */
export interface Subject {
  readonly name: string;
  window(warmupMs: number, windowMs: number): Promise<Window>;
}

/** Measures the subjects in turn, round after round, so that what disturbs the machine disturbs all of them. */
export async function measureAlternately(
  subjects: readonly Subject[],
  timing: Timing,
): Promise<ReadonlyMap<string, readonly Window[]>> {
  const windows = new Map<string, Window[]>(subjects.map((subject) => [subject.name, []]));
  for (const subject of subjects) await subject.window(timing.firstWarmupMs, 100);
  for (let round = 0; round < timing.rounds; round++) {
    // Every other round backwards: nobody always comes after the same neighbour.
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) {
      windows.get(subject.name)?.push(await subject.window(timing.warmupMs, timing.windowMs));
    }
  }
  return windows;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Half the distance between the extremes, as a share of the median. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}
