import { expect, test } from "vitest";

import { FaultyBus } from "./faulty-bus.ts";
import { seededRandom } from "./random.ts";
import { VirtualProcess, VirtualTime } from "./virtual-time.ts";

const bytes = (number: number): Uint8Array => Uint8Array.of(number);

function twoProcesses(seed = 1) {
  const time = new VirtualTime();
  const random = seededRandom(seed);
  const bus = new FaultyBus(time, random.fork("bus"));
  const left = new VirtualProcess("left", time, random.fork("left"));
  const right = new VirtualProcess("right", time, random.fork("right"));
  return { time, bus, left, right, from: bus.connect(left), to: bus.connect(right) };
}

test("virtual time runs events by their due time and lets promises settle in between", async () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  time.schedule(20, () => seen.push("later"));
  time.schedule(10, () => {
    seen.push("first");
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => seen.push("its promise"));
  });
  time.schedule(10, () => seen.push("second"));
  time.schedule(10, () => seen.push("never")).cancel();

  await time.run(15);
  expect(seen).toEqual(["first", "its promise", "second"]);
  await time.run(5);

  expect(seen.at(-1)).toBe("later");
  expect(time.nowMs).toBe(20);
});

test("a paused process catches up in order, a killed one never does", async () => {
  const time = new VirtualTime();
  const process = new VirtualProcess("one", time, seededRandom(1));
  const seen: number[] = [];
  process.runtime.setTimer(10, () => seen.push(1));
  process.runtime.setTimer(20, () => seen.push(2));
  process.runtime.setTimer(200, () => seen.push(3));
  process.pause();

  await time.run(100);
  expect(seen).toEqual([]);
  process.resume();
  await time.run(10);
  expect(seen).toEqual([1, 2]);
  process.kill();
  await time.run(1_000);

  expect(seen).toEqual([1, 2]);
});

test("a healthy bus keeps the order of a publisher and reports when nobody is there", async () => {
  const { time, from, to } = twoProcesses();
  const received: number[] = [];
  const reported: string[] = [];
  to.subscribe("a.*.c", ({ payload }) => received.push((payload as Uint8Array)[0] ?? -1));
  from.subscribe("nr.>", ({ subject }) => reported.push(subject));
  for (let number = 0; number < 50; number++) from.publish("a.b.c", bytes(number), "nr.heard");
  from.publish("a.b", bytes(99), "nr.unheard.1");

  await time.run(100);

  expect(received).toEqual(Array.from({ length: 50 }, (_, index) => index));
  expect(reported).toEqual(["nr.unheard.1"]);
});

test("a faulty bus loses, repeats and reorders, the same way for the same seed", async () => {
  const run = async (seed: number): Promise<readonly number[]> => {
    const { time, bus, from, to } = twoProcesses(seed);
    bus.setFaults({ loss: 0.1, duplication: 0.1, reordering: 0.1 });
    const received: number[] = [];
    to.subscribe("a.>", ({ payload }) => received.push((payload as Uint8Array)[0] ?? -1));
    for (let number = 0; number < 200; number++) {
      from.publish("a.b", bytes(number));
      await time.run(1);
    }
    await time.run(1_000);
    return received;
  };

  const first = await run(7);
  const again = await run(7);
  const other = await run(8);

  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(new Set(first).size).toBeLessThan(200);
  expect(new Set(first).size).toBeLessThan(first.length);
  expect(first).not.toEqual(first.toSorted((a, b) => a - b));
});

test("nothing passes while the server is away, and everybody learns of it", async () => {
  const { time, bus, from, to } = twoProcesses();
  const statuses: string[] = [];
  const received: number[] = [];
  from.onStatus((status) => statuses.push(status));
  to.subscribe("a", ({ payload }) => received.push((payload as Uint8Array)[0] ?? -1));

  bus.stop();
  await time.run(100);
  from.publish("a", bytes(1));
  await expect(from.flush()).rejects.toThrow("away");
  bus.start();
  await time.run(1_000);
  from.publish("a", bytes(2));
  await time.run(100);

  expect(statuses).toEqual(["disconnected", "connected"]);
  expect(received).toEqual([2]);
});
