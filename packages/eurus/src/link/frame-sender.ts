import type { BatchSender } from "./batch-sender.ts";
import { writeChunk, writeFrame, writeOutput } from "./frame-codec.ts";
import { boundOf, encodeAlone, maxBodyBytes } from "./frame-size.ts";
import type { EncodedFrame } from "./frame-size.ts";
import type { CreditFrame, Frame, OutputFrame } from "./frame.ts";
import { minimumPayloadBytes, payloadReserveBytes } from "./limits.ts";
import type { LinkLimits } from "./limits.ts";
import type { DeliveryProof } from "./link.ts";
import { PinOutbox } from "./pin-outbox.ts";
import type { OutboxLimits } from "./pin-outbox.ts";
import { WireWriter } from "./wire-writer.ts";

/** What {@link FrameSender} needs of the link around it. */
export interface FrameSenderPort {
  readonly limits: LinkLimits;
  /** The largest packet that the bus takes now. */
  maxPayloadBytes(): number;
  /** Where frames are written to once they may leave. */
  readonly batches: BatchSender;
  /** Whether a body of this many bytes may leave now, as far as the link as a whole is concerned. */
  hasRoom(bytes: number, isBulk: boolean): boolean;
  /** A pin whose window was full has room again. */
  writable(pin: number): void;
  /** Something was written or may be: the end of the turn is to see to it. */
  schedule(): void;
}

type Outbound = Frame | EncodedFrame;

/**
 * The way of frames out of a link over a lossy bus: through the window of their pin, encoded, whole or in pieces, into
 * the batch that leaves at the end of the turn.
 */
export class FrameSender {
  readonly #port: FrameSenderPort;
  readonly #outbox: PinOutbox<Outbound>;
  readonly #encoder = new TextEncoder();
  /** For frames that are encoded ahead. */
  readonly #ahead = new WireWriter();

