import { nextTick } from "node:process";
import type { Runtime, Timer } from "velaros-protocol";

import type { SeededRandom } from "./random.ts";

interface Scheduled {
  atMs: number;
  order: number;
  readonly process: VirtualProcess | undefined;
  /** A timer of the process itself, as opposed to input that reaches it. */
  readonly isTimer: boolean;
  /** Undefined once it happened or was called off. */
  callback: (() => void) | undefined;
}

/** What wall clocks show when virtual time begins. */
const wallClockStartMs = Date.UTC(2030, 0, 1);

/**
 * A clock that only moves when nothing is left to do now. Everything that happens in a simulated fleet is an
 * event in its queue; promises settle between two events, so a run depends on nothing but its seed.
 */
export class VirtualTime {
  /** How far wall clocks are off: somebody sets them, and nobody's leases may care. */
  wallClockOffsetMs = 0;
  #nowMs = 0;
  #order = 0;
  #queue: Scheduled[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many timers living processes have set and not called off. */
  get pendingTimers(): number {
    return this.#queue.filter(
      ({ callback, process, isTimer }) => isTimer && callback !== undefined && process?.isDead === false,
    ).length;
  }

  /** Runs `callback` after `delayMs` of virtual time, in the life of `process` if one is given. */
  schedule(delayMs: number, callback: () => void, process?: VirtualProcess, isTimer: boolean = false): Timer {
    const entry: Scheduled = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      process,
      isTimer,
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
    const realNow = Date.now;
    Date.now = () => Math.floor(wallClockStartMs + this.#nowMs + this.wallClockOffsetMs);
    try {
      await settlePromises();
      for (;;) {
        const next = this.#queue[0];
        if (next === undefined || next.atMs > untilMs) break;
        this.#pop();
        const { callback, process } = next;
        if (callback === undefined || process?.isDead === true) continue;
        this.#nowMs = Math.max(this.#nowMs, next.atMs);
        if (process?.isPaused === true) {
          process.holdBack(next);
          continue;
        }
        next.callback = undefined;
        callback();
        await settlePromises();
      }
    } finally {
      Date.now = realNow;
    }
    this.#nowMs = untilMs;
  }

  /** @internal Lets an event that was held back happen now. */
  release(entry: Scheduled): void {
    if (entry.callback === undefined) return;
    entry.atMs = this.#nowMs;
    entry.order = this.#order++;
    this.#push(entry);
  }

  /** @internal Brings all timers of a process forward, as a jump of its clock does. */
  hurry(process: VirtualProcess, byMs: number): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const entry of queue) {
      if (entry.process === process && entry.isTimer) {
        entry.atMs = Math.max(this.#nowMs, entry.atMs - byMs);
      }
      this.#push(entry);
    }
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

/**
 * Resolves once every promise that could settle has settled. Called from a promise job, the next tick comes when
 * the queue of such jobs is empty; a turn of the real event loop would cost ten times as much.
 */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    nextTick(resolve);
  });
}

/** One simulated process: its own {@link Runtime}, and the ways in which processes fail. */
export class VirtualProcess {
  readonly name: string;
  readonly runtime: Runtime;
  readonly #time: VirtualTime;
  #dead = false;
  #paused = false;
  #clockOffsetMs = 0;
  #heldBack: Scheduled[] = [];

  constructor(name: string, time: VirtualTime, random: SeededRandom) {
    this.name = name;
    this.#time = time;
    const token = (length: number, alphabet: string): string => {
      let text = "";
      for (let index = 0; index < length; index++)
        text += alphabet[Math.floor(random.next() * alphabet.length)];
      return text;
    };
    this.runtime = {
      nowMs: () => time.nowMs + this.#clockOffsetMs,
      setTimer: (delayMs, callback) => time.schedule(delayMs, callback, this, true),
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

  /**
   * As SIGCONT: what waited runs now, in order.
   *
   * @param timersFirst - Timers that fell due meanwhile run before any input, as an event loop has it.
   */
  resume(timersFirst: boolean = false): void {
    this.#paused = false;
    const held = this.#heldBack;
    this.#heldBack = [];
    const inOrder = timersFirst
      ? [...held.filter(({ isTimer }) => isTimer), ...held.filter(({ isTimer }) => !isTimer)]
      : held;
    for (const entry of inOrder) this.#time.release(entry);
  }

  /** The monotonic clock of this process leaps ahead, as after a suspension that it does not notice otherwise. */
  jumpClock(byMs: number): void {
    this.#clockOffsetMs += byMs;
    this.#time.hurry(this, byMs);
  }

  /** @internal Called by the clock for what falls due while the process is paused. */
  holdBack(entry: Scheduled): void {
    this.#heldBack.push(entry);
  }
}
