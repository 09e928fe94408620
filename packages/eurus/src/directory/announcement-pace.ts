import type { Runtime, Timer } from "velaros-protocol";

/** So many announcements at once … */
const burst = 5;
/** … and then one in this time. Well below what listeners take from one announcer. */
const intervalMs = 200;

/**
 * Announces when something changed, on top of the heartbeats: at the end of the turn, and what several peers ask is
 * said once. When many of them start within a second, answers wait a little and are said for all of them; otherwise
 * each process would answer each other one, and everybody would hear all of it.
 */
export class AnnouncementPace {
  readonly #runtime: Pick<Runtime, "nowMs" | "setTimer" | "defer">;
  readonly #announce: () => void;
  #allowed = burst;
  #countedAtMs: number;
  #waits = false;
  #timer: Timer | undefined;

  constructor(runtime: Pick<Runtime, "nowMs" | "setTimer" | "defer">, announce: () => void) {
    this.#runtime = runtime;
    this.#announce = announce;
    this.#countedAtMs = runtime.nowMs();
  }

  soon(): void {
    if (this.#waits) return;
    this.#waits = true;
    const nowMs = this.#runtime.nowMs();
    this.#allowed = Math.min(burst, this.#allowed + (nowMs - this.#countedAtMs) / intervalMs);
    this.#countedAtMs = nowMs;
    const missing = 1 - this.#allowed;
    this.#allowed -= 1;
    if (missing <= 0) this.#afterTurn();
    else this.#timer = this.#runtime.setTimer(missing * intervalMs, () => this.#afterTurn());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Behind what links still have to send. */
  #afterTurn(): void {
    this.#runtime.defer(() => {
      this.#waits = false;
      this.#announce();
    });
  }
}
