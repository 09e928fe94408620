import type { Runtime } from "velaros-protocol";

import type { Transport } from "../transport/transport.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { Frame, GatewayToInstanceFrame, InstanceToGatewayFrame } from "./frame.ts";
import type { LinkLimits } from "./limits.ts";
import type { GatewayLink, InstanceLink, Link, LinkIdentity, LinkListener, LinkLostCause } from "./link.ts";
import { epochTag, PacketFlag, PacketKind, readEpochs, readHeader, writeHeader } from "./packet-header.ts";
import type { PacketHeader } from "./packet-header.ts";
import { ReliableLink } from "./reliable-link.ts";
import type { ReliablePacket } from "./reliable-link.ts";
import { SequencedLink } from "./sequenced-link.ts";
import * as subjects from "./subjects.ts";
import { MalformedPacket, WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/** What a packet says about the link that it belongs to, before the rest of it is read. */
export interface Introduction {
  readonly linkId: number;
  /** The packet may open the link. */
  readonly isNew: boolean;
  readonly isReset: boolean;
  /** The epochs; empty unless `isNew`. */
  readonly gatewayEpoch: string;
  readonly instanceEpoch: string;
  /** Stands for the two epochs in packets that do not carry them. */
  readonly tag: number;
}

/** What dialer and acceptor need of a link beside what its owner needs. */
export interface LinkEnd {
  isFor(packet: Introduction): boolean;
  /** Takes a packet from the other end. Returns what is wrong with it, if anything. */
  receivePacket(payload: Uint8Array | object): string | undefined;
  undeliverable(sequence: number, again: boolean): void;
  /** Our own connection to the bus was lost or is back. */
  busChanged(isConnected: boolean): void;
}

/** What all links of a process share. */
export interface LinkBudgets {
  /** Sent and not acknowledged. */
  readonly unacked: ByteBudget;
  /** Large bodies on their way in. */
  readonly reassembly: ByteBudget;
}

export interface OpenLinkOptions<Incoming extends Frame> {
  readonly identity: LinkIdentity;
  readonly side: "gateway" | "instance";
  readonly transport: Transport;
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  /** Shared by all links of the process. */
  readonly budgets: LinkBudgets;
  listener(): LinkListener<Incoming>;
  onProblem(error: Error): void;
  onLost(cause: LinkLostCause): void;
}

type GatewayEndOptions = OpenLinkOptions<InstanceToGatewayFrame> & { readonly side: "gateway" };
type InstanceEndOptions = OpenLinkOptions<GatewayToInstanceFrame> & { readonly side: "instance" };

/** Makes one end of a link, of the kind that the transport needs. */
export function openLink(options: GatewayEndOptions): LinkEnd & GatewayLink;
export function openLink(options: InstanceEndOptions): LinkEnd & InstanceLink;
export function openLink<Incoming extends Frame>(
  options: OpenLinkOptions<Incoming>,
): LinkEnd & Link<Frame, Incoming> {
  const { identity, side, transport } = options;
  const subject = side === "gateway" ? subjects.toInstance(identity) : subjects.toGateway(identity);
  const undeliverable =
    side === "gateway" ? subjects.gatewayUndeliverable(identity) : subjects.instanceUndeliverable(identity);
  const peerId = side === "gateway" ? identity.instanceId : identity.gatewayId;
  const reportTo = (sequence: number, again: boolean): string =>
    `${undeliverable}.${subjects.undeliverableTail(peerId, identity.linkId, sequence, again)}`;
  if (transport.reliable) {
    return new ReliableLinkEnd<Incoming>({
      ...options,
      publish: (batch) => transport.publish(subject, batch, reportTo(batch.sequence, false)),
    });
  }
  return new SequencedLinkEnd<Incoming>({
    ...options,
    ...options.budgets,
    isConnected: transport.status === "connected",
    maxPayloadBytes: () => transport.maxPayloadBytes,
    publish: (packet, sequence, again) => transport.publish(subject, packet, reportTo(sequence, again)),
  });
}

class SequencedLinkEnd<Incoming extends Frame> extends SequencedLink<Frame, Incoming> implements LinkEnd {
  isFor(packet: Introduction): boolean {
    return packet.linkId === this.linkId && packet.tag === this.tag;
  }

  receivePacket(payload: Uint8Array | object): string | undefined {
    return payload instanceof Uint8Array ? this.receive(payload) : "a bus between processes carries bytes";
  }
}

class ReliableLinkEnd<Incoming extends Frame> extends ReliableLink<Frame, Incoming> implements LinkEnd {
  isFor(packet: Introduction): boolean {
    return packet.linkId === this.linkId && packet.gatewayEpoch === this.identity.gatewayEpoch;
  }

  receivePacket(payload: Uint8Array | object): string | undefined {
    const packet = payload as ReliablePacket;
    if (packet.kind === "reset") this.fail("reset");
    else this.receive(packet);
    return undefined;
  }

  busChanged(): void {
    // A bus within one process is never away.
  }
}

/** Reads who packets are from. */
export class Introducer {
  readonly #reader = new WireReader();
  readonly #header: PacketHeader = { kind: 0, flags: 0, linkId: 0, tag: 0, sequence: 0, ack: 0 };

  /** Returns a text when the packet can't be read. */
  introduce(payload: Uint8Array | object): Introduction | string {
    if (!(payload instanceof Uint8Array)) return introduceObject(payload as ReliablePacket);
    const header = this.#header;
    try {
      this.#reader.reset(payload);
      readHeader(this.#reader, header);
      const { kind, flags, linkId, tag } = header;
      const isReset = kind === PacketKind.RESET;
      if ((flags & PacketFlag.NEW) === 0) {
        return { linkId, tag, isReset, isNew: false, gatewayEpoch: "", instanceEpoch: "" };
      }
      const { gatewayEpoch, instanceEpoch } = readEpochs(this.#reader);
      if (epochTag(gatewayEpoch, instanceEpoch) !== tag) return "its tag and its epochs differ";
      return { linkId, tag, isReset, isNew: true, gatewayEpoch, instanceEpoch };
    } catch (error) {
      if (error instanceof MalformedPacket) return error.message;
      throw error;
    }
  }
}

function introduceObject(packet: ReliablePacket): Introduction {
  const isReset = packet.kind === "reset";
  return {
    linkId: packet.linkId,
    isNew: !isReset && packet.sequence === 1,
    isReset,
    gatewayEpoch: packet.gatewayEpoch,
    instanceEpoch: packet.kind === "batch" ? packet.instanceEpoch : "",
    tag: 0,
  };
}

/** The packet that tells the sender of another one that its link does not exist here. */
export function resetPacket(about: Introduction, isReliable: boolean): Uint8Array | object {
  const { linkId, tag, gatewayEpoch } = about;
  if (isReliable) {
    const packet: ReliablePacket = { kind: "reset", linkId, gatewayEpoch };
    return packet;
  }
  const writer = new WireWriter();
  writeHeader(writer, { kind: PacketKind.RESET, flags: 0, linkId, tag, sequence: 0, ack: 0 });
  return writer.take();
}
