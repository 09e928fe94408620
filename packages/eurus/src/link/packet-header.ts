import type { WireReader } from "./wire-reader.ts";
import { MalformedPacket } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** The version of the wire that this code speaks. */
export const wireVersion = 1;

/** What a packet is for. */
export const PacketKind = {
  /** A numbered batch of frames. */
  BATCH: 1,
  /** Everything below `ack` was taken. */
  ACK: 2,
  /** The batch `ack` is missing; send from there again. */
  NAK: 3,
  /** `sequence` was the last batch sent: answer with ACK or NAK. */
  PROBE: 4,
  /** Where both directions stand: `sequence` is sent next, `ack` expected next. */
  SYNC: 5,
  /** There is no such link here. */
  RESET: 6,
} as const;

export const PacketFlag = {
  /** May open the link at the instance; the epochs follow the header. */
  NEW: 1,
  /** Was sent before. */
  AGAIN: 2,
  /** A SYNC that answers one, and is not answered itself. */
  ANSWER: 4,
} as const;

export interface PacketHeader {
  kind: number;
  flags: number;
  linkId: number;
  /** Stands for the epochs of both ends. */
  tag: number;
  sequence: number;
  ack: number;
}

export function writeHeader(writer: WireWriter, header: Readonly<PacketHeader>): void {
  writer.byte(wireVersion);
  writer.byte(header.kind);
  writer.byte(header.flags);
  writer.byte(0);
  writer.uint32(header.linkId);
  writer.uint32(header.tag);
  writer.uint48(header.sequence);
  writer.uint48(header.ack);
}

/** Reads the fixed part into `into`. Throws {@link MalformedPacket}, also for an unknown version. */
export function readHeader(reader: WireReader, into: PacketHeader): void {
  const version = reader.byte();
  if (version !== wireVersion) {
    throw new MalformedPacket(`it has wire version ${version}, and only ${wireVersion} is spoken here`);
  }
  into.kind = reader.byte();
  if (into.kind < PacketKind.BATCH || into.kind > PacketKind.RESET) {
    throw new MalformedPacket(`its kind ${into.kind} is unknown`);
  }
  into.flags = reader.byte();
  reader.byte();
  into.linkId = reader.uint32();
  into.tag = reader.uint32();
  into.sequence = reader.uint48();
  into.ack = reader.uint48();
}

/** What follows the header of a packet that may open a link. */
export interface Epochs {
  readonly gatewayEpoch: string;
  readonly instanceEpoch: string;
}

/** Reads the epochs that follow a header with {@link PacketFlag.NEW}. */
export function readEpochs(reader: WireReader): Epochs {
  const gatewayEpoch = reader.text();
  const instanceEpoch = reader.text();
  if (gatewayEpoch.length > maxEpochLength || instanceEpoch.length > maxEpochLength) {
    throw new MalformedPacket(`an epoch has more than ${maxEpochLength} characters`);
  }
  return { gatewayEpoch, instanceEpoch };
}

const maxEpochLength = 64;

/** A number that stands for both epochs in packets that do not carry them: 32-bit FNV-1a of `gateway.instance`. */
export function epochTag(gatewayEpoch: string, instanceEpoch: string): number {
  const text = `${gatewayEpoch}.${instanceEpoch}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
