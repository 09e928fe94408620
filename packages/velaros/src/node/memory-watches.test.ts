import { expect, test } from "vitest";
import { MemoryWatches } from "./memory-watches.ts";
import { nodeRuntime } from "./runtime.ts";

test("endpoints with the same limits share a watch, others have one of their own", () => {
  const watches = new MemoryWatches();
  const limits = {
    refuseAboveMemoryPercent: 80,
    closeAboveMemoryPercent: 90,
    maxProcessMemoryBytes: 1_000_000_000,
    runtime: nodeRuntime,
  };
  const watch = watches.of(limits);

  expect(watches.of({ ...limits })).toBe(watch);
  for (const other of [
    { refuseAboveMemoryPercent: 70 },
    { closeAboveMemoryPercent: Infinity },
    { maxProcessMemoryBytes: Infinity },
    { runtime: { ...nodeRuntime } },
  ]) {
    expect(watches.of({ ...limits, ...other })).not.toBe(watch);
  }
});
