import { expect, test } from "vitest";
import { PathCache } from "./path-cache.ts";

test("a cache never holds more entries than its limit, and keeps what is asked for", () => {
  const cache = new PathCache<number>({ entries: 100 });
  cache.set("/kept", 0);
  for (let path = 1; path <= 10_000; path += 1) {
    cache.set(`/attack/${path}`, path);
    expect(cache.get("/kept")).toBe(0);
    expect(cache.size).toBeLessThanOrEqual(100);
  }
  expect(cache.get("/attack/1")).toBeUndefined();
});

test("long paths fill a cache by their size, and very long ones do not enter", () => {
  const cache = new PathCache<number>({ entries: 1_000, bytes: 64 * 1024, pathLength: 1_000 });
  for (let path = 0; path < 1_000; path += 1) cache.set(String(path).padEnd(1_000, "x"), path);

  expect(cache.size).toBeLessThan(40);
  cache.set("y".repeat(1_001), 1);
  expect(cache.get("y".repeat(1_001))).toBeUndefined();
});

test("a cleared cache is empty", () => {
  const cache = new PathCache<number>();
  cache.set("/a", 1);
  cache.clear();
  expect(cache.get("/a")).toBeUndefined();
  expect(cache.size).toBe(0);
});
