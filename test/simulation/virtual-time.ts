import type { Runtime, Timer } from "velaros-protocol";

import type { SeededRandom } from "./random.ts";

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly process: VirtualProcess | undefined;
  callback: (() => void) | undefined;
}

/**
 * A clock that only moves when nothing is left to do now. Everything that happens in a simulated fleet is an
 * event in its queue; promises settle between two events, so a run depends on nothing but its seed.
 */
export class VirtualTime {
  #nowMs = 0;
  #order = 0;
  readonly #queue: Scheduled[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Runs `callback` after `delayMs` of virtual time, in the life of `process` if one is given. */
  schedule(delayMs: number, callback: () => void, process?: VirtualProcess): Timer {
    const entry: Scheduled = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      process,
      callback,
    };
    this.#push(entry);
    return {
      cancel: () => {
        entry.callback = undefined;
      },
    };
  }

  /** Runs everything that is due within the next `durationMs`, then stands at its end. */
  async run(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settlePromises();
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      if (next.callback === undefined || next.process?.isDead === true) continue;
      this.#nowMs = next.atMs;
      if (next.process?.isPaused === true) {
        next.process.holdBack(next.callback);
        continue;
      }
      next.callback();
      await settlePromises();
    }
    this.#nowMs = untilMs;
  }

  // A binary heap: a run of a fleet holds tens of thousands of pending events.
  #push(entry: Scheduled): void {
    const queue = this.#queue;
    let index = queue.length;
    queue.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = queue[parentIndex];
      if (parent === undefined || !isBefore(entry, parent)) break;
      queue[index] = parent;
      index = parentIndex;
    }
    queue[index] = entry;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop();
    if (last === undefined || queue.length === 0) return;
    let index = 0;
    for (;;) {
      const leftIndex = index * 2 + 1;
      const left = queue[leftIndex];
      if (left === undefined) break;
      const right = queue[leftIndex + 1];
      const [childIndex, child] =
        right !== undefined && isBefore(right, left) ? [leftIndex + 1, right] : [leftIndex, left];
      if (!isBefore(child, last)) break;
      queue[index] = child;
      index = childIndex;
    }
    queue[index] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Resolves once every promise that could settle has settled: the microtask queue is empty by then. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** One simulated process: its own {@link Runtime}, and the ways in which processes fail. */
export class VirtualProcess {
  readonly name: string;
  readonly runtime: Runtime;
  readonly #time: VirtualTime;
  #dead = false;
  #paused = false;
  #heldBack: Array<() => void> = [];

  constructor(name: string, time: VirtualTime, random: SeededRandom) {
    this.name = name;
    this.#time = time;
    const token = (length: number, alphabet: string): string =>
      Array.from({ length }, () => alphabet[random.integer(0, alphabet.length - 1)]).join("");
    this.runtime = {
      nowMs: () => time.nowMs,
      setTimer: (delayMs, callback) => time.schedule(delayMs, callback, this),
      defer: (callback) => {
        time.schedule(0, callback, this);
      },
      random: () => random.next(),
      randomUuid: () => {
        const hex = (length: number): string => token(length, "0123456789abcdef");
        return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
      },
      randomToken: (length) => token(length, "abcdefghijklmnopqrstuvwxyz0123456789"),
    };
  }

  get isDead(): boolean {
    return this.#dead;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** As `kill -9`: nothing of this process ever runs again. */
  kill(): void {
    this.#dead = true;
    this.#heldBack = [];
  }

  /** As SIGSTOP: timers and input wait. */
  pause(): void {
    this.#paused = true;
  }

  /** As SIGCONT: what waited runs now, in order. */
  resume(): void {
    this.#paused = false;
    for (const callback of this.#heldBack.splice(0)) this.#time.schedule(0, callback, this);
  }

  /** @internal Called by the clock for what falls due while the process is paused. */
  holdBack(callback: () => void): void {
    this.#heldBack.push(callback);
  }
}
