import { expect, test } from "vitest";
import { inOneGo } from "./deferral.ts";

/** A deferral whose turns end when the test says so. */
function startDeferral(): {
  readonly defer: (callback: () => void) => void;
  endTurn(): void;
  readonly planned: number;
} {
  const planned: (() => void)[] = [];
  return {
    defer: inOneGo((run) => planned.push(run)),
    endTurn: () => planned.shift()?.(),
    get planned() {
      return planned.length;
    },
  };
}

test("What is deferred in one turn runs in order and in one go, what it defers itself in the next turn", () => {
  const deferral = startDeferral();
  const ran: string[] = [];
  deferral.defer(() => {
    ran.push("first");
    deferral.defer(() => ran.push("of the first"));
  });
  deferral.defer(() => ran.push("second"));
  expect(deferral.planned).toBe(1);
  deferral.endTurn();
  expect(ran).toEqual(["first", "second"]);
  expect(deferral.planned).toBe(1);
  deferral.endTurn();
  expect(ran).toEqual(["first", "second", "of the first"]);
  expect(deferral.planned).toBe(0);
});

test("One that throws is heard of, and neither loses nor delays the others behind what came later", () => {
  const deferral = startDeferral();
  const ran: string[] = [];
  deferral.defer(() => deferral.defer(() => ran.push("later")));
  deferral.defer(() => {
    throw new Error("thrown by a callback");
  });
  deferral.defer(() => ran.push("behind it"));
  expect(() => deferral.endTurn()).toThrow("thrown by a callback");
  expect(deferral.planned).toBe(1);
  deferral.endTurn();
  expect(ran).toEqual(["behind it", "later"]);
  deferral.endTurn();
  expect(deferral.planned).toBe(0);
});
