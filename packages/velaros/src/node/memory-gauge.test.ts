import { expect, test } from "vitest";
import { MemoryGauge } from "./memory-gauge.ts";

const marks = { refuseAboveMemoryPercent: 80, closeAboveMemoryPercent: 90 };

/** What a gauge says of a row of percentages: may come, `full`, or how much is too much. */
function saidOf(percentages: readonly number[], gauge = new MemoryGauge(marks)): unknown[] {
  return percentages.map((percent) => {
    gauge.see({ usedBytes: percent * 10, limitBytes: 1_000 });
    if (gauge.excessBytes > 0) return gauge.excessBytes;
    return gauge.refuses ? "full" : "free";
  });
}

test("a mark counts when it is exceeded, and until there is a sixteenth less", () => {
  expect(saidOf([80, 81, 76, 75, 74, 80])).toEqual(["free", "full", "full", "free", "free", "free"]);
});

test("above the higher mark it says how much has to go, until there is a sixteenth less", () => {
  expect(saidOf([90, 91, 89, 84, 89])).toEqual(["full", 66.25, 46.25, "full", "full"]);
});

test("what is only kept for later refuses nobody, but is the limit near, what is used has to make room", () => {
  const gauge = new MemoryGauge(marks);
  const see = (usedBytes: number): unknown => {
    gauge.see({ usedBytes, keptBytes: 910, limitBytes: 1_000 });
    return [gauge.refuses, gauge.excessBytes > 0];
  };

  expect([700, 820, 850].map(see)).toEqual([
    [false, false],
    [true, false],
    [true, true],
  ]);
});

test("what is not held against new clients is enough to let them come, whatever the mark is rounded to", () => {
  for (const limitBytes of [1, 7, 1_000_003, 25_276_502_016]) {
    for (const refuseAboveMemoryPercent of [1, 33.3, 79.9, 80]) {
      const gauge = new MemoryGauge({ ...marks, refuseAboveMemoryPercent });
      const use = { usedBytes: limitBytes, limitBytes };
      gauge.see(use);
      expect(gauge.refuses).toBe(true);

      gauge.see(use, gauge.refusedForBytes);

      expect(gauge.refuses).toBe(false);
    }
  }
});

test("the lower of both marks is the one that can be near", () => {
  const near = (refuseAboveMemoryPercent: number, closeAboveMemoryPercent: number): boolean[] => {
    const gauge = new MemoryGauge({ refuseAboveMemoryPercent, closeAboveMemoryPercent });
    return [600, 601].map((usedBytes) => {
      gauge.see({ usedBytes, limitBytes: 1_000 });
      return gauge.isNear;
    });
  };

  expect([near(80, 90), near(Infinity, 80), near(Infinity, Infinity)]).toEqual([
    [false, true],
    [false, true],
    [false, false],
  ]);
});

test("infinite marks are never exceeded, not even by more than there is", () => {
  const off = { refuseAboveMemoryPercent: Infinity, closeAboveMemoryPercent: Infinity };

  expect(saidOf([1, 99, 200, 1], new MemoryGauge(off))).toEqual(["free", "free", "free", "free"]);
});

test("what was seen can be forgotten", () => {
  const gauge = new MemoryGauge(marks);
  saidOf([95], gauge);

  gauge.forget();

  expect([gauge.refuses, gauge.excessBytes, gauge.use]).toEqual([false, 0, undefined]);
  expect(saidOf([78], gauge)).toEqual(["free"]);
});
