import { expect, test } from "vitest";
import { seededRandom } from "../../../../test/simulation/random.ts";
import { VirtualProcess, VirtualTime } from "../../../../test/simulation/virtual-time.ts";
import { AnnouncementPace } from "./announcement-pace.ts";

function createPace() {
  const time = new VirtualTime();
  const { runtime } = new VirtualProcess("announcer", time, seededRandom(1));
  const saidAtMs: number[] = [];
  const pace = new AnnouncementPace(runtime, () => saidAtMs.push(time.nowMs));
  return { time, pace, saidAtMs };
}

test("what several ask in one turn is said once, at its end", async () => {
  const { time, pace, saidAtMs } = createPace();
  pace.soon();
  pace.soon();
  expect(saidAtMs).toEqual([]);
  await time.run(1_000);

  expect(saidAtMs).toEqual([0]);
});

test("a few are answered at once, a crowd five times a second", async () => {
  const { time, pace, saidAtMs } = createPace();
  for (let asked = 0; asked < 1_000; asked++) time.schedule(asked, () => pace.soon());
  await time.run(2_000);

  expect(saidAtMs.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
  expect(saidAtMs.length).toBeLessThanOrEqual(11);
  expect(saidAtMs.at(-1)).toBeGreaterThanOrEqual(999);
});

test("after a quiet second there is room for a few again", async () => {
  const { time, pace, saidAtMs } = createPace();
  for (let asked = 0; asked < 10; asked++) time.schedule(asked, () => pace.soon());
  await time.run(3_000);
  saidAtMs.length = 0;
  for (let asked = 0; asked < 5; asked++) time.schedule(asked, () => pace.soon());
  await time.run(5);

  expect(saidAtMs).toHaveLength(5);
});

test("what still waits when it is stopped is never said", async () => {
  const { time, pace, saidAtMs } = createPace();
  for (let asked = 0; asked < 10; asked++) time.schedule(asked, () => pace.soon());
  await time.run(20);
  pace.stop();
  await time.run(1_000);

  expect(saidAtMs).toHaveLength(5);
});
