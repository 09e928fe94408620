import fc from "fast-check";
import { expect, test, vi } from "vitest";

import { anyFrame } from "../../../../test/support/arbitrary-frames.ts";
import type { Frame, OpenFrame } from "./frame.ts";
import { readFrame, writeChunk, writeFrame } from "./frame-codec.ts";
import type { WireFrame } from "./frame-codec.ts";
import { epochTag, PacketFlag, PacketKind, readHeader, writeHeader } from "./packet-header.ts";
import type { PacketHeader } from "./packet-header.ts";
import { MalformedPacket, WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

const numRuns = process.env["EURUS_LONG"] === "1" ? 100_000 : 20_000;
vi.setConfig({ testTimeout: 300_000 });

function encode(frames: readonly Frame[]): Uint8Array {
  const writer = new WireWriter();
  for (const each of frames) writeFrame(writer, each);
  return writer.take();
}

function decode(bytes: Uint8Array, reader = new WireReader()): WireFrame[] {
  reader.reset(bytes);
  const frames: WireFrame[] = [];
  while (!reader.isAtEnd) frames.push(readFrame(reader));
  return frames;
}

test("every frame comes out of its bytes as it went in", () => {
  const reader = new WireReader();
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 4 }), (frames) => {
      expect(decode(encode(frames), reader)).toEqual(frames);
    }),
    { numRuns },
  );
});

test("bytes that were changed or cut are malformed or other frames, and never anything worse", () => {
  const mutation = fc.tuple(fc.nat(400), fc.nat(255), fc.boolean());
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 3 }), mutation, (frames, [at, value, cut]) => {
      const bytes = encode(frames).slice();
      const position = at % bytes.length;
      bytes[position] = value;
      try {
        decode(cut ? bytes.subarray(0, position) : bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedPacket);
      }
    }),
    { numRuns },
  );
});

test("random bytes are malformed or frames, and never anything worse", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedPacket);
      }
    }),
    { numRuns },
  );
});

test("a few bytes can't claim a range that would fill the memory", () => {
  const writer = new WireWriter();
  writer.byte(8);
  for (const value of [1, 1, 5, 2 ** 40]) writer.varint(value);

  expect(() => decode(writer.take())).toThrow(MalformedPacket);
});

test("headers and facts named like parts of a prototype stay ordinary keys", () => {
  const headers: Record<string, string> = Object.create(null);
  headers["__proto__"] = "polluted";
  const trusted: Record<string, unknown> = JSON.parse('{"__proto__":{"isAdmin":true}}');
  const sent: OpenFrame = {
    type: "open",
    pin: 1,
    info: { socketId: "s", remoteAddress: "", headers, codec: undefined, trusted },
  };

  const [received] = decode(encode([sent]));

  expect(received).toMatchObject({ type: "open" });
  if (received?.type !== "open") return;
  expect(Object.keys(received.info.headers)).toEqual(["__proto__"]);
  expect(Object.keys(received.info.trusted)).toEqual(["__proto__"]);
  expect(received.info.trusted["isAdmin"]).toBeUndefined();
});

test("chunks of a frame put together are the frame again", () => {
  fc.assert(
    fc.property(anyFrame, fc.integer({ min: 1, max: 50 }), (whole, size) => {
      const bytes = encode([whole]).slice();
      const writer = new WireWriter();
      for (let from = 0; from < bytes.length; from += size) {
        writeChunk(writer, whole.pin, bytes, from, Math.min(from + size, bytes.length));
      }
      const chunks = decode(writer.take());
      const together: number[] = [];
      for (const chunk of chunks) {
        if (chunk.type === "chunk") together.push(...chunk.bytes);
      }
      expect(chunks[0]).toMatchObject({ totalBytes: bytes.length });
      expect(chunks.map((chunk) => chunk.type === "chunk" && chunk.isLast).indexOf(true)).toBe(
        chunks.length - 1,
      );
      expect(decode(Uint8Array.from(together))).toEqual([whole]);
    }),
    { numRuns: numRuns / 10 },
  );
});

test("every packet header comes out of its bytes as it went in", () => {
  const header: fc.Arbitrary<PacketHeader> = fc.record({
    kind: fc.constantFrom(...Object.values(PacketKind)),
    flags: fc.constantFrom(0, ...Object.values(PacketFlag), 7),
    linkId: fc.integer({ min: 0, max: 0xffff_ffff }),
    tag: fc.integer({ min: 0, max: 0xffff_ffff }),
    sequence: fc.maxSafeNat().map((large) => large % 2 ** 48),
    ack: fc.maxSafeNat().map((large) => large % 2 ** 48),
  });
  fc.assert(
    fc.property(header, (sent) => {
      const writer = new WireWriter();
      writeHeader(writer, sent);
      const received: PacketHeader = { kind: 0, flags: 0, linkId: 0, tag: 0, sequence: 0, ack: 0 };
      readHeader(new WireReader(writer.take()), received);
      expect(received).toEqual(sent);
    }),
    { numRuns },
  );
});

test("an unknown version or kind says so", () => {
  const into: PacketHeader = { kind: 0, flags: 0, linkId: 0, tag: 0, sequence: 0, ack: 0 };
  const read = (...bytes: number[]) => readHeader(new WireReader(Uint8Array.from(bytes)), into);

  expect(() => read(9, 1)).toThrow("wire version 9");
  expect(() => read(1, 77)).toThrow("kind 77");
});

test("epochs of another start give another tag", () => {
  expect(epochTag("a", "b")).not.toBe(epochTag("a", "c"));
  expect(epochTag("ab", "c")).not.toBe(epochTag("a", "bc"));
});

test("what was handed out is never written over, however much follows", () => {
  const writer = new WireWriter();
  const taken: { bytes: Uint8Array; value: number }[] = [];
  for (let round = 0; round < 300; round++) {
    writer.raw(new Uint8Array((round * 37) % 5000).fill(round));
    taken.push({ bytes: writer.take(), value: round & 0xff });
  }
  for (const { bytes, value } of taken) expect(bytes.every((byte) => byte === value)).toBe(true);
});
