import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { pingTimes } from "../ping-times.ts";
import { socketSettings } from "../router/options.ts";
import { nodeRuntime } from "./runtime.ts";
import { resolveSettings } from "./settings.ts";

test("Every limit has a default, and is on unless it says otherwise [quirk:Q38]", () => {
  const { maxConnections, maxProcessMemoryBytes, runtime, ...settings } = resolveSettings({});

  expect(settings).toEqual({
    path: undefined,
    origins: [],
    authenticate: undefined,
    authenticateTimeoutMs: 5_000,
    maxPendingAuthentications: 1_000,
    maxMessageBytes: 1_048_576,
    maxFragments: 1_024,
    maxBufferedChunks: 4_096,
    maxPendingPongs: 16,
    maxHeaders: 100,
    pingIntervalMs: 25_000,
    pongTimeoutMs: 10_000,
    pingTimeoutCutMs: 1_000,
    idleTimeoutMs: Infinity,
    maxConnectionAgeMs: Infinity,
    messageTimeoutMs: 30_000,
    messagesPerSecond: 1_000,
    messageBurst: 2_000,
    bytesPerSecond: Infinity,
    byteBurst: Infinity,
    ratePatienceMs: 10_000,
    sendWaitsAboveBytes: 1_048_576,
    maxBufferedBytes: 4_194_304,
    stallTimeoutMs: 10_000,
    pauseTimeoutMs: 30_000,
    closeTimeoutMs: 5_000,
    maxConnectionsPerAddress: Infinity,
    maxAcceptsPerSecond: Infinity,
    refuseAboveMemoryPercent: 80,
    closeAboveMemoryPercent: 90,
    trustedProxies: [],
    logger: undefined,
    onRefused: undefined,
  });
  expect(maxConnections).toBeGreaterThan(0);
  expect(maxConnections).toBeLessThanOrEqual(16_000);
  expect(maxProcessMemoryBytes).toBeGreaterThan(0);
  expect(maxProcessMemoryBytes).toBeLessThanOrEqual(totalmem());
  expect(runtime).toBe(nodeRuntime);
});

test("A router bounds its handlers per connection, and no wait for the client unless it is told to", () => {
  expect(socketSettings({}, nodeRuntime)).toEqual({
    runtime: nodeRuntime,
    unanswered: "error",
    requestTimeoutMs: 0,
    lifecycleTimeoutMs: 10_000,
    maxHandlersPerSocket: 64,
    maxWaitingMessages: 1_024,
  });
});

test("A time for pongs of zero stands for the ping interval", () => {
  expect(pingTimes({ pongTimeoutMs: 0 })).toEqual({ intervalMs: 25_000, timeoutMs: 25_000 });
  expect(resolveSettings({ pingIntervalMs: 7, pongTimeoutMs: 0 }).pongTimeoutMs).toBe(7);
});

test.each(["refuseAboveMemoryPercent", "closeAboveMemoryPercent"] as const)(
  "%s is a percentage and no share: 0.8 would send everybody away",
  (option) => {
    for (const percent of [0.8, 0, -1, 101, Number.NaN, "80" as unknown as number]) {
      expect(() => resolveSettings({ [option]: percent })).toThrow(
        "it must be a percentage from 1 to 100, such as 80, or Infinity for never.",
      );
    }
    for (const percent of [1, 80, 100, Infinity]) {
      expect(resolveSettings({ [option]: percent })[option]).toBe(percent);
    }
  },
);
