import type { Runtime } from "velaros-protocol";
import { EurusError } from "../errors.ts";
import { BatchReceiver } from "./batch-receiver.ts";
import { BatchSender } from "./batch-sender.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { FrameReceiver } from "./frame-receiver.ts";
import { batchBytesFor, FrameSender } from "./frame-sender.ts";
import type { Frame } from "./frame.ts";
import type { LinkLimits } from "./limits.ts";
import type { DeliveryProof, Link, LinkIdentity, LinkListener, LinkLostCause, LinkState } from "./link.ts";
import { epochTag, PacketFlag, PacketKind, readEpochs, readHeader, writeHeader } from "./packet-header.ts";
import type { PacketHeader } from "./packet-header.ts";
import { Reachability } from "./reachability.ts";
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

/** After this many unreadable copies of one batch the peer is taken for broken. */
const maxMalformed = 3;

/**
 * One end of a link over a lossy bus. Knows no subject and no bus: packets go out through `publish`, come in
 * through `receive`, and all time is the runtime's.
 *
 * Frames go out through {@link FrameSender} into the batches of {@link BatchSender}, and come out of the batches that
 * {@link BatchReceiver} lets pass through {@link FrameReceiver}; what is left here is what packets say to each other.
 */
export class SequencedLink<Outgoing extends Frame, Incoming extends Frame> implements Link<
  Outgoing,
  Incoming
