import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryInUse } from "./memory-in-use.ts";

/** What is said to be in use at each of these looks: at the whole process, its heap, and its buffers. */
function inUse(looks: readonly (readonly [rss: number, heapTotal: number, external: number])[]): number[] {
  const memory = new MemoryInUse();
  return looks.map(([rss, heapTotal, external]) => memory.of({ rss, heapTotal, external }));
}

test("what is left from buffers that are gone is not in use", () => {
  expect(
    inUse([
      [100, 50, 10],
      [500, 50, 410],
      [500, 50, 10],
      [500, 50, 110],
    ]),
  ).toEqual([100, 500, 100, 200]);
});

test("what grows elsewhere, in threads or addons, is in use", () => {
  expect(
    inUse([
      [100, 50, 10],
      [900, 50, 10],
      [950, 100, 10],
      [150, 100, 10],
    ]),
  ).toEqual([100, 900, 950, 150]);
});

test("of what is both left from buffers and grown elsewhere, the part that buffers never took is in use", () => {
  expect(
    inUse([
      [100, 50, 10],
      [300, 50, 210],
      [800, 50, 10],
    ]),
  ).toEqual([100, 300, 600]);
});

test("a large buffer that nobody has written to hides nothing, neither then nor later", () => {
  expect(
    inUse([
      [100, 50, 10],
      [100, 50, 1_034],
      [1_124, 50, 1_034],
      [1_124, 50, 10],
      [2_124, 50, 10],
    ]),
  ).toEqual([100, 100, 1_124, 100, 1_100]);
});

test("whatever was there, no less is in use than heap and buffers have, and no more than the process has", () => {
  const look = fc.tuple(fc.nat(1_000), fc.nat(1_000), fc.nat(1_000));

  fc.assert(
    fc.property(fc.array(look), (looks) => {
      inUse(looks).forEach((used, index) => {
        const [rss, heapTotal, external] = looks[index] ?? [0, 0, 0];
        expect(used).toBeGreaterThanOrEqual(Math.min(rss, heapTotal + external));
        expect(used).toBeLessThanOrEqual(rss);
      });
    }),
  );
});
