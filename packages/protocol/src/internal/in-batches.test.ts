import { expect, test } from "vitest";
import { seededRandom } from "../../../../test/simulation/random.ts";
import { VirtualProcess, VirtualTime } from "../../../../test/simulation/virtual-time.ts";
import { inBatches } from "./in-batches.ts";

test("the first batch is dealt with at once, each further one after a pause of half to one and a half times its length", async () => {
  const time = new VirtualTime();
  const { runtime } = new VirtualProcess("closing", time, seededRandom(7));
  const dealtWithAtMs = new Map<number, number>();
  let isDone = false;

  void inBatches(runtime, [1, 2, 3, 4, 5], { size: 2, pauseMs: 100 }, (item) => {
    dealtWithAtMs.set(item, time.nowMs);
  }).then(() => (isDone = true));
  expect([...dealtWithAtMs.keys()]).toEqual([1, 2]);
  await time.run(1_000);

  expect(isDone).toBe(true);
  const [first, , second = 0, , third = 0] = [...dealtWithAtMs.values()];
  expect(first).toBe(0);
  for (const pauseMs of [second, third - second]) {
    expect(pauseMs).toBeGreaterThanOrEqual(50);
    expect(pauseMs).toBeLessThan(150);
  }
  expect([...dealtWithAtMs.keys()]).toEqual([1, 2, 3, 4, 5]);
});

test("with nobody to deal with it is over at once", async () => {
  const { runtime } = new VirtualProcess("closing", new VirtualTime(), seededRandom(1));

  await inBatches(runtime, [], { size: 2, pauseMs: 100 }, () => expect.unreachable());
});
