import type { Runtime, Timer } from "velaros-protocol";

import type { ByteBudget } from "./byte-budget.ts";
import { makeLastReply } from "./frame-codec.ts";
import type { LinkLimits } from "./limits.ts";
import type { DeliveryProof } from "./link.ts";
import { PacketFlag, PacketKind, writeHeader } from "./packet-header.ts";
import type { PacketHeader } from "./packet-header.ts";
import { WireWriter } from "./wire-writer.ts";

/** What {@link BatchSender} needs of the link around it. */
export interface BatchSenderPort {
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  /** Bytes of all links of the process that are sent and not acknowledged. */
  readonly unacked: ByteBudget;
  /** Written behind the header of packets that may open the link. */
  readonly epochs: Uint8Array;
  readonly linkId: number;
  readonly tag: number;
  /** Whether the bus is there and the peer believed to be. */
  mayPublish(): boolean;
  publish(packet: Uint8Array, sequence: number, again: boolean): void;
  /** The number that is expected next from the peer; it travels with everything. */
  expected(): number;
  /** Something with our acknowledgement in it was published. */
  acknowledged(): void;
  probe(lastSequence: number): void;
  /** A batch was filled or acknowledged: what waits may find room. */
  roomFreed(): void;
}

/** A batch that the peer has not acknowledged. */
interface Retained {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** Pin and number of every client message that ends in it, alternating. */
  readonly messages: readonly number[];
  readonly bulkBytes: number;
  transmissions: number;
  /** Its first transmission was reported undeliverable. */
  isUndeliverable: boolean;
}

/** Where the acknowledgement lies in a header. */
const ackOffset = 18;
const flagsOffset = 2;

/**
 * The sending half of a link over a lossy bus: frames become numbered batches, each is kept until the peer has
 * it, and after a gap everything is sent again from there, in order.
 */
export class BatchSender {
  readonly #port: BatchSenderPort;
  readonly #writer = new WireWriter();
  readonly #header: PacketHeader;
  #retained: Retained[] = [];
  #retainedBytes = 0;
  #retainedBulkBytes = 0;
  /** Filled and not yet published, because the bus or the peer is away. */
  #unpublished = 0;
  #isOpen = false;
  #openMessages: number[] = [];
  #openBulkBytes = 0;
  /** The last reply in the open batch; pin 0 without one. */
  #replyPin = 0;
  #replyNumber = 0;
  #replyStart = 0;
  #nextSequence = 1;
  #isEstablished: boolean;
  #progressMs = 0;
  #probeTimer: Timer | undefined;
  #maxBatchBytes: number;
  #repeatedFrom = 0;
  #repeatedMs = -Infinity;
  #proofs: Map<number, Map<number, Retained>> | undefined;

