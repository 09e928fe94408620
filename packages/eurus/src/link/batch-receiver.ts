import type { Runtime, Timer } from "velaros-protocol";

import type { LinkLimits } from "./limits.ts";
import { RateGate } from "./rate-gate.ts";

/** What {@link BatchReceiver} needs of the link around it. */
export interface BatchReceiverPort {
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  mayPublish(): boolean;
  /** Says what was taken, in a packet of its own. */
  sendAck(): void;
  /** Asks for everything from the expected number on. */
  sendNak(): void;
}

/** What to do with a batch: take it, or drop it as a late copy or as one behind a gap. */
export type BatchVerdict = "take" | "late" | "gap";

/**
 * The receiving half of a link over a lossy bus: takes batches strictly in order, acknowledges them together
 * and asks for what is missing. Nothing is kept out of order.
 */
export class BatchReceiver {
  readonly #port: BatchReceiverPort;
  readonly #naks: RateGate;
  #expected = 1;
  #unackedBatches = 0;
  #unackedBytes = 0;
  #isAckDue = false;
  #timer: Timer | undefined;

  constructor(port: BatchReceiverPort) {
    this.#port = port;
    this.#naks = new RateGate(port.limits.nakIntervalMs);
  }

  /** The number of the batch that comes next. */
  get expected(): number {
    return this.#expected;
  }

  judge(sequence: number): BatchVerdict {
    if (sequence === this.#expected) return "take";
    if (sequence > this.#expected) {
      this.requestMissing();
      return "gap";
    }
    // The peer sent it again, so it may not know that it is here.
    this.#ackSoon();
    return "late";
  }

  /** The expected batch was taken into this process. */
  took(bytes: number): void {
    this.#expected++;
    this.#naks.reset();
    this.#unackedBatches++;
    this.#unackedBytes += bytes;
    this.#ackSoon();
  }

  /** So much has come that it is acknowledged at the end of this turn, if possible together with what leaves then. */
  get isAckUrgent(): boolean {
    const { ackBatches, ackBytes } = this.#port.limits;
    return this.#unackedBatches >= ackBatches || this.#unackedBytes >= ackBytes;
  }

  /** Called when everything of this turn has left. */
  settle(): void {
    if (this.isAckUrgent) this.#ackNow();
  }

  /** The peer asks whether everything up to this number is here. */
  probed(lastSequence: number): void {
    if (lastSequence >= this.#expected) this.requestMissing();
    else this.#ackNow();
  }

  requestMissing(): void {
    if (!this.#port.mayPublish() || !this.#naks.passes(this.#port.runtime.nowMs())) return;
    this.#port.sendNak();
  }

  /** An acknowledgement has left together with something else. */
  acknowledged(): void {
    this.#isAckDue = false;
    this.#unackedBatches = 0;
    this.#unackedBytes = 0;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #ackNow(): void {
    if (!this.#port.mayPublish()) return;
    this.acknowledged();
    this.#port.sendAck();
  }

  #ackSoon(): void {
    this.#isAckDue = true;
    if (this.#timer !== undefined) return;
    this.#timer = this.#port.runtime.setTimer(this.#port.limits.ackDelayMs, () => {
      this.#timer = undefined;
      if (this.#isAckDue) this.#ackNow();
    });
  }
}