  /** @param startsOpened - Whether pins need no acceptance by the peer before pieces may leave. */
  constructor(port: FrameSenderPort, startsOpened: boolean) {
    this.#port = port;
    this.#outbox = new PinOutbox<Outbound>(
      {
        hasRoom: (bytes, isBulk) => port.hasRoom(bytes, isBulk),
        write: (_pin, item) => this.#write(item),
        writeChunk: (pin, item, start, end, total) => this.#writeChunk(pin, item, start, end, total),
        writable: (pin) => port.writable(pin),
      },
      this.#outboxLimits(),
      startsOpened,
    );
  }

  /** Whether anything waits at all. */
  get hasWaiting(): boolean {
    return this.#outbox.hasWaiting;
  }

  /** Whether anything waits that its pin's window would let pass. */
  get hasReady(): boolean {
    return this.#outbox.hasReady;
  }

  send(frame: Frame): void {
    if (frame.type === "output" && typeof frame.body === "string") this.#sendText(frame, frame.body);
    else this.#send(frame);
    this.#port.schedule();
  }

  /** Tells how much the peer may send again; ahead of whatever waits for credit itself. */
  credit(pin: number, bytes: number): void {
    const credit: CreditFrame = { type: "credit", pin, bytes };
    writeFrame(this.#port.batches.writerFor(boundOf(credit)), credit);
    this.#port.schedule();
  }

  /** Lets leave what may. Returns whether more could leave in the next turn without anything happening. */
  pump(): boolean {
    return this.#outbox.hasReady && this.#outbox.pump();
  }

  hasCredit(pin: number): boolean {
    return this.#outbox.hasCredit(pin);
  }

  /** The peer has consumed this many bytes of the pin. */
  credited(pin: number, bytes: number): void {
    this.#outbox.credit(pin, bytes);
  }

  /** The peer has accepted the pin. */
  opened(pin: number): void {
    this.#outbox.opened(pin);
  }

  /** The peer wants nothing of the pin: what waits for it never leaves. */
  discard(pin: number): void {
    this.#outbox.discard(pin);
  }

  /** Forgets the pin once what waits for it has left. */
  release(pin: number): void {
    this.#outbox.release(pin);
  }

  /** Takes back the client messages of a pin that have not begun to leave; returns their numbers. */
  withdraw(pin: number): ReadonlySet<number> {
    const numbers = new Set<number>();
    for (const item of this.#outbox.withdraw(pin)) {
      if (item.type === "message" || item.type === "encoded") numbers.add(item.number);
    }
    return numbers;
  }

  proofOf(pin: number, messageNumber: number): DeliveryProof {
    if (messageNumber > this.#outbox.lastNumber(pin)) return "not-delivered";
    const waits = this.#outbox.waitsFor(
      pin,
      (item) => (item.type === "message" || item.type === "encoded") && item.number === messageNumber,
    );
    return waits ? "not-delivered" : this.#port.batches.proofOf(pin, messageNumber);
  }

  /** The bus takes packets of another size. Returns false when something on its way no longer fits. */
  resize(): boolean {
    const limits = this.#outboxLimits();
    const maxPayloadBytes = this.#port.maxPayloadBytes();
    const fits =
      this.#port.batches.resize(batchBytesFor(this.#port.limits, maxPayloadBytes), maxPayloadBytes) &&
      (limits.wholeBytes >= this.#outbox.limits.wholeBytes || !this.#outbox.hasWaiting);
    if (fits) this.#outbox.limits = limits;
    return fits;
  }

  /**
   * Encodes text right into the batch if it may leave now. Nearly all text is ASCII: its size is taken for granted, and
   * when it was another one that does not fit, the text is taken out again and encoded ahead, as what has to wait is.
   */
  #sendText(frame: OutputFrame, text: string): void {
    const { pin } = frame;
    const { wholeBytes } = this.#outbox.limits;
    const { length } = text;
    if (length > wholeBytes) {
      this.#sendAhead(frame, length);
      return;
    }
    if (this.#outbox.passes(pin, length)) {
      const batches = this.#port.batches;
      const writer = batches.writerFor(boundOf(frame) - maxBodyBytes(text) + length);
      const start = writer.length;
      const bytes = writeOutput(writer, frame);
      const isAscii = bytes === length;
      if (isAscii || (bytes <= wholeBytes && !batches.isOverfull && this.#outbox.passes(pin, bytes))) {
        if (frame.purpose === "reply") batches.noteReply(pin, frame.number, start);
        this.#outbox.passed(pin, bytes);
        return;
      }
      writer.truncate(start);
    }
    this.#send({ ...frame, body: this.#encoder.encode(text) });
  }

  #send(frame: Frame): void {
    const { wholeBytes } = this.#outbox.limits;
    const bodyBytes = frame.type === "message" || frame.type === "output" ? frame.body.length : 0;
    if (bodyBytes <= wholeBytes && boundOf(frame) <= wholeBytes + payloadReserveBytes) {
      this.#outbox.send(frame.pin, frame, bodyBytes, frame.type === "message" ? frame.number : 0);
    } else {
      this.#sendAhead(frame, bodyBytes);
    }
  }

  /** Sends a frame that is encoded ahead: whole if that shows it to be small enough, else in pieces. */
  #sendAhead(frame: Frame, bodyBytes: number): void {
    const { wholeBytes } = this.#outbox.limits;
    const encoded = encodeAlone(this.#ahead, frame);
    const { pin, number, bytes } = encoded;
    const isWhole = bodyBytes <= wholeBytes && bytes.length <= wholeBytes + payloadReserveBytes;
    this.#outbox.send(pin, encoded, isWhole ? bodyBytes : bytes.length, number);
  }

  #write(item: Outbound): void {
    const batches = this.#port.batches;
    if (item.type === "encoded") {
      batches.writerFor(item.bytes.length).raw(item.bytes);
      if (item.number > 0) batches.noteMessage(item.pin, item.number);
      return;
    }
    const writer = batches.writerFor(boundOf(item));
    const start = writer.length;
    writeFrame(writer, item);
    if (item.type === "message") batches.noteMessage(item.pin, item.number);
    else if (item.type === "output" && item.purpose === "reply")
      batches.noteReply(item.pin, item.number, start);
  }

  #writeChunk(pin: number, item: Outbound, start: number, end: number, total: number): void {
    if (item.type !== "encoded") return;
    const batches = this.#port.batches;
    writeChunk(batches.writerFor(end - start + 32), pin, item.bytes, start, end);
    batches.noteBulk(end - start);
    if (end === total && item.number > 0) batches.noteMessage(pin, item.number);
  }

  #outboxLimits(): OutboxLimits {
    const { limits } = this.#port;
    const { pinWindowBytes, wholeBytes, chunkBytes } = limits;
    const room = batchBytesFor(limits, this.#port.maxPayloadBytes()) - payloadReserveBytes;
    return {
      windowBytes: pinWindowBytes,
      wholeBytes: Math.min(wholeBytes, room),
      chunkBytes: Math.min(chunkBytes, room),
    };
  }
}

/** How large a batch may be on a bus that takes packets of this size. */
export function batchBytesFor(limits: LinkLimits, maxPayloadBytes: number): number {
  return Math.min(limits.batchBytes, Math.max(minimumPayloadBytes, maxPayloadBytes) - payloadReserveBytes);
}
