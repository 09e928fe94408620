import type { Runtime, Timer } from "velaros-protocol";

const tickMs = 250;

/**
 * Notices when this process stood still (stopped, suspended, or blocked by its own code) for longer than its
 * peers wait for a sign of life. They have given it up by then, so it must not act on what it still has queued.
 */
export class LoopWatch {
  readonly #runtime: Runtime;
  readonly #limitMs: number;
  readonly #onStoodStill: () => void;
  #lastSeenMs = 0;
  #timer: Timer | undefined;

  constructor(runtime: Runtime, limitMs: number, onStoodStill: () => void) {
    this.#runtime = runtime;
    this.#limitMs = limitMs;
    this.#onStoodStill = onStoodStill;
  }

  start(): void {
    this.#lastSeenMs = this.#runtime.nowMs();
    this.#schedule();
  }

  /** Called before queued input is handled: the timer may come only after it. */
  check(): void {
    if (this.#timer === undefined) return;
    const nowMs = this.#runtime.nowMs();
    const stoodStill = nowMs - this.#lastSeenMs > this.#limitMs + tickMs;
    this.#lastSeenMs = nowMs;
    if (stoodStill) this.#onStoodStill();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer = this.#runtime.setTimer(tickMs, () => {
      this.check();
      if (this.#timer !== undefined) this.#schedule();
    });
  }
}
