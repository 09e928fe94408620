import { expect, test } from "vitest";
import { AnnouncementGate } from "./announcement-gate.ts";
import { Leases } from "./leases.ts";

function tickUntilEnd<Key>(leases: Leases<Key>, ticks: number): Key[] {
  return Array.from({ length: ticks }, () => leases.tick()).flat();
}

test("a lease ends as many ticks after the last renewal as its duration has, and only then", () => {
  const leases = new Leases<string>(5_000);
  leases.renew("a");

  expect(tickUntilEnd(leases, 19)).toEqual([]);
  leases.renew("a");
  expect(tickUntilEnd(leases, 19)).toEqual([]);
  expect(leases.tick()).toEqual(["a"]);
  expect(tickUntilEnd(leases, 100)).toEqual([]);
});

test("leases end in the order of their renewal, dropped ones silently", () => {
  const leases = new Leases<string>(1_000);
  for (const key of ["a", "b", "c"]) leases.renew(key);
  leases.renew("a");
  leases.drop("b");

  expect(tickUntilEnd(leases, 4)).toEqual(["c", "a"]);
});

test("while the bus is away and for 3 s after its return no lease ends", () => {
  const leases = new Leases<string>(5_000);
  leases.renew("silent");
  leases.renew("heard");
  tickUntilEnd(leases, 19);

  leases.freeze();
  expect(tickUntilEnd(leases, 10_000)).toEqual([]);
  leases.thaw();
  expect(tickUntilEnd(leases, 12)).toEqual([]);
  leases.renew("heard");

  expect(leases.tick()).toEqual(["silent"]);
});

test("a gate lets each announcer speak so often a second, and counts only so many announcers [fault:S11]", () => {
  const gate = new AnnouncementGate(3, 2);
  const flood = Array.from({ length: 100_000 }, () => gate.allows("a"));

  expect(flood.filter(Boolean)).toHaveLength(3);
  expect(gate.allows("b")).toBe(true);
  expect(gate.allows("c")).toBe(false);
  for (let tick = 0; tick < 4; tick += 1) gate.tick();
  expect(gate.allows("c")).toBe(true);
  expect(gate.allows("a")).toBe(true);
});
