import type { Runtime } from "velaros-protocol";

import { EurusError } from "../errors.ts";
import { detach } from "./facts.ts";
import { bodySize } from "./frame.ts";
import type { Frame, OutputFrame } from "./frame.ts";
import type { DeliveryProof, Link, LinkIdentity, LinkListener, LinkLostCause, LinkState } from "./link.ts";
import type { LinkLimits } from "./limits.ts";
import { isIn } from "./batch-sender.ts";
import { PinOutbox } from "./pin-outbox.ts";
import { ReceiveWindows } from "./receive-windows.ts";

/** What travels between two ends in one process: frames as objects. */
export interface ReliableBatch {
  readonly kind: "batch";
  readonly linkId: number;
  readonly gatewayEpoch: string;
  readonly instanceEpoch: string;
  /** 1, 2, 3 … per direction; the first one opens the link at the instance. */
  readonly sequence: number;
  readonly frames: readonly Frame[];
}

/** The answer to a batch of a link that is not known here. */
export interface ReliableReset {
  readonly kind: "reset";
  readonly linkId: number;
  readonly gatewayEpoch: string;
}

export type ReliablePacket = ReliableBatch | ReliableReset;

export interface ReliableLinkOptions<Incoming extends Frame> {
  readonly identity: LinkIdentity;
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  listener(): LinkListener<Incoming>;
  publish(batch: ReliableBatch): void;
  onProblem(error: Error): void;
  onLost(cause: LinkLostCause): void;
}

type Changeable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

interface SentBatch {
  readonly sequence: number;
  /** Pin and number of every client message in it, alternating. */
  readonly messages: readonly number[];
  isUndeliverable: boolean;
}

/**
 * A link over a transport that loses nothing: no numbers to check, no acknowledgement, nothing retained.
 * Pins, windows and batches per turn are the same as over a bus.
 */
export class ReliableLink<Outgoing extends Frame, Incoming extends Frame> implements Link<
  Outgoing,
  Incoming
