import { expect, test } from "vitest";

import { simulate } from "./simulate.ts";
import type { Simulation } from "./simulate.ts";

const isLong = process.env["EURUS_LONG"] !== undefined;
const onlySeed = process.env["EURUS_SEED"];
const seeds = isLong ? 2_000 : 300;
const timeoutMs = 300_000;

/** First and last seed of each test. */
const ranges: ReadonlyArray<readonly [number, number]> =
  onlySeed === undefined
    ? Array.from({ length: seeds / 50 }, (_, index) => [index * 50 + 1, index * 50 + 50] as const)
    : [[Number(onlySeed), Number(onlySeed)]];

test.each(ranges)(
  "a fleet keeps every promise in whatever the seeds %i to %i have in store",
  async (from, to) => {
    for (let seed = from; seed <= to; seed++) {
      const run = await simulate(seed, { trace: onlySeed !== undefined });
      expect(run.messages).toBeGreaterThan(0);
      expect(run.faults, report(run)).toEqual([]);
      await breathe();
    }
  },
  timeoutMs,
);

test("the same seed gives the same history, event by event", async () => {
  for (const seed of [3, 23, 385, 2118]) {
    const first = await simulate(seed);
    const second = await simulate(seed);
    expect(second.hash).toBe(first.hash);
  }
  expect((await simulate(3)).hash).not.toBe((await simulate(4)).hash);
});

/** What to read when a seed fails, and how to run it alone. */
function report({ seed, scenario, faults, trace }: Simulation): string {
  return [
    `Seed ${seed} (${scenario.weather}) breaks promises. To run it alone: EURUS_SEED=${seed} npx vitest run test/simulation/simulation.test.ts`,
    ...trace,
    ...faults.map(({ kind, detail }) => `${kind}: ${detail}`),
  ].join("\n");
}

/** Virtual time leaves no room for anything else: the test runner has to report now and then. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
