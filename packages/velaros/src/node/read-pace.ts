import type { Runtime, Timer } from "velaros-protocol";
import { TokenBucket } from "velaros-protocol/internal";
import type { Settings } from "./settings.ts";

/** The connection whose reading is paced. */
export interface Paced {
  /** How many bytes have come in so far. */
  readonly bytesRead: number;
  slowDown(stop: boolean): void;
  rateExceeded(): void;
}

/** Messages per look at the clock, at most. */
const maxMessagesPerLook = 64;
/** A client that keeps to its rate for this long starts afresh, in milliseconds. */
const calmMs = 2_000;

/** After how many messages a connection has to {@link ReadPace.look} again; never without a limit. */
export function messagesPerLook({ messagesPerSecond, messageBurst, bytesPerSecond }: Settings): number {
  // One message may be large.
  if (bytesPerSecond !== Infinity) return 1;
  if (messagesPerSecond === Infinity) return Infinity;
  return Math.max(1, Math.min(maxMessagesPerLook, Math.floor(messageBurst / 32)));
}

/**
 * Holds a client to its rates by reading no faster, which fills its own buffers. One that exceeds a rate whenever
 * it is read, for as long as the patience with it lasts, is given up.
 *
 * The connection counts its messages. Without a limit of bytes it needs one of these only from the first look on, which
 * most never come to: until then the bucket would have been full.
 */
export class ReadPace {
  readonly #runtime: Runtime;
  readonly #connection: Paced;
  readonly #patienceMs: number;
  readonly #messages: TokenBucket | undefined;
  readonly #bytes: TokenBucket | undefined;
  readonly #messagesPerLook: number;
  #bytesSeen: number;
  #exceedingSinceMs = 0;
  #calmAfterMs = 0;
  #timer: Timer | undefined;

  constructor(host: { readonly runtime: Runtime; readonly settings: Settings }, connection: Paced) {
    const { messagesPerSecond, messageBurst, bytesPerSecond, byteBurst, ratePatienceMs } = host.settings;
    const nowMs = host.runtime.nowMs();
    this.#runtime = host.runtime;
    this.#connection = connection;
    this.#bytesSeen = connection.bytesRead;
    this.#patienceMs = ratePatienceMs;
    this.#messages = bucket(messagesPerSecond, messageBurst, nowMs, ratePatienceMs);
    this.#bytes = bucket(bytesPerSecond, byteBurst, nowMs, ratePatienceMs);
    this.#messagesPerLook = messagesPerLook(host.settings);
  }

  /** The connection is gone. */
  stop(): void {
    this.#timer?.cancel();
  }

  /** As many messages and control frames as {@link messagesPerLook} says were read since the last call. */
  look(): void {
    const nowMs = this.#runtime.nowMs();
    const waitForMessagesMs = this.#messages?.take(this.#messagesPerLook, nowMs) ?? 0;
    const waitMs = Math.max(waitForMessagesMs, this.#takeBytes(nowMs));
    if (waitMs === 0) return;
    // The first wait is ours: nobody exceeds anything while not being read.
    if (nowMs >= this.#calmAfterMs) this.#exceedingSinceMs = nowMs + waitMs;
    this.#calmAfterMs = nowMs + waitMs + calmMs;
    if (nowMs - this.#exceedingSinceMs >= this.#patienceMs) {
      this.#connection.rateExceeded();
      return;
    }
    this.#timer?.cancel();
    this.#timer = this.#runtime.setTimer(waitMs, () => this.#connection.slowDown(false));
    this.#connection.slowDown(true);
  }

  #takeBytes(nowMs: number): number {
    if (this.#bytes === undefined) return 0;
    const { bytesRead } = this.#connection;
    const count = bytesRead - this.#bytesSeen;
    this.#bytesSeen = bytesRead;
    return this.#bytes.take(count, nowMs);
  }
}

/**
 * None for a rate that nobody exceeds. One message may cost more than the patience lasts; while a client is not read it
 * is not pinged either, so what would take longer to pay back is forgiven.
 */
function bucket(
  perSecond: number,
  burst: number,
  nowMs: number,
  patienceMs: number,
): TokenBucket | undefined {
  return perSecond === Infinity
    ? undefined
    : new TokenBucket(perSecond, burst, nowMs, (perSecond * patienceMs) / 1_000);
}