> {
  readonly identity: LinkIdentity;
  readonly #options: ReliableLinkOptions<Incoming>;
  readonly #outbox: PinOutbox<Outgoing>;
  readonly #windows: ReceiveWindows;
  readonly #flush = (): void => this.#flushNow();
  readonly #confirmOnce = (): void => this.#options.runtime.defer(this.#confirmTwice);
  readonly #confirmTwice = (): void => this.#confirm();
  #state: LinkState = "open";
  #frames: Outgoing[] = [];
  #sequence = 0;
  /** The reply that was queued last and has not left. */
  #lastReply: Changeable<OutputFrame> | undefined;
  #isScheduled = false;
  /** Batches whose fate is open or that nobody received; those in between were taken. */
  #recent: SentBatch[] = [];
  #confirming = 0;

  constructor(options: ReliableLinkOptions<Incoming>) {
    this.identity = options.identity;
    this.#options = options;
    this.#outbox = new PinOutbox<Outgoing>(
      {
        hasRoom: () => true,
        write: (_pin, frame) => this.#write(frame),
        writeChunk: () => undefined,
        writable: (pin) => options.listener().writable(pin),
      },
      { windowBytes: options.limits.pinWindowBytes, wholeBytes: Infinity, chunkBytes: Infinity },
      true,
    );
    this.#windows = new ReceiveWindows(options.limits.pinWindowBytes);
  }

  get linkId(): number {
    return this.identity.linkId;
  }

  get state(): LinkState {
    return this.#state;
  }

  send(frame: Outgoing): void {
    if (this.#state === "lost") return;
    const bodyBytes = frame.type === "message" || frame.type === "output" ? bodySize(frame.body) : 0;
    if (frame.type === "open") this.#windows.add(frame.pin);
    const number = frame.type === "message" ? frame.number : 0;
    this.#outbox.send(frame.pin, detach(frame), bodyBytes, number);
  }

  hasCredit(pin: number): boolean {
    return this.#outbox.hasCredit(pin);
  }

  consumed(pin: number, bytes: number): void {
    const granted = this.#windows.consumed(pin, bytes);
    if (granted > 0 && this.#state !== "lost") this.#push({ type: "credit", pin, bytes: granted });
  }

  endWithReply(pin: number, messageNumber: number): boolean {
    const reply = this.#lastReply;
    if (reply?.pin !== pin || reply.number !== messageNumber) return false;
    reply.purpose = "last-reply";
    this.#lastReply = undefined;
    return true;
  }

  release(pin: number): void {
    this.#outbox.release(pin);
    this.#windows.release(pin);
  }

  withdraw(pin: number): ReadonlySet<number> {
    const numbers = new Set<number>();
    for (const frame of this.#outbox.withdraw(pin)) if (frame.type === "message") numbers.add(frame.number);
    return numbers;
  }

  fail(cause: LinkLostCause): void {
    if (this.#state === "lost") return;
    this.#state = "lost";
    this.#options.onLost(cause);
    this.#guard(() => this.#options.listener().lost(cause));
  }

  get allTaken(): boolean {
    return this.#state === "lost" || (this.#frames.length === 0 && !this.#outbox.hasWaiting);
  }

  proofOf(pin: number, messageNumber: number): DeliveryProof {
    for (const batch of this.#recent) {
      if (!isIn(batch.messages, pin, messageNumber)) continue;
      return batch.isUndeliverable ? "not-delivered" : "unknown";
    }
    const isUnsent = messageNumber > this.#outbox.lastNumber(pin) || this.#waits(pin, messageNumber);
    return isUnsent ? "not-delivered" : "taken";
  }

  /** Takes a batch from the other end. */
  receive(batch: ReliableBatch): void {
    for (const frame of batch.frames) {
      if (this.#state === "lost") return;
      this.#take(frame);
    }
    if (this.#outbox.hasReady) this.#outbox.pump();
  }

  /** The bus handed this batch to nobody. In one process that means that nobody is there. */
  undeliverable(sequence: number): void {
    // In one process the subscription was gone for whatever was published after it, too.
    for (const batch of this.#recent) if (batch.sequence >= sequence) batch.isUndeliverable = true;
    if (this.#state === "lost") return;
    this.#state = "suspect";
    this.#guard(() => this.#options.listener().suspect());
    this.fail("suspect-timeout");
  }

  #take(frame: Frame): void {
    if (frame.type === "credit") {
      this.#outbox.credit(frame.pin, frame.bytes);
      return;
    }
    if (frame.type === "open") this.#windows.add(frame.pin);
    // Of output that goes nowhere the gateway keeps count.
    else if (!this.#windows.has(frame.pin) && frame.type !== "output") return;
    // Not by way of #guard: that would be a closure for each frame.
    try {
      this.#options.listener().frame(frame as Frame as Incoming);
    } catch (cause) {
      this.#report(cause);
    }
  }

  #write(frame: Outgoing): void {
    if (frame.type === "output" && frame.purpose === "reply") this.#lastReply = frame;
    this.#push(frame);
  }

  #push(frame: Frame): void {
    // A link only ever queues its own direction's frames and credits, which both directions have.
    this.#frames.push(frame as Outgoing);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.runtime.defer(this.#flush);
  }

  #flushNow(): void {
    this.#isScheduled = false;
    if (this.#state === "lost" || this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    this.#lastReply = undefined;
    const messages: number[] = [];
    for (const frame of frames) if (frame.type === "message") messages.push(frame.pin, frame.number);
    const sequence = ++this.#sequence;
    const { linkId, gatewayEpoch, instanceEpoch } = this.identity;
    this.#options.publish({ kind: "batch", linkId, gatewayEpoch, instanceEpoch, sequence, frames });
    // After publishing: the transport's own turns come first, so a report is here before this is confirmed.
    if (messages.length > 0) this.#watch({ sequence, messages, isUndeliverable: false });
  }

  /** The fate of a batch is known two turns later: one for the hand-over, one for the report that it failed. */
  #watch(batch: SentBatch): void {
    this.#recent.push(batch);
    if (this.#confirming !== 0) return;
    this.#confirming = batch.sequence;
    this.#options.runtime.defer(this.#confirmOnce);
  }

  #confirm(): void {
    const confirmed = this.#confirming;
    this.#confirming = 0;
    if (this.#state === "lost") return;
    this.#recent = this.#recent.filter((batch) => batch.sequence > confirmed || batch.isUndeliverable);
    const next = this.#recent.find((batch) => !batch.isUndeliverable);
    if (next === undefined) return;
    this.#confirming = this.#sequence;
    this.#options.runtime.defer(this.#confirmOnce);
  }

  #waits(pin: number, messageNumber: number): boolean {
    const isIt = (frame: Frame): boolean =>
      frame.type === "message" && frame.pin === pin && frame.number === messageNumber;
    return this.#frames.some(isIt) || this.#outbox.waitsFor(pin, isIt);
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (cause) {
      this.#report(cause);
    }
  }

  #report(cause: unknown): void {
    this.#options.onProblem(new EurusError("EURUS_LISTENER_FAILED", { where: "a link" }, { cause }));
  }
}
