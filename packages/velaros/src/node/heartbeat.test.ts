import { expect, test } from "vitest";
import { openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { ManualRuntime } from "../../../../test/support/manual-runtime.ts";
import { RawClient } from "../../../../test/support/raw-client.ts";
import type { Beating } from "./heartbeat.ts";
import { Heartbeat } from "./heartbeat.ts";
import { nodeRuntime } from "./runtime.ts";

class Member implements Beating {
  bucket = -1;
  readonly beats: number[] = [];
  readonly checks: number[] = [];
  watches = 0;

  beat(tick: number): void {
    this.beats.push(tick);
  }

  checkBeat(tick: number): void {
    this.checks.push(tick);
  }

  watch(): boolean {
    return ++this.watches < 3;
  }
}

test("Members are beaten once per interval and checked one time-out later", () => {
  const runtime = new ManualRuntime();
  const heartbeat = new Heartbeat<Member>(runtime, {
    pingIntervalMs: 25_000,
    pongTimeoutMs: 10_000,
    shortestWatchMs: 5_000,
  });
  const member = new Member();
  heartbeat.add(member);
  for (let second = 0; second < 90; second++) runtime.jump(1_000);
  expect(member.beats).toEqual([25, 50, 75]);
  expect(member.checks).toEqual([10, 35, 60, 85]);
  heartbeat.delete(member);
  expect(runtime.timers).toBe(0);
});

test("However long the process stands still, it counts as one tick [fault:W7]", () => {
  const runtime = new ManualRuntime();
  const heartbeat = new Heartbeat<Member>(runtime, {
    pingIntervalMs: 25_000,
    pongTimeoutMs: 10_000,
    shortestWatchMs: 5_000,
  });
  const member = new Member();
  heartbeat.add(member);
  for (let second = 0; second < 25; second++) runtime.jump(1_000);
  expect(member.beats).toEqual([25]);
  runtime.jump(3_600_000);
  runtime.jump(1_000);
  expect(member.checks).toEqual([10]);
  heartbeat.delete(member);
});

test("A watched member is looked at on every tick until it says so", () => {
  const runtime = new ManualRuntime();
  const heartbeat = new Heartbeat<Member>(runtime, {
    pingIntervalMs: 0,
    pongTimeoutMs: 10_000,
    shortestWatchMs: 5_000,
  });
  const member = new Member();
  heartbeat.add(member);
  heartbeat.watch(member);
  for (let second = 0; second < 10; second++) runtime.jump(1_000);
  expect(member.watches).toBe(3);
  expect(member.beats).toEqual([]);
  heartbeat.delete(member);
});

test("A peer that falls silent is closed with 1001 and cut a second later [fault:C9]", async () => {
  await using edge = await startEdge({ pingIntervalMs: 50, pongTimeoutMs: 50 });
  using client = await RawClient.open(edge.port, true);
  const inlet = await edge.host.single();
  await client.until(() => client.closeFrame !== undefined);
  expect(client.frames[0]?.opcode).toBe(0x9);
  expect(client.closeFrame).toEqual({ code: 1001, reason: "ping timeout" });
  expect(inlet.ends).toEqual([{ status: 1001, reason: "ping timeout", source: "server" }]);
  await expect.poll(() => edge.listening.size, { timeout: 3_000 }).toBe(0);
  expect(inlet.ends.length).toBe(1);
});

test("Peers that answer pings stay, also when the process stood still [fault:W7]", async () => {
  await using edge = await startEdge({ pingIntervalMs: 40, pongTimeoutMs: 120 });
  const clients = await Promise.all(Array.from({ length: 20 }, () => openWebSocket(edge.listening.url)));
  let pings = 0;
  for (const client of clients) client.on("ping", () => pings++);
  for (let round = 1; round <= 3; round++) {
    await expect.poll(() => pings).toBeGreaterThanOrEqual(round * 2 * clients.length);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  await expect.poll(() => pings).toBeGreaterThanOrEqual(8 * clients.length);
  expect(edge.listening.size).toBe(clients.length);
  expect(edge.host.inlets.flatMap(({ ends }) => ends)).toEqual([]);
  for (const client of clients) client.terminate();
});

test("Without an interval nothing is pinged", async () => {
  await using edge = await startEdge({ pingIntervalMs: 0, pongTimeoutMs: 10 });
  using client = await RawClient.open(edge.port);
  await new Promise<void>((resolve) => nodeRuntime.setTimer(100, resolve));
  client.text("still here");
  await client.until(() => client.texts.length === 1);
  expect(client.frames.length).toBe(1);
});

test("Pings keep their interval when an answer may take longer than that", async () => {
  await using edge = await startEdge({ pingIntervalMs: 40, pongTimeoutMs: 60_000 });
  const client = await openWebSocket(edge.listening.url);
  let pings = 0;
  client.on("ping", () => pings++);

  await expect.poll(() => pings, { timeout: 5_000 }).toBeGreaterThanOrEqual(5);

  client.terminate();
});
