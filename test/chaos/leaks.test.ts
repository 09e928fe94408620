import { expect, onTestFinished, test } from "vitest";
import { Program } from "../nats/process-fleet.ts";
import { eventually } from "./chaos-fleet.ts";
import type { AllInOneConfig, Holdings } from "./programs/all-in-one.ts";
import { isLong } from "./scale.ts";

async function start(config: AllInOneConfig = {}): Promise<Program> {
  const program = new Program("../../chaos/programs/all-in-one.ts", config);
  onTestFinished(() => program.kill());
  await program.ready();
  return program;
}

/** What the process holds on to once it has become quiet. */
async function holdings(program: Program): Promise<Holdings> {
  let last = await program.ask<Holdings>("holdings");
  const settles = async (): Promise<boolean> => {
    const now = await program.ask<Holdings>("holdings");
    const isQuiet = Math.abs(now.heapBytes - last.heapBytes) < 64 * 1024;
    last = now;
    return isQuiet;
  };
  await expect.poll(settles, { ...eventually, interval: 500 }).toBe(true);
  return last;
}

/** Tables, timers, sockets and subscriptions are what they were, and so is the heap, give or take its own noise. */
function expectSame(after: Holdings, before: Holdings): void {
  const { heapBytes, ...rest } = after;
  const { heapBytes: heapBefore, ...restBefore } = before;
  expect(rest).toEqual(restBefore);
  expect(heapBytes).toBeLessThan(heapBefore * 1.05);
}

const visits = isLong ? 100_000 : 10_000;
/** How many of them it takes until all code is compiled and all caches are full. */
const firstVisits = 5_000;

test(`${visits} clients that come and go leave nothing behind [fault:T3]`, async () => {
  const program = await start();
  await program.ask("comeAndGo", firstVisits);
  const before = await holdings(program);
  expect(before).toMatchObject({ gatewaySockets: 0, serviceSockets: 0, pins: 0, instances: 1 });

  await program.ask("comeAndGo", visits - firstVisits);

  expectSame(await holdings(program), before);
}, 300_000);

test("two hundred instances that come and go leave nothing behind [fault:T3]", async () => {
  const program = await start();
  await program.ask("startAndStop", 40);
  const before = await holdings(program);
  expect(before).toMatchObject({ instances: 1, pins: 0 });

  await program.ask("startAndStop", 200);

  expectSame(await holdings(program), before);
}, 60_000);
