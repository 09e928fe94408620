import type { Runtime } from "velaros-protocol";

import type { Transport } from "../transport/transport.ts";
import type { Frame, GatewayToInstanceFrame, InstanceToGatewayFrame } from "./frame.ts";
import type { LinkLimits } from "./limits.ts";
import type { GatewayLink, InstanceLink, Link, LinkIdentity, LinkListener, LinkLostCause } from "./link.ts";
import { ReliableLink } from "./reliable-link.ts";
import type { ReliablePacket } from "./reliable-link.ts";
import * as subjects from "./subjects.ts";

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

export interface OpenLinkOptions<Incoming extends Frame> {
  readonly identity: LinkIdentity;
  readonly side: "gateway" | "instance";
  readonly transport: Transport;
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  listener(): LinkListener<Incoming>;
  onProblem(error: Error): void;
  onLost(cause: LinkLostCause): void;
}

type GatewayOptions = OpenLinkOptions<InstanceToGatewayFrame> & { readonly side: "gateway" };
type InstanceOptions = OpenLinkOptions<GatewayToInstanceFrame> & { readonly side: "instance" };

/** Makes one end of a link, of the kind that the transport needs. */
export function openLink(options: GatewayOptions): LinkEnd & GatewayLink;
export function openLink(options: InstanceOptions): LinkEnd & InstanceLink;
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
  return new ReliableLinkEnd<Incoming>({
    ...options,
    publish: (batch) => transport.publish(subject, batch, reportTo(batch.sequence, false)),
  });
}

class ReliableLinkEnd<Incoming extends Frame> extends ReliableLink<Frame, Incoming> implements LinkEnd {
  isFor(packet: Introduction): boolean {
    return packet.linkId === this.linkId && packet.gatewayEpoch === this.identity.gatewayEpoch;
  }

  receivePacket(payload: Uint8Array | object): string | undefined {
    const packet = payload as ReliablePacket;
    if (packet.linkId !== this.linkId || packet.gatewayEpoch !== this.identity.gatewayEpoch) return undefined;
    if (packet.kind === "reset") this.fail("reset");
    else this.receive(packet);
    return undefined;
  }

  busChanged(): void {}
}

/** Reads who a packet is from; a text when it can't be read. */
export function introduce(payload: Uint8Array | object): Introduction | string {
  if (payload instanceof Uint8Array) return "a link in one process carries objects, not bytes";
  const packet = payload as ReliablePacket;
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
  const packet: ReliablePacket = {
    kind: "reset",
    linkId: about.linkId,
    gatewayEpoch: about.gatewayEpoch,
  };
  return isReliable ? packet : new Uint8Array(0);
}
