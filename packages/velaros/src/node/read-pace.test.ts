import { expect, test } from "vitest";
import type { Runtime } from "velaros-protocol";
import { TokenBucket } from "velaros-protocol/internal";
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
