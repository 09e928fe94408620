import { expect, test } from "vitest";

import { simulate } from "./simulate.ts";
import type { Simulation } from "./simulate.ts";

const isLong = process.env["EURUS_LONG"] !== undefined;
const onlySeed = process.env["EURUS_SEED"];
const seeds = isLong ? 2_000 : 300;
const seedsPerTest = 50;
const timeoutMs = 300_000;

function report({ seed, scenario, faults, trace }: Simulation): string {
  return [
    `Seed ${seed} (${scenario.weather}) breaks promises. To run it alone: EURUS_SEED=${seed} npx vitest run test/simulation`,
    ...trace,
    ...faults.map(({ kind, detail }) => `${kind}: ${detail}`),
  ].join("\n");
}

async function expectFaultless(seed: number, trace: boolean): Promise<void> {
  const run = await simulate(seed, { trace });
  expect(run.messages).toBeGreaterThan(0);
  if (run.faults.length > 0) expect.fail(report(run));
}

if (onlySeed === undefined) {
  const starts = Array.from({ length: seeds / seedsPerTest }, (_, index) => index * seedsPerTest + 1);
  test.each(starts)(
    `a fleet keeps every promise in whatever 50 seeds from %i have in store`,
    async (from) => {
      for (let seed = from; seed < from + seedsPerTest; seed++) {
        await expectFaultless(seed, false);
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
} else {
  test(`seed ${onlySeed} keeps every promise`, () => expectFaultless(Number(onlySeed), true), timeoutMs);
}

/** Virtual time leaves no room for anything else: the test runner has to report now and then. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
