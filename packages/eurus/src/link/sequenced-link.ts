import type { Runtime } from "velaros-protocol";

import { EurusError } from "../errors.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { readFrame, writeChunk, writeFrame, writeOutput } from "./frame-codec.ts";
import type { WireFrame } from "./frame-codec.ts";
import { boundOf, encodeAlone, maxBodyBytes } from "./frame-size.ts";
import type { EncodedFrame } from "./frame-size.ts";
import type { CreditFrame, Frame, MessageFrame, OutputFrame } from "./frame.ts";
import { Incoming } from "./incoming.ts";
import { minimumPayloadBytes, payloadReserveBytes } from "./limits.ts";
import type { LinkLimits } from "./limits.ts";
import type { DeliveryProof, Link, LinkIdentity, LinkListener, LinkLostCause, LinkState } from "./link.ts";
import { Outgoing } from "./outgoing.ts";
import { epochTag, PacketFlag, PacketKind, readEpochs, readHeader, writeHeader } from "./packet-header.ts";
import type { PacketHeader } from "./packet-header.ts";
import { PinOutbox } from "./pin-outbox.ts";
import type { OutboxLimits } from "./pin-outbox.ts";
import { Reachability } from "./reachability.ts";
import { Reassembly } from "./reassembly.ts";
import { ReceiveWindows } from "./receive-windows.ts";
import { MalformedPacket, WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

export interface SequencedLinkOptions<Incoming extends Frame> {
  readonly identity: LinkIdentity;
  readonly side: "gateway" | "instance";
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  /** Bytes of all links of the process that are sent and not acknowledged. */
  readonly unacked: ByteBudget;
  /** Memory for large bodies on their way in, of all links of the process. */
  readonly reassembly: ByteBudget;
  readonly isConnected: boolean;
  maxPayloadBytes(): number;
  listener(): LinkListener<Incoming>;
  /** `sequence` is 0 for packets without a number. `again`: a report that nobody was there proves nothing. */
  publish(packet: Uint8Array, sequence: number, again: boolean): void;
  onProblem(error: Error): void;
  onLost(cause: LinkLostCause): void;
}

type Outbound = Frame | EncodedFrame;
type Numbered = { -readonly [Key in keyof MessageFrame]: MessageFrame[Key] };

/** After this many unreadable copies of one batch the peer is taken for broken. */
const maxMalformed = 3;

/**
 * One end of a link over a lossy bus. Knows no subject and no bus: packets go out through `publish`, come in
 * through `receive`, and all time is the runtime's.
 */
export class SequencedLink<Out extends Frame, In extends Frame> implements Link<Out, In> {
  readonly identity: LinkIdentity;
  readonly tag: number;
  readonly #options: SequencedLinkOptions<In>;
  readonly #outbox: PinOutbox<Outbound>;
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #reachability: Reachability;
  readonly #reassembly: Reassembly;
  readonly #windows: ReceiveWindows;
  readonly #reader = new WireReader();
  readonly #wholeReader = new WireReader();
  readonly #control = new WireWriter();
  readonly #encoder = new TextEncoder();
  readonly #header: PacketHeader = { kind: 0, flags: 0, linkId: 0, tag: 0, sequence: 0, ack: 0 };
  readonly #epochs: Uint8Array;
  readonly #flush = (): void => this.#flushNow();
  readonly #pumpSoon = (): void => this.#schedule();
  #isScheduled = false;
  #isLost = false;
  #malformed = 0;
  #batch: WireFrame[] = [];

  constructor(options: SequencedLinkOptions<In>) {
    const { identity, runtime, limits, side } = options;
    this.identity = identity;
    this.tag = epochTag(identity.gatewayEpoch, identity.instanceEpoch);
    this.#options = options;
    this.#windows = new ReceiveWindows(limits.pinWindowBytes);
    const epochs = new WireWriter();
    epochs.text(identity.gatewayEpoch);
    epochs.text(identity.instanceEpoch);
    this.#epochs = epochs.take();
    this.#reachability = new Reachability(
      {
        runtime,
        limits,
        sendSync: () => this.#sendSync(0),
        suspected: () => this.#guard(() => options.listener().suspect()),
        answered: (wasSuspect) => this.#answered(wasSuspect),
        expired: () => this.fail("suspect-timeout"),
      },
      options.isConnected,
    );
    this.#incoming = new Incoming({
      runtime,
      limits,
      mayPublish: () => !this.#isLost && this.#reachability.isConnected,
      sendAck: () => this.#sendControl(PacketKind.ACK, 0, 0),
      sendNak: () => this.#sendControl(PacketKind.NAK, 0, 0),
    });
    this.#outgoing = new Outgoing(
      {
        runtime,
        limits,
        unacked: options.unacked,
        epochs: this.#epochs,
        linkId: identity.linkId,
        tag: this.tag,
        mayPublish: () => !this.#isLost && this.#reachability.mayPublish,
        publish: (packet, sequence, again) => options.publish(packet, sequence, again),
        expected: () => this.#incoming.expected,
        acknowledged: () => this.#incoming.acknowledged(),
        probe: (lastSequence) => this.#sendControl(PacketKind.PROBE, 0, lastSequence),
        roomFreed: () => {
          if (this.#outbox.hasReady) this.#schedule();
        },
      },
      side === "instance",
      this.#batchBytes(),
    );
    this.#outbox = new PinOutbox<Outbound>(
      {
        hasRoom: (bytes, isBulk) => this.#hasRoom(bytes, isBulk),
        write: (_pin, item) => this.#write(item),
        writeChunk: (pin, item, start, end, total) => this.#writeChunk(pin, item, start, end, total),
        writable: (pin) => this.#guard(() => options.listener().writable(pin)),
      },
      this.#outboxLimits(),
      // Only what a gateway sends can come before the instance has accepted the pin.
      side === "instance",
    );
    this.#reassembly = new Reassembly({
      runtime,
      stallMs: limits.transferStallMs,
      budget: options.reassembly,
      grant: (pin, bytes) => this.#writeCredit(pin, bytes),
      hasUnconsumed: (pin) => this.#windows.hasPrepaid(pin),
      abort: (pin, problem) => this.#abort(pin, problem),
    });
  }

  get linkId(): number {
    return this.identity.linkId;
  }

  get state(): LinkState {
    if (this.#isLost) return "lost";
    return this.#reachability.isSuspect ? "suspect" : "open";
  }

  get allTaken(): boolean {
    return this.#isLost || (this.#outgoing.isEmpty && !this.#outbox.hasWaiting);
  }

  send(frame: Out): void {
    if (this.#isLost) return;
    if (frame.type === "output" && typeof frame.body === "string") this.#sendText(frame, frame.body);
    else this.#send(frame);
  }

  /**
   * Encodes text right into the batch if it may leave now. Nearly all text is ASCII: its size is taken for granted, and
   * when it was another one that does not fit, the text is taken out again and encoded ahead, as what has to wait is.
   */
  #sendText(frame: OutputFrame, text: string): void {
    const { pin } = frame;
    const { wholeBytes } = this.#outbox.limits;
    const { length } = text;
    if (length <= wholeBytes && this.#outbox.passes(pin, length)) {
      const writer = this.#outgoing.writerFor(boundOf(frame) - maxBodyBytes(text) + length);
      const before = writer.length;
      const bytes = writeOutput(writer, frame);
      const isAscii = bytes === length;
      if (isAscii || (bytes <= wholeBytes && !this.#outgoing.isOverfull && this.#outbox.passes(pin, bytes))) {
        if (frame.purpose === "reply") this.#outgoing.noteReply(pin, frame.number, before);
        this.#outbox.passed(pin, bytes);
        this.#schedule();
        return;
      }
      writer.truncate(before);
    }
    this.#send({ ...frame, body: this.#encoder.encode(text) });
  }

  #send(frame: Frame): void {
    const { wholeBytes } = this.#outbox.limits;
    const bodyBytes = frame.type === "message" || frame.type === "output" ? frame.body.length : 0;
    const number = frame.type === "message" ? frame.number : 0;
    if (bodyBytes <= wholeBytes && boundOf(frame) <= wholeBytes + payloadReserveBytes) {
      this.#outbox.send(frame.pin, frame, bodyBytes, number);
    } else {
      const encoded = encodeAlone(this.#control, frame);
      const isWhole = bodyBytes <= wholeBytes && encoded.bytes.length <= wholeBytes + payloadReserveBytes;
      this.#outbox.send(frame.pin, encoded, isWhole ? bodyBytes : encoded.bytes.length, number);
    }
    if (frame.type === "open") this.#windows.add(frame.pin);
    this.#schedule();
  }

  hasCredit(pin: number): boolean {
    return this.#outbox.hasCredit(pin);
  }

  consumed(pin: number, bytes: number): void {
    if (this.#isLost) return;
    const granted = this.#windows.consumed(pin, bytes);
    if (granted > 0) this.#writeCredit(pin, granted);
    if (!this.#reassembly.isIdle && !this.#windows.hasPrepaid(pin)) this.#reassembly.consumed(pin);
  }

  endWithReply(pin: number, messageNumber: number): boolean {
    return this.#outgoing.endWithReply(pin, messageNumber);
  }

  release(pin: number): void {
    this.#outbox.release(pin);
    this.#windows.release(pin);
    this.#reassembly.release(pin);
  }

  withdraw(pin: number): ReadonlySet<number> {
    const numbers = new Set<number>();
    for (const item of this.#outbox.withdraw(pin)) {
      if (item.type === "message" || item.type === "encoded") numbers.add(item.number);
    }
    return numbers;
  }

  fail(cause: LinkLostCause): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#outgoing.stop();
    this.#incoming.stop();
    this.#reachability.stop();
    this.#reassembly.stop();
    this.#options.unacked.stopWaiting(this.#pumpSoon);
    this.#options.onLost(cause);
    this.#guard(() => this.#options.listener().lost(cause));
  }

  proofOf(pin: number, messageNumber: number): DeliveryProof {
    if (messageNumber > this.#outbox.lastNumber(pin)) return "not-delivered";
    const waits = this.#outbox.waitsFor(
      pin,
      (item) => (item.type === "message" || item.type === "encoded") && item.number === messageNumber,
    );
    return waits ? "not-delivered" : this.#outgoing.proofOf(pin, messageNumber);
  }

  /** Takes a packet of this link. Returns what is wrong with it, if anything. */
  receive(packet: Uint8Array): string | undefined {
    if (this.#isLost) return undefined;
    try {
      return this.#receive(packet);
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error;
      return error.message;
    }
  }

  /** The bus found nobody for a packet of this link. */
  undeliverable(sequence: number, again: boolean): void {
    if (this.#isLost) return;
    // A batch that was acknowledged meanwhile did find somebody.
    if (sequence > 0 && !this.#outgoing.undeliverable(sequence, again)) return;
    this.#reachability.suspect();
  }

  busChanged(isConnected: boolean): void {
    if (this.#isLost) return;
    if (!isConnected) {
      this.#reachability.disconnected();
      return;
    }
    const limits = this.#outboxLimits();
    const fits =
      this.#outgoing.resize(this.#batchBytes(), this.#options.maxPayloadBytes()) &&
      (limits.wholeBytes >= this.#outbox.limits.wholeBytes || !this.#outbox.hasWaiting);
    if (!fits) {
      this.fail("payload-shrunk");
      return;
    }
    this.#outbox.limits = limits;
    this.#reachability.reconnected();
  }

  #receive(packet: Uint8Array): string | undefined {
    const reader = this.#reader;
    const header = this.#header;
    reader.reset(packet);
    readHeader(reader, header);
    if (header.linkId !== this.linkId || header.tag !== this.tag) return "it belongs to another link";
    if ((header.flags & PacketFlag.NEW) !== 0) readEpochs(reader);
    const { kind, sequence, ack, flags } = header;
    if (kind === PacketKind.RESET) {
      this.fail("reset");
      return undefined;
    }
    if (!this.#outgoing.acknowledge(ack)) return `it acknowledges batch ${ack - 1}, which was never sent`;
    let problem: string | undefined;
    if (kind === PacketKind.BATCH) problem = this.#receiveBatch(sequence, packet);
    else if (kind === PacketKind.NAK) this.#outgoing.retransmit(false);
    else if (kind === PacketKind.PROBE) this.#incoming.probed(sequence);
    else if (kind === PacketKind.SYNC) this.#receiveSync(flags);
    if (this.#incoming.isAckUrgent) this.#schedule();
    return problem;
  }

  #receiveBatch(sequence: number, packet: Uint8Array): string | undefined {
    if (this.#incoming.judge(sequence) !== "take") return undefined;
    const frames = this.#batch;
    frames.length = 0;
    try {
      // All of it or nothing: a batch is never taken in part.
      while (!this.#reader.isAtEnd) frames.push(readFrame(this.#reader));
    } catch (error) {
      if (++this.#malformed >= maxMalformed) this.#giveUpOnPeer();
      throw error;
    }
    this.#malformed = 0;
    this.#incoming.took(packet.length);
    for (const frame of frames) {
      if (this.#isLost) break;
      this.#take(frame);
    }
    if (this.#outbox.hasReady) this.#schedule();
    return undefined;
  }

  #receiveSync(flags: number): void {
    if ((flags & PacketFlag.ANSWER) !== 0) {
      this.#reachability.answer();
      return;
    }
    this.#sendSync(PacketFlag.ANSWER);
    this.#outgoing.retransmit(false);
  }

  #answered(wasSuspect: boolean): void {
    this.#outgoing.retransmit(true);
    if (wasSuspect) this.#guard(() => this.#options.listener().restored());
    this.#schedule();
  }

  #take(frame: WireFrame): void {
    const { pin } = frame;
    switch (frame.type) {
      case "message":
      case "output":
        this.#deliver(frame);
        return;
      case "credit":
        // What still waits to leave, the close of the pin included, needs these also after the pin has ended here.
        this.#outbox.credit(pin, frame.bytes);
        return;
      case "open":
        this.#windows.add(pin);
        break;
      case "opened":
        this.#outbox.opened(pin);
        break;
      case "refused":
      case "close":
      case "unpin":
        // The peer drops whatever still comes for the pin, and grants no room for it.
        this.#outbox.discard(pin);
        break;
      case "chunk":
      case "end":
      case "request-done":
        break;
    }
    // Frames of a pin that has ended cross its end.
    if (!this.#windows.has(pin)) return;
    if (frame.type === "chunk") {
      const whole = this.#reassembly.take(frame);
      if (typeof whole === "string") this.#abort(pin, whole);
      else if (whole !== undefined) this.#takeWhole(pin, whole);
      return;
    }
    this.#deliver(frame);
  }

  #takeWhole(pin: number, bytes: Uint8Array): void {
    let frame: WireFrame;
    try {
      this.#wholeReader.reset(bytes);
      frame = readFrame(this.#wholeReader);
    } catch (error) {
      this.#abort(pin, error instanceof Error ? error.message : String(error));
      return;
    }
    if ((frame.type !== "message" && frame.type !== "output") || frame.pin !== pin) {
      this.#abort(pin, "a large message is not what it claimed to be");
      return;
    }
    this.#windows.prepay(pin, frame.body.length);
    if (!this.#windows.hasPrepaid(pin)) this.#reassembly.consumed(pin);
    this.#deliver(frame);
  }

  #deliver(frame: Frame): void {
    if (frame.type === "message") {
      const number = this.#windows.countMessage(frame.pin);
      // A message of a pin that has ended; of output that goes nowhere the gateway keeps count.
      if (number === 0) return;
      (frame as Numbered).number = number;
    }
    try {
      // What a peer may send is its own affair; the owner ignores what does not belong to its side.
      this.#options.listener().frame(frame as In);
    } catch (cause) {
      this.#report(cause);
    }
  }

  /** A pin whose stream can't go on: both owners see it closed. */
  #abort(pin: number, problem: string): void {
    this.#options.onProblem(
      new EurusError("EURUS_PACKET_INVALID", { subject: `link ${this.linkId}, pin ${pin}`, problem }),
    );
    this.#windows.release(pin);
    this.#reassembly.release(pin);
    const close: Frame = { type: "close", pin, status: 1011, reason: "Transfer failed", source: "server" };
    this.#outbox.send(pin, close, 0, 0);
    this.#schedule();
    this.#deliver(close);
  }

  /** The same batch can't be read again and again: without it nothing can follow. */
  #giveUpOnPeer(): void {
    this.#sendControl(PacketKind.RESET, 0, 0);
    this.fail("reset");
  }

  #hasRoom(bytes: number, isBulk: boolean): boolean {
    if (this.#outgoing.hasRoom(bytes, isBulk)) return true;
    if (this.#reachability.mayPublish && !this.#options.unacked.hasRoom(bytes)) {
      this.#options.unacked.wait(this.#pumpSoon);
    }
    return false;
  }

  #write(item: Outbound): void {
    if (item.type === "encoded") {
      this.#outgoing.writerFor(item.bytes.length).raw(item.bytes);
      if (item.number > 0) this.#outgoing.noteMessage(item.pin, item.number);
      return;
    }
    const writer = this.#outgoing.writerFor(boundOf(item));
    const start = writer.length;
    writeFrame(writer, item);
    if (item.type === "message") this.#outgoing.noteMessage(item.pin, item.number);
    else if (item.type === "output" && item.purpose === "reply")
      this.#outgoing.noteReply(item.pin, item.number, start);
  }

  #writeChunk(pin: number, item: Outbound, start: number, end: number, total: number): void {
    if (item.type !== "encoded") return;
    writeChunk(this.#outgoing.writerFor(end - start + 32), pin, item.bytes, start, end);
    this.#outgoing.noteBulk(end - start);
    if (end === total && item.number > 0) this.#outgoing.noteMessage(pin, item.number);
  }

  /** Credits go ahead of whatever waits for credit itself. */
  #writeCredit(pin: number, bytes: number): void {
    const credit: CreditFrame = { type: "credit", pin, bytes };
    writeFrame(this.#outgoing.writerFor(boundOf(credit)), credit);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isLost) return;
    this.#isScheduled = true;
    this.#options.runtime.defer(this.#flush);
  }

  #flushNow(): void {
    this.#isScheduled = false;
    if (this.#isLost) return;
    const chunksRemain = this.#outbox.hasReady && this.#outbox.pump();
    this.#outgoing.flush();
    this.#incoming.settle();
    if (chunksRemain) this.#schedule();
  }

  #sendSync(answer: number): void {
    this.#sendControl(PacketKind.SYNC, answer, this.#outgoing.sendNext);
  }

  #sendControl(kind: number, flags: number, sequence: number): void {
    const isNew = !this.#outgoing.isEstablished && (kind === PacketKind.SYNC || kind === PacketKind.PROBE);
    const { linkId } = this.identity;
    const ack = this.#incoming.expected;
    const header = {
      kind,
      flags: isNew ? flags | PacketFlag.NEW : flags,
      linkId,
      tag: this.tag,
      sequence,
      ack,
    };
    writeHeader(this.#control, header);
    if (isNew) this.#control.raw(this.#epochs);
    this.#options.publish(this.#control.take(), 0, true);
  }

  #batchBytes(): number {
    const maxPayloadBytes = Math.max(minimumPayloadBytes, this.#options.maxPayloadBytes());
    return Math.min(this.#options.limits.batchBytes, maxPayloadBytes - payloadReserveBytes);
  }

  #outboxLimits(): OutboxLimits {
    const { pinWindowBytes, wholeBytes, chunkBytes } = this.#options.limits;
    const room = this.#batchBytes() - payloadReserveBytes;
    return {
      windowBytes: pinWindowBytes,
      wholeBytes: Math.min(wholeBytes, room),
      chunkBytes: Math.min(chunkBytes, room),
    };
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
