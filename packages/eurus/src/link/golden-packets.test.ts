import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import type { Frame } from "./frame.ts";
import { readFrame, writeChunk, writeFrame } from "./frame-codec.ts";
import type { ChunkFrame } from "./frame-codec.ts";
import { epochTag, PacketFlag, readEpochs, readHeader, writeHeader } from "./packet-header.ts";
import type { PacketHeader } from "./packet-header.ts";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

interface GoldenPacket {
  readonly name: string;
  readonly header: PacketHeader;
  readonly epochs?: { readonly gatewayEpoch: string; readonly instanceEpoch: string };
  /** Bytes are written as hexadecimal text; absent fields are undefined. */
  readonly frames: readonly Readonly<Record<string, unknown>>[];
  readonly hex: string;
}

const file = join(import.meta.dirname, "..", "..", "vectors", "packets.json");
const packets: readonly GoldenPacket[] = JSON.parse(readFileSync(file, "utf8"));

/** A frame as it stands in the file: bytes as text. */
function toGolden(frame: Frame | ChunkFrame): unknown {
  const toText = (_key: string, value: unknown): unknown =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
  return JSON.parse(JSON.stringify(frame, toText));
}

function fromGolden(frame: Readonly<Record<string, unknown>>): Frame | ChunkFrame {
  const entries = Object.entries(frame).map(([key, value]) => {
    const isBytes = typeof value === "string" && ["body", "replacedData", "bytes"].includes(key);
    return [key, isBytes ? new Uint8Array(Buffer.from(value, "hex")) : value];
  });
  // The file is ours and its frames are what the codec has been given once.
  return Object.fromEntries(entries) as Frame | ChunkFrame;
}

test.each(packets)("$name: the bytes are read as the file says", ({ header, epochs, frames, hex }) => {
  const reader = new WireReader(new Uint8Array(Buffer.from(hex, "hex")));
  const read: PacketHeader = { kind: 0, flags: 0, linkId: 0, tag: 0, sequence: 0, ack: 0 };
  readHeader(reader, read);
  expect(read).toEqual(header);
  if ((header.flags & PacketFlag.NEW) !== 0) expect(readEpochs(reader)).toEqual(epochs);
  const found: unknown[] = [];
  while (!reader.isAtEnd) found.push(toGolden(readFrame(reader)));

  expect(found).toEqual(frames);
});

test.each(packets)("$name: what the file says is written as the bytes", ({ header, epochs, frames, hex }) => {
  const writer = new WireWriter();
  writeHeader(writer, header);
  if (epochs !== undefined) {
    expect(epochTag(epochs.gatewayEpoch, epochs.instanceEpoch)).toBe(header.tag);
    writer.text(epochs.gatewayEpoch);
    writer.text(epochs.instanceEpoch);
  }
  for (const golden of frames) {
    const frame = fromGolden(golden);
    if (frame.type !== "chunk") {
      writeFrame(writer, frame);
      continue;
    }
    // A piece says where it lies only by being the first or the last.
    const from = frame.totalBytes > 0 ? 0 : 1;
    const to = from + frame.bytes.length;
    const whole = new Uint8Array(Math.max(frame.totalBytes, frame.isLast ? to : to + 1));
    whole.set(frame.bytes, from);
    writeChunk(writer, frame.pin, whole, from, to);
  }

  expect(Buffer.from(writer.take()).toString("hex")).toBe(hex);
});
