import type { Runtime, Timer } from "velaros-protocol";
import { TokenBucket } from "velaros-protocol/internal";

/** So many announcements at once … */
const burst = 5;
/** … and then so many. Well below what listeners take from one announcer. */
const perSecond = 5;

/**
 * Announces when something changed, on top of the heartbeats: at the end of the turn, and what several peers ask is
 * said once. When many of them start within a second, answers wait a little and are said for all of them; otherwise
 * each process would answer each other one, and everybody would hear all of it.
 */
export class AnnouncementPace {
  readonly #runtime: Pick<Runtime, "nowMs" | "setTimer" | "defer">;
  readonly #announce: () => void;
  readonly #bucket: TokenBucket;
  #waits = false;
  #timer: Timer | undefined;

  constructor(runtime: Pick<Runtime, "nowMs" | "setTimer" | "defer">, announce: () => void) {
    this.#runtime = runtime;
    this.#announce = announce;
    this.#bucket = new TokenBucket(perSecond, burst, runtime.nowMs());
  }

  soon(): void {
    if (this.#waits) return;
    this.#waits = true;
    const waitMs = this.#bucket.take(1, this.#runtime.nowMs());
    if (waitMs === 0) this.#afterTurn();
    else this.#timer = this.#runtime.setTimer(waitMs, () => this.#afterTurn());
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
