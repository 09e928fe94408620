import { expect, onTestFinished, test } from "vitest";
import { Program } from "../nats/process-fleet.ts";
import { NatsServer, natsTest } from "../support/nats-server.ts";
import { handshake, maskedFrame, RawClient } from "../support/raw-client.ts";
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
const visitsOverNats = isLong ? 100_000 : 4_000;
/** How many of them it takes until all code is compiled and all caches are full. */
const firstVisits = 5_000;
const firstVisitsOverNats = isLong ? 5_000 : 2_000;

test(`${visits} clients that come and go leave nothing behind [fault:T3]`, async () => {
  const program = await start();
  await program.ask("comeAndGo", firstVisits);
  const before = await holdings(program);
  expect(before).toMatchObject({ gatewaySockets: 0, serviceSockets: 0, pins: 0, instances: 1 });

  await program.ask("comeAndGo", visits - firstVisits);

  expectSame(await holdings(program), before);
}, 300_000);

/** Clients from out of this process that come, ask once, and go: by closing, by leaving, or as if a cable was cut. */
async function comeAndGo(port: number, count: number): Promise<void> {
  let left = count;
  const visitors = Array.from({ length: 64 }, async () => {
    while (left > 0) await visit(port, left--);
  });
  await Promise.all(visitors);
}

const knock = Buffer.concat([
  Buffer.from(handshake({}, "GET /ws HTTP/1.1")),
  maskedFrame(0x1, Buffer.from('{"id":"1","path":"/work"}')),
]);

async function visit(port: number, number: number): Promise<void> {
  using client = await RawClient.connect(port);
  client.socket.write(knock);
  await client.until(() => client.texts.length === 1);
  if (number % 3 === 0) client.sendClose(1000);
  else if (number % 3 === 1) client.socket.end();
  else client.socket.resetAndDestroy();
  await client.untilClosed();
}

natsTest(
  `${visitsOverNats} clients that come and go leave nothing behind with NATS between gateway and service [fault:T3]`,
  async () => {
    await using server = await NatsServer.start();
    const program = await start({ servers: [server.url] });
    const port = await program.ask<number>("port");
    await comeAndGo(port, firstVisitsOverNats);
    const before = await holdings(program);
    const idle = { gatewaySockets: 0, serviceSockets: 0, pins: 0, instances: 1 };
    expect(before).toMatchObject(idle);
    expect(before.subscriptions).toBeGreaterThan(0);

    await comeAndGo(port, visitsOverNats - firstVisitsOverNats);

    expectSame(await holdings(program), before);
  },
  300_000,
);

test("two hundred instances that come and go leave nothing behind [fault:T3]", async () => {
  const program = await start();
  await program.ask("startAndStop", 40);
  const before = await holdings(program);
  expect(before).toMatchObject({ instances: 1, pins: 0 });

  await program.ask("startAndStop", 200);

  expectSame(await holdings(program), before);
}, 60_000);
