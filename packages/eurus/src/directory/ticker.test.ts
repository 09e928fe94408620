import type { Runtime, Timer } from "velaros-protocol";
import { expect, test } from "vitest";
import { startTicks } from "./ticker.ts";

/** A loop that runs only when told: due timers first, then what was deferred, as Node does. */
class ManualLoop implements Pick<Runtime, "setTimer" | "defer"> {
  now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();
  #deferred: (() => void)[] = [];

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.now + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  turn(passedMs: number, input: () => void = () => {}): void {
    this.now += passedMs;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.now) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
    input();
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const callback of deferred) callback();
  }
}

test("a tick comes after the input that was waiting, and a loop that stood still has passed one tick [fault:W7 fault:T1]", () => {
  const loop = new ManualLoop();
  const order: string[] = [];
  const stop = startTicks(loop, () => order.push("tick"));

  loop.turn(250, () => order.push("input"));
  loop.turn(60_000, () => order.push("input"));
  loop.turn(100);
  expect(order).toEqual(["input", "tick", "input", "tick"]);
  stop();
  loop.turn(1_000);

  expect(order).toHaveLength(4);
});
