import type { Runtime, Timer } from "velaros-protocol";
import { TokenBucket } from "velaros-protocol/internal";
import type { Settings } from "./settings.ts";

/** The connection whose reading is paced. */
export interface Paced {
  slowDown(stop: boolean): void;
  rateExceeded(): void;
}

/** Messages per look at the clock, at most. */
const maxStride = 64;
/** How long a client may go on exceeding its rate, in milliseconds. */
const patienceMs = 10_000;
/** A client that keeps to its rate for this long starts afresh, in milliseconds. */
const calmMs = 2_000;

/**
 * Holds a client to its rate by reading no faster, which fills its own buffers. One that exceeds the rate whenever
 * it is read, for ten seconds, is given up.
 */
export class ReadPace {
  readonly #runtime: Runtime;
  readonly #connection: Paced;
  readonly #bucket: TokenBucket;
  readonly #stride: number;
  #countdown: number;
  #exceedingSinceMs = 0;
  #calmAfterMs = 0;
  #timer: Timer | undefined;

  constructor(host: { readonly runtime: Runtime; readonly settings: Settings }, connection: Paced) {
    const { messagesPerSecond, messageBurst } = host.settings;
    this.#runtime = host.runtime;
    this.#connection = connection;
    this.#bucket = new TokenBucket(messagesPerSecond, messageBurst, host.runtime.nowMs());
    this.#stride = Math.max(1, Math.min(maxStride, Math.floor(messageBurst / 32)));
    this.#countdown = this.#stride;
  }

  /** One message or control frame was read. */
  count(): void {
    if (--this.#countdown === 0) this.#settle();
  }

  /** The connection is gone. */
  stop(): void {
    this.#timer?.cancel();
  }

  #settle(): void {
    this.#countdown = this.#stride;
    const nowMs = this.#runtime.nowMs();
    const waitMs = this.#bucket.take(this.#stride, nowMs);
    if (waitMs === 0) return;
    if (nowMs >= this.#calmAfterMs) this.#exceedingSinceMs = nowMs;
    this.#calmAfterMs = nowMs + waitMs + calmMs;
    if (nowMs - this.#exceedingSinceMs >= patienceMs) {
      this.#connection.rateExceeded();
      return;
    }
    this.#timer?.cancel();
    this.#timer = this.#runtime.setTimer(waitMs, () => this.#connection.slowDown(false));
    this.#connection.slowDown(true);
  }
}
