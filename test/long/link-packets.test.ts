import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import type { Frame } from "../../packages/eurus/src/link/frame.ts";
import { readFrame, writeFrame } from "../../packages/eurus/src/link/frame-codec.ts";
import {
  epochTag,
  PacketFlag,
  PacketKind,
  readEpochs,
  readHeader,
  writeHeader,
} from "../../packages/eurus/src/link/packet-header.ts";
import type { PacketHeader } from "../../packages/eurus/src/link/packet-header.ts";
import { MalformedPacket, WireReader } from "../../packages/eurus/src/link/wire-reader.ts";
import { WireWriter } from "../../packages/eurus/src/link/wire-writer.ts";
import { anyFrame } from "../support/arbitrary-frames.ts";
import { usePython } from "../support/python.ts";

const { test, run } = usePython();
const program = join(import.meta.dirname, "link_packets.py");
const seed = Number(process.env["EURUS_SEED"] ?? 1);

interface Packet {
  readonly header: PacketHeader;
  readonly epochs?: { readonly gatewayEpoch: string; readonly instanceEpoch: string };
  readonly frames: readonly unknown[];
}

interface GoldenPacket extends Packet {
  readonly name: string;
  readonly hex: string;
}

/** What the Python program says about one packet. */
type Answer =
  | { readonly unreadable: string }
  | (Packet & { readonly tagOfEpochs?: number; readonly written: string; readonly unreadable?: never });

async function askPython(hexes: readonly string[]): Promise<readonly Answer[]> {
  const output = await run(program, [], hexes.join("\n"));
  return output
    .trimEnd()
    .split("\n")
    .map((line): Answer => JSON.parse(line));
}

/** What our own reader makes of a packet, as JSON; undefined when it can't be read. */
function readHere(hex: string): Packet | undefined {
  const reader = new WireReader(new Uint8Array(Buffer.from(hex, "hex")));
  const header: PacketHeader = { kind: 0, flags: 0, linkId: 0, tag: 0, sequence: 0, ack: 0 };
  try {
    readHeader(reader, header);
    const epochs = (header.flags & PacketFlag.NEW) === 0 ? {} : { epochs: readEpochs(reader) };
    const frames: unknown[] = [];
    while (header.kind === PacketKind.BATCH && !reader.isAtEnd) frames.push(plain(readFrame(reader)));
    return { header, ...epochs, frames };
  } catch (error) {
    if (error instanceof MalformedPacket) return undefined;
    throw error;
  }
}

function plain(frame: unknown): unknown {
  const toText = (_key: string, value: unknown): unknown =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
  return JSON.parse(JSON.stringify(frame, toText));
}

/** A packet of any frames, as hexadecimal text. */
const anyPacket = fc
  .record({
    frames: fc.array(anyFrame, { maxLength: 4 }),
    flags: fc.constantFrom(0, 1, 2, 4, 7),
    linkId: fc.integer({ min: 0, max: 0xffff_ffff }),
    sequence: fc.nat(2 ** 31 - 1),
    ack: fc.maxSafeNat().map((large) => large % 2 ** 48),
    epochs: fc.tuple(fc.stringMatching(/^[a-z0-9]{1,64}$/), fc.stringMatching(/^[a-z0-9]{1,64}$/)),
  })
  .map(({ frames, epochs: [gatewayEpoch, instanceEpoch], ...rest }) => {
    const writer = new WireWriter();
    writeHeader(writer, { kind: PacketKind.BATCH, tag: epochTag(gatewayEpoch, instanceEpoch), ...rest });
    if ((rest.flags & PacketFlag.NEW) !== 0) {
      writer.text(gatewayEpoch);
      writer.text(instanceEpoch);
    }
    for (const frame of frames as readonly Frame[]) writeFrame(writer, frame);
    return Buffer.from(writer.take()).toString("hex");
  });

/** A packet in which bytes were changed, lost, added or cut off. */
const spoiledPacket = fc
  .tuple(anyPacket, fc.nat(1_000), fc.nat(4), fc.uint8Array({ maxLength: 4 }), fc.boolean())
  .map(([hex, place, lost, added, cut]) => {
    const bytes = Buffer.from(hex, "hex");
    const at = place % bytes.length;
    const parts = cut ? [bytes.subarray(0, at)] : [bytes.subarray(0, at), added, bytes.subarray(at + lost)];
    return Buffer.concat(parts).toString("hex");
  })
  .filter((hex) => hex !== "");

test("a reader made from the document alone reads and writes the committed bytes", async () => {
  const file = join(import.meta.dirname, "../../packages/eurus/vectors/packets.json");
  const golden: readonly GoldenPacket[] = JSON.parse(readFileSync(file, "utf8"));

  const answers = await askPython(golden.map(({ hex }) => hex));

  for (const [index, { name: _, hex, ...packet }] of golden.entries()) {
    const tag = packet.epochs === undefined ? {} : { tagOfEpochs: packet.header.tag };
    expect(answers[index]).toEqual({ ...packet, ...tag, written: hex });
  }
});

test("a reader made from the document alone reads twenty thousand random packets as ours does", async () => {
  const hexes = fc.sample(anyPacket, { numRuns: 20_000, seed });

  const answers = await askPython(hexes);

  for (const [index, hex] of hexes.entries()) {
    const answer = answers[index];
    if (answer === undefined || answer.unreadable !== undefined) throw new Error(`not read: ${hex}`);
    const { written, tagOfEpochs, ...packet } = answer;
    expect(packet, hex).toEqual(readHere(hex));
    // Facts may be written in another way, which means the same.
    expect(readHere(written), hex).toEqual(readHere(hex));
    if (packet.epochs !== undefined) expect(tagOfEpochs).toBe(packet.header.tag);
  }
}, 120_000);

test("both readers find the same packets unreadable, and the same in what is left", async () => {
  const hexes = fc.sample(spoiledPacket, { numRuns: 20_000, seed });

  const answers = await askPython(hexes);

  let unreadable = 0;
  for (const [index, hex] of hexes.entries()) {
    const answer = answers[index];
    if (answer === undefined) throw new Error("no answer");
    if (answer.unreadable !== undefined) {
      unreadable++;
      expect(readHere(hex), `${answer.unreadable}: ${hex}`).toBeUndefined();
      continue;
    }
    const { written: _written, tagOfEpochs: _tag, ...packet } = answer;
    expect(packet, hex).toEqual(readHere(hex));
  }
  expect(unreadable).toBeGreaterThan(1_000);
}, 120_000);
