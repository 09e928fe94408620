import { expect, test } from "vitest";
import { Seldom } from "./seldom.ts";

test("the same is said once a minute, and something else at once", () => {
  const seldom = new Seldom();

  expect([0, 1, 59_999, 60_000, 60_001].map((nowMs) => seldom.allows("a", nowMs))).toEqual([
    true,
    false,
    false,
    true,
    false,
  ]);
  expect(seldom.allows("b", 60_001)).toBe(true);
});

test("ever new things are bounded too, and have room again a minute later", () => {
  const seldom = new Seldom();
  const said = (nowMs: number): number =>
    Array.from({ length: 1_000 }, (_, index) => seldom.allows(`${nowMs} ${index}`, nowMs)).filter(Boolean)
      .length;

  expect(said(0)).toBe(256);
  expect(said(30_000)).toBe(0);
  expect(said(60_000)).toBe(256);
});