> {
  readonly identity: LinkIdentity;
  readonly tag: number;
  readonly #options: SequencedLinkOptions<Incoming>;
  readonly #sender: FrameSender;
  readonly #receiver: FrameReceiver;
  readonly #batchSender: BatchSender;
  readonly #batchReceiver: BatchReceiver;
  readonly #reachability: Reachability;
  readonly #reader = new WireReader();
  readonly #control = new WireWriter();
  readonly #header: PacketHeader = { kind: 0, flags: 0, linkId: 0, tag: 0, sequence: 0, ack: 0 };
  readonly #epochs: Uint8Array;
  readonly #flush = (): void => this.#flushNow();
  readonly #pumpSoon = (): void => this.#schedule();
  #isScheduled = false;
  #isLost = false;
  #malformed = 0;

  constructor(options: SequencedLinkOptions<Incoming>) {
    const { identity, runtime, limits, side } = options;
    this.identity = identity;
    this.tag = epochTag(identity.gatewayEpoch, identity.instanceEpoch);
    this.#options = options;
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
    this.#batchReceiver = new BatchReceiver({
      runtime,
      limits,
      mayPublish: () => !this.#isLost && this.#reachability.isConnected,
      sendAck: () => this.#sendControl(PacketKind.ACK, 0, 0),
      sendNak: () => this.#sendControl(PacketKind.NAK, 0, 0),
    });
    this.#batchSender = new BatchSender(
      {
        runtime,
        limits,
        unacked: options.unacked,
        epochs: this.#epochs,
        linkId: identity.linkId,
        tag: this.tag,
        mayPublish: () => !this.#isLost && this.#reachability.mayPublish,
        publish: (packet, sequence, again) => options.publish(packet, sequence, again),
        expected: () => this.#batchReceiver.expected,
        acknowledged: () => this.#batchReceiver.acknowledged(),
        probe: (lastSequence) => this.#sendControl(PacketKind.PROBE, 0, lastSequence),
        roomFreed: () => {
          if (this.#sender.hasReady) this.#schedule();
        },
      },
      side === "instance",
      batchBytesFor(limits, options.maxPayloadBytes()),
    );
    this.#sender = new FrameSender(
      {
        limits,
        batches: this.#batchSender,
        maxPayloadBytes: () => options.maxPayloadBytes(),
        hasRoom: (bytes, isBulk) => this.#hasRoom(bytes, isBulk),
        writable: (pin) => this.#guard(() => options.listener().writable(pin)),
        schedule: () => this.#schedule(),
      },
      // Only what a gateway sends can come before the instance has accepted the pin.
      side === "instance",
    );
    this.#receiver = new FrameReceiver({
      runtime,
      limits,
      reassembly: options.reassembly,
      sender: this.#sender,
      isLost: () => this.#isLost,
      deliver: (frame) => this.#deliver(frame),
      problem: (pin, problem) => this.#reportPacket(`link ${this.linkId}, pin ${pin}`, problem),
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
    return this.#isLost || (this.#batchSender.isEmpty && !this.#sender.hasWaiting);
  }

  send(frame: Outgoing): void {
    if (this.#isLost) return;
    this.#sender.send(frame);
    if (frame.type === "open") this.#receiver.add(frame.pin);
  }

  hasCredit(pin: number): boolean {
    return this.#sender.hasCredit(pin);
  }

  consumed(pin: number, bytes: number): void {
    if (!this.#isLost) this.#receiver.consumed(pin, bytes);
  }

  endWithReply(pin: number, messageNumber: number): boolean {
    return this.#batchSender.endWithReply(pin, messageNumber);
  }

  release(pin: number): void {
    this.#sender.release(pin);
    this.#receiver.release(pin);
  }

  withdraw(pin: number): ReadonlySet<number> {
    return this.#sender.withdraw(pin);
  }

  fail(cause: LinkLostCause): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#batchSender.stop();
    this.#batchReceiver.stop();
    this.#reachability.stop();
    this.#receiver.stop();
    this.#options.unacked.stopWaiting(this.#pumpSoon);
    this.#options.onLost(cause);
    this.#guard(() => this.#options.listener().lost(cause));
  }

  proofOf(pin: number, messageNumber: number): DeliveryProof {
    return this.#sender.proofOf(pin, messageNumber);
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
    if (sequence > 0 && !this.#batchSender.undeliverable(sequence, again)) return;
    this.#reachability.suspect();
  }

  busChanged(isConnected: boolean): void {
    if (this.#isLost) return;
    if (!isConnected) this.#reachability.disconnected();
    else if (this.#sender.resize()) this.#reachability.reconnected();
    else this.fail("payload-shrunk");
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
    if (!this.#batchSender.acknowledge(ack)) return `it acknowledges batch ${ack - 1}, which was never sent`;
    if (kind === PacketKind.BATCH) this.#receiveBatch(sequence, packet.length);
    else if (kind === PacketKind.NAK) this.#batchSender.retransmit(false);
    else if (kind === PacketKind.PROBE) this.#batchReceiver.probed(sequence);
    else if (kind === PacketKind.SYNC) this.#receiveSync(flags);
    if (this.#batchReceiver.isAckUrgent) this.#schedule();
    return undefined;
  }

  #receiveBatch(sequence: number, bytes: number): void {
    if (this.#batchReceiver.judge(sequence) !== "take") return;
    try {
      this.#receiver.read(this.#reader);
    } catch (error) {
      if (++this.#malformed >= maxMalformed) this.#giveUpOnPeer();
      throw error;
    }
    this.#malformed = 0;
    this.#batchReceiver.took(bytes);
    this.#receiver.take();
    if (this.#sender.hasReady) this.#schedule();
  }

  #receiveSync(flags: number): void {
    if ((flags & PacketFlag.ANSWER) !== 0) {
      this.#reachability.answer();
      return;
    }
    this.#sendSync(PacketFlag.ANSWER);
    this.#batchSender.retransmit(false);
  }

  #answered(wasSuspect: boolean): void {
    this.#batchSender.retransmit(true);
    if (wasSuspect) this.#guard(() => this.#options.listener().restored());
    this.#schedule();
  }

  /** The same batch can't be read again and again: without it nothing can follow. */
  #giveUpOnPeer(): void {
    this.#sendControl(PacketKind.RESET, 0, 0);
    this.fail("reset");
  }

  #hasRoom(bytes: number, isBulk: boolean): boolean {
    if (this.#batchSender.hasRoom(bytes, isBulk)) return true;
    if (this.#reachability.mayPublish && !this.#options.unacked.hasRoom(bytes)) {
      this.#options.unacked.wait(this.#pumpSoon);
    }
    return false;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isLost) return;
    this.#isScheduled = true;
    this.#options.runtime.defer(this.#flush);
  }

  #flushNow(): void {
    this.#isScheduled = false;
    if (this.#isLost) return;
    const chunksRemain = this.#sender.pump();
    this.#batchSender.flush();
    this.#batchReceiver.settle();
    if (chunksRemain) this.#schedule();
  }

  #sendSync(answer: number): void {
    this.#sendControl(PacketKind.SYNC, answer, this.#batchSender.sendNext);
  }

  #sendControl(kind: number, flags: number, sequence: number): void {
    const isNew = !this.#batchSender.isEstablished && (kind === PacketKind.SYNC || kind === PacketKind.PROBE);
    const { linkId } = this.identity;
    const ack = this.#batchReceiver.expected;
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

  #deliver(frame: Frame): void {
    try {
      // What a peer may send is its own affair; the owner ignores what does not belong to its side.
      this.#options.listener().frame(frame as Incoming);
    } catch (cause) {
      this.#report(cause);
    }
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

  #reportPacket(subject: string, problem: string): void {
    this.#options.onProblem(new EurusError("EURUS_PACKET_INVALID", { subject, problem }));
  }
}
