import { expect, test } from "vitest";
import type { Runtime } from "velaros-protocol";
import { TokenBucket } from "velaros-protocol/internal";
import { ManualRuntime } from "../../../../test/support/manual-runtime.ts";
import { messagesPerLook, ReadPace } from "./read-pace.ts";
import { nodeRuntime } from "./runtime.ts";
import { resolveSettings } from "./settings.ts";

test("A bucket gives its burst at once, its rate afterwards, and lends against waiting", () => {
  const bucket = new TokenBucket(100, 10, 0);
  expect(bucket.take(10, 0)).toBe(0);
  expect(bucket.take(1, 0)).toBeCloseTo(10);
  expect(bucket.take(1, 20)).toBeCloseTo(0);
  expect(bucket.take(5, 20)).toBeCloseTo(50);
  expect(bucket.take(10, 1_000_000)).toBe(0);
  expect(bucket.tryTake(1_000_000)).toBe(false);
  expect(bucket.tryTake(1_000_010)).toBe(true);
});

/** A connection of which the given number of messages is there to be read in each second that it is being read. */
function simulate(perSecond: number, seconds: number): { readonly exceededAtMs: number | undefined } {
  let nowMs = 0;
  let resumeAtMs = 0;
  let exceededAtMs: number | undefined;
  let resume: () => void = () => undefined;
  const runtime: Runtime = {
    ...nodeRuntime,
    nowMs: () => nowMs,
    setTimer(delayMs, callback) {
      resumeAtMs = nowMs + delayMs;
      resume = callback;
      return { cancel: () => undefined };
    },
  };
  let isStopped = false;
  let backlog = 0;
  let frames = 0;
  const settings = resolveSettings({ runtime });
  const pace = new ReadPace(
    { runtime, settings },
    {
      bytesRead: 0,
      slowDown: (stop) => (isStopped = stop),
      rateExceeded: () => (exceededAtMs ??= nowMs),
    },
  );
  for (; nowMs < seconds * 1_000 && exceededAtMs === undefined; nowMs += 10) {
    backlog += perSecond / 100;
    if (isStopped && nowMs >= resumeAtMs) resume();
    while (!isStopped && backlog >= 1) {
      backlog--;
      if (++frames % messagesPerLook(settings) === 0) pace.look();
    }
  }
  return { exceededAtMs };
}

test("A client below its rate is left alone for ever, one above it is given up after ten seconds", () => {
  expect(simulate(900, 120).exceededAtMs).toBeUndefined();
  expect(simulate(50, 120).exceededAtMs).toBeUndefined();
  for (const perSecond of [2_000, 100_000]) {
    const { exceededAtMs } = simulate(perSecond, 120);
    expect(exceededAtMs).toBeGreaterThanOrEqual(10_000);
    expect(exceededAtMs).toBeLessThan(16_000);
  }
});

/** A pace of bytes on a connection that messages come over when the test says so. */
function startBytePace(bytesBefore: number): {
  /** A message comes in after that time; returns for how long the connection is not read then. */
  message(bytes: number, afterMs: number): number;
  readonly exceeded: boolean;
} {
  const time = new ManualRuntime();
  const settings = resolveSettings({ bytesPerSecond: 10_000, byteBurst: 40_000, runtime: time });
  let bytesRead = bytesBefore;
  let exceeded = false;
  let isStopped = false;
  const connection = {
    get bytesRead() {
      return bytesRead;
    },
    slowDown: (stop: boolean) => void (isStopped = stop),
    rateExceeded: () => void (exceeded = true),
  };
  const pace = new ReadPace({ runtime: time, settings }, connection);
  return {
    message(bytes, afterMs) {
      time.jump(afterMs);
      bytesRead += bytes;
      pace.look();
      const since = time.nowMs();
      while (isStopped) time.jump(10);
      return time.nowMs() - since;
    },
    get exceeded() {
      return exceeded;
    },
  };
}

test("For one message, however large, a client is not read for longer than the patience, and is not given up", () => {
  const pace = startBytePace(0);
  const mebibyte = 1024 * 1024;

  expect(pace.message(mebibyte, 0)).toBe(10_000);
  // What it was not read for is paid.
  expect(pace.message(1, 1_000)).toBe(0);
  expect(pace.message(mebibyte, 100)).toBe(10_000);
  expect(pace.exceeded).toBe(false);

  // A client that has been read twice, and sends again faster than it may, is another matter.
  pace.message(mebibyte, 100);
  expect(pace.exceeded).toBe(true);
});

test("A client that sends large messages at its rate is never given up", () => {
  const pace = startBytePace(0);
  for (let count = 0; count < 20; count++) pace.message(1024 * 1024, 95_000);
  expect(pace.exceeded).toBe(false);
});

test("The bytes of the handshake are not charged", () => {
  const pace = startBytePace(16_000);
  expect(pace.message(40_000, 0)).toBe(0);
});
