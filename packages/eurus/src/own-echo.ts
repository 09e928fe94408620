import type { Runtime, Timer } from "velaros-protocol";
import { EurusError } from "./errors.ts";
import type { Transport } from "./transport/transport.ts";

interface Waiting {
  readonly sequence: number;
  readonly resolve: () => void;
}

/** How long our own announcement may take to come back before the bus counts as unusable. */
const echoTimeoutMs = 5_000;

/** How long answers may take on a bus between processes, beyond the time that our own announcements take. */
const answerMs = 50;
const rounds = 3;

/**
 * Listens for one's own announcements. That they come back shows that the bus carries them; and what it hands to its
 * subscribers in order has by then reached the others too.
 */
export class OwnEcho {
  readonly #transport: Transport;
  readonly #runtime: Runtime;
  readonly #announce: () => number;
  #heard = 0;
  #heardAtMs: number;
  #waiting: Waiting[] = [];
  #timer: Timer | undefined;

  /** @param announce - Announces, and returns the number that the echo will carry. */
  constructor(transport: Transport, runtime: Runtime, announce: () => number) {
    this.#transport = transport;
    this.#runtime = runtime;
    this.#announce = announce;
    this.#heardAtMs = runtime.nowMs();
  }

  /** How long ago the last announcement came back. */
  get silentMs(): number {
    return this.#runtime.nowMs() - this.#heardAtMs;
  }

  heard(sequence: number): void {
    this.#heardAtMs = this.#runtime.nowMs();
    if (sequence <= this.#heard) return;
    this.#heard = sequence;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((entry) => entry.sequence > sequence);
    for (const entry of waiting) if (entry.sequence <= sequence) entry.resolve();
  }

  /**
   * Announces and resolves when those who are there have heard it and their answers are here: our own announcement
   * has come back, then others, behind which answers to the first have come.
   *
   * @throws {@link EurusError} `EURUS_TRANSPORT_UNAVAILABLE` (as a rejection) when nothing comes back within 5 s.
   */
  async round(): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      if (!(await this.#within(echoTimeoutMs, this.#announce()))) {
        const { status } = this.#transport;
        throw new EurusError("EURUS_TRANSPORT_UNAVAILABLE", { status, action: "hear our own announcements" });
      }
    }
    if (this.#transport.reliable) return;
    await this.#within(answerMs, Number.POSITIVE_INFINITY);
  }

  /** Lets go of everybody who waits. */
  stop(): void {
    this.#timer?.cancel();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Whether the announcement with this number came back in time. */
  #within(timeoutMs: number, sequence: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#runtime.setTimer(timeoutMs, () => resolve(false));
      this.#timer = timer;
      this.#waiting.push({
        sequence,
        resolve: () => {
          timer.cancel();
          resolve(true);
        },
      });
    });
  }
}
