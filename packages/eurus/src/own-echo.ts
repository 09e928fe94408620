import type { Runtime, Timer } from "velaros-protocol";
import { ticksFor } from "./directory/leases.ts";
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
const lateTicks = ticksFor(1_000);
const overdueTicks = ticksFor(3_000);

/**
 * Listens for one's own announcements. That they come back shows that the bus carries them; and what it hands to its
 * subscribers in order has by then reached the others too.
 */
export class OwnEcho {
  readonly #transport: Transport;
  readonly #runtime: Runtime;
  readonly #announce: () => number;
  #sent = 0;
  #heard = 0;
  /** What had been announced when the echo was last complete, and how many ticks ago that was. */
  #mark = 0;
  #overdueTicks = 0;
  #waiting: Waiting[] = [];
  #timer: Timer | undefined;
  readonly #subject: string;
  /** What the bus complained of last: most likely why nothing comes back. */
  busError: Error | undefined;

  /**
   * @param subject - Where we announce ourselves, for people.
   * @param announce - Announces, and returns the number that the echo will carry.
   */
  constructor(transport: Transport, runtime: Runtime, subject: string, announce: () => number) {
    this.#transport = transport;
    this.#subject = subject;
    this.#runtime = runtime;
    this.#announce = announce;
  }

  /**
   * Whether what we announced has not come back for three seconds: then the bus is away, whatever it says of itself.
   * Counted in ticks of our own loop, so that a process which stood still does not blame the bus.
   */
  get isOverdue(): boolean {
    return this.#overdueTicks >= overdueTicks;
  }

  /**
   * Whether it is late enough that others may be silent for the same reason. No lease may end before we know better:
   * by the time that the bus counts as away, leases that were nearly over would have ended.
   */
  get isLate(): boolean {
    return this.#overdueTicks >= lateTicks;
  }

  /** A tick of the owner's loop has passed. */
  tick(): void {
    if (this.#heard < this.#mark) {
      this.#overdueTicks += 1;
      return;
    }
    this.#overdueTicks = 0;
    this.#mark = this.#sent;
  }

  /** An announcement with this number went out. */
  sent(sequence: number): void {
    this.#sent = sequence;
  }

  heard(sequence: number): void {
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
   * @throws {@link EurusError} (as a rejection) when nothing comes back within 5 s: `EURUS_ANNOUNCEMENT_UNHEARD`, or
   *   `EURUS_TRANSPORT_UNAVAILABLE` when the bus went away meanwhile. The cause is what the bus reported last.
   */
  async round(): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      if (!(await this.#within(echoTimeoutMs, this.#announce()))) {
        throw this.#unheard();
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

  #unheard(): EurusError {
    const { status } = this.#transport;
    const options = this.busError === undefined ? undefined : { cause: this.busError };
    return status === "connected"
      ? new EurusError(
          "EURUS_ANNOUNCEMENT_UNHEARD",
          { subject: this.#subject, timeoutMs: echoTimeoutMs },
          options,
        )
      : new EurusError("EURUS_TRANSPORT_UNAVAILABLE", { status, action: "announce ourselves" }, options);
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