  constructor(port: BatchSenderPort, isEstablished: boolean, maxBatchBytes: number) {
    this.#port = port;
    this.#isEstablished = isEstablished;
    this.#maxBatchBytes = maxBatchBytes;
    this.#header = {
      kind: PacketKind.BATCH,
      flags: 0,
      linkId: port.linkId,
      tag: port.tag,
      sequence: 0,
      ack: 0,
    };
  }

  /** The peer knows the link. */
  get isEstablished(): boolean {
    return this.#isEstablished;
  }

  /** Whether nothing waits for a batch, or for its acknowledgement. */
  get isEmpty(): boolean {
    return !this.#isOpen && this.#retained.length === 0;
  }

  /** The number of the batch that is published next. */
  get sendNext(): number {
    return this.#nextSequence - this.#unpublished;
  }

  /** Whether the largest unacknowledged batch still fits the bus; remembers the new bound. */
  resize(maxBatchBytes: number, maxPayloadBytes: number): boolean {
    this.#maxBatchBytes = maxBatchBytes;
    return this.#retained.every(({ bytes }) => bytes.length <= maxPayloadBytes);
  }

  /** Whether `bytes` more of bodies are allowed to be on their way. */
  hasRoom(bytes: number, isBulk: boolean): boolean {
    const { limits, unacked } = this.#port;
    if (!this.#port.mayPublish()) return false;
    const inFlight = this.#retainedBytes + (this.#isOpen ? this.#writer.length : 0);
    if (inFlight > 0 && inFlight + bytes > limits.linkWindowBytes) return false;
    if (isBulk) {
      const bulk = this.#retainedBulkBytes + this.#openBulkBytes;
      if (bulk > 0 && bulk + bytes > limits.bulkWindowBytes) return false;
    }
    return inFlight === 0 || unacked.hasRoom(bytes);
  }

  /**
   * Where to write a frame of at most `bytes`: behind the others of this turn, or in a batch of its own when
   * those leave no room.
   */
  writerFor(bytes: number): WireWriter {
    if (this.#isOpen && this.#writer.length + bytes > this.#maxBatchBytes) this.#fill();
    if (!this.#isOpen) this.#begin();
    return this.#writer;
  }

  /** What was written takes more room than was asked for, and does not fit. */
  get isOverfull(): boolean {
    return this.#writer.length > this.#maxBatchBytes;
  }

  /** The frame that was written at `start` is a reply. */
  noteReply(pin: number, number: number, start: number): void {
    this.#replyPin = pin;
    this.#replyNumber = number;
    this.#replyStart = start;
  }

  /** Lets the reply that was written last end its message, if it is this one's and has not left. */
  endWithReply(pin: number, number: number): boolean {
    if (pin !== this.#replyPin || number !== this.#replyNumber) return false;
    makeLastReply(this.#writer, this.#replyStart, pin);
    this.#replyPin = 0;
    return true;
  }

  /** The frame just written ends this client message. */
  noteMessage(pin: number, number: number): void {
    this.#openMessages.push(pin, number);
  }

  noteBulk(bytes: number): void {
    this.#openBulkBytes += bytes;
  }

  /** Publishes what was written, if the bus and the peer are there. */
  flush(): void {
    if (!this.#port.mayPublish()) return;
    if (this.#isOpen) this.#fill();
    else this.#publishFilled();
  }

  /** Everything below `next` was taken. Returns false when that can't be. */
  acknowledge(next: number): boolean {
    if (next > this.#nextSequence) return false;
    const first = this.#retained[0];
    if (first === undefined || first.sequence >= next) return true;
    let taken = 0;
    for (const batch of this.#retained) {
      if (batch.sequence >= next) break;
      taken++;
      this.#retainedBytes -= batch.bytes.length;
      this.#retainedBulkBytes -= batch.bulkBytes;
      this.#port.unacked.free(batch.bytes.length);
    }
    this.#retained.splice(0, taken);
    this.#unpublished = Math.min(this.#unpublished, this.#retained.length);
    this.#isEstablished = true;
    this.#progressMs = this.#port.runtime.nowMs();
    this.#proofs = undefined;
    this.#port.roomFreed();
    return true;
  }

  /**
   * Sends everything that was published and not acknowledged again, in order, then what waited. Unless
   * `isForced`, not when that has only just been done: the peer may ask twice for the same gap.
   */
  retransmit(isForced: boolean): void {
    if (!this.#port.mayPublish()) return;
    const firstSequence = this.#retained[0]?.sequence ?? 0;
    const nowMs = this.#port.runtime.nowMs();
    const isRepeated =
      firstSequence === this.#repeatedFrom && nowMs - this.#repeatedMs < 2 * this.#port.limits.nakIntervalMs;
    if (isRepeated && !isForced) return;
    this.#repeatedFrom = firstSequence;
    this.#repeatedMs = nowMs;
    const published = this.#retained.length - this.#unpublished;
    for (let index = 0; index < published; index++) {
      const batch = this.#retained[index];
      if (batch === undefined) break;
      // A copy: the first one may still lie in a queue of the bus.
      const packet = batch.bytes.slice();
      packet[flagsOffset] = (packet[flagsOffset] ?? 0) | PacketFlag.AGAIN;
      batch.transmissions++;
      this.#send(packet, batch.sequence, true);
    }
    this.#progressMs = nowMs;
    this.flush();
  }

  /** The bus found nobody for this batch. Returns whether it is one that is still waited for. */
  undeliverable(sequence: number, again: boolean): boolean {
    const batch = this.#retained.find((candidate) => candidate.sequence === sequence);
    if (batch === undefined) return false;
    // A later copy proves nothing about an earlier one.
    if (!again && batch.transmissions === 1) batch.isUndeliverable = true;
    return true;
  }

  proofOf(pin: number, messageNumber: number): DeliveryProof {
    if (isIn(this.#openMessages, pin, messageNumber)) return "not-delivered";
    this.#proofs ??= this.#index();
    const batch = this.#proofs.get(pin)?.get(messageNumber);
    if (batch === undefined) return "taken";
    return batch.transmissions === 0 || (batch.isUndeliverable && batch.transmissions === 1)
      ? "not-delivered"
      : "unknown";
  }

  stop(): void {
    this.#probeTimer?.cancel();
    this.#probeTimer = undefined;
    this.#port.unacked.free(this.#retainedBytes);
    this.#retainedBytes = 0;
  }

  #begin(): void {
    const header = this.#header;
    header.flags = this.#isEstablished ? 0 : PacketFlag.NEW;
    header.sequence = this.#nextSequence;
    writeHeader(this.#writer, header);
    if (!this.#isEstablished) this.#writer.raw(this.#port.epochs);
    this.#isOpen = true;
  }

  #fill(): void {
    const bytes = this.#writer.take();
    this.#retained.push({
      sequence: this.#nextSequence++,
      bytes,
      messages: this.#openMessages,
      bulkBytes: this.#openBulkBytes,
      transmissions: 0,
      isUndeliverable: false,
    });
    this.#retainedBytes += bytes.length;
    this.#retainedBulkBytes += this.#openBulkBytes;
    this.#port.unacked.take(bytes.length);
    if (this.#openMessages.length > 0) this.#openMessages = [];
    this.#openBulkBytes = 0;
    this.#replyPin = 0;
    this.#isOpen = false;
    this.#unpublished++;
    this.#proofs = undefined;
    this.#publishFilled();
  }

  #publishFilled(): void {
    if (this.#unpublished === 0 || !this.#port.mayPublish()) return;
    const first = this.#retained.length - this.#unpublished;
    if (first === 0) this.#progressMs = this.#port.runtime.nowMs();
    for (let index = first; index < this.#retained.length; index++) {
      const batch = this.#retained[index];
      if (batch === undefined) break;
      batch.transmissions = 1;
      this.#send(batch.bytes, batch.sequence, false);
    }
    this.#unpublished = 0;
    this.#proofs = undefined;
    this.#armProbe();
  }

  #send(packet: Uint8Array, sequence: number, again: boolean): void {
    const ack = this.#port.expected();
    const high = Math.floor(ack / 0x1_0000_0000);
    packet[ackOffset] = high >>> 8;
    packet[ackOffset + 1] = high;
    packet[ackOffset + 2] = ack >>> 24;
    packet[ackOffset + 3] = ack >>> 16;
    packet[ackOffset + 4] = ack >>> 8;
    packet[ackOffset + 5] = ack;
    this.#port.acknowledged();
    this.#port.publish(packet, sequence, again);
  }

  /** A lost tail shows in nothing that follows: after a while without progress the peer is asked. */
  #armProbe(): void {
    if (this.#probeTimer !== undefined) return;
    const { runtime, limits } = this.#port;
    this.#probeTimer = runtime.setTimer(limits.probeAfterMs, () => {
      this.#probeTimer = undefined;
      if (this.#retained.length === 0) return;
      const isStalled = runtime.nowMs() - this.#progressMs >= limits.probeAfterMs;
      if (isStalled && this.#port.mayPublish()) this.#port.probe(this.sendNext - 1);
      this.#armProbe();
    });
  }

  #index(): Map<number, Map<number, Retained>> {
    const index = new Map<number, Map<number, Retained>>();
    for (const batch of this.#retained) {
      for (let at = 0; at < batch.messages.length; at += 2) {
        const pin = batch.messages[at] ?? 0;
        const numbers = index.get(pin) ?? new Map<number, Retained>();
        numbers.set(batch.messages[at + 1] ?? 0, batch);
        index.set(pin, numbers);
      }
    }
    return index;
  }
}

/** Whether a list of alternating pins and message numbers holds this pair. */
export function isIn(messages: readonly number[], pin: number, number: number): boolean {
  for (let index = 0; index < messages.length; index += 2) {
    if (messages[index] === pin && messages[index + 1] === number) return true;
  }
  return false;
}
