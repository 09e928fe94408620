import fc from "fast-check";
import { expect, test } from "vitest";

import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

test("texts of any length and alphabet are written as a platform's encoder would, one behind the other", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 300 }),
    fc.string({ unit: "binary", maxLength: 300 }),
    // Where the length field of the bytes is longer than that of the characters.
    fc.nat({ max: 20_000 }).map((length) => "\u20ac".repeat(length)),
    fc.nat({ max: 300 }).map((length) => "\ud800".repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
      const writer = new WireWriter();
      const sizes = texts.map((one) => writer.text(one));
      const reader = new WireReader(writer.take());
      const encoded = texts.map((one) => new TextEncoder().encode(one));
      expect(sizes).toEqual(encoded.map(({ length }) => length));
      // Not by `toEqual`, which compares byte by byte and takes seconds.
      expect(encoded.every((bytes) => Buffer.compare(reader.bytes(), bytes) === 0)).toBe(true);
      expect(reader.isAtEnd).toBe(true);
    }),
  );
});

test("a text whose length needs one more byte than its characters said keeps its end, wherever the buffer ends", () => {
  const text = "𐀀".repeat(50); // 100 UTF-16 units, 200 bytes
  for (let before = 0; before <= 1100; before++) {
    const writer = new WireWriter();
    writer.raw(new Uint8Array(before));
    writer.text(text);
    const reader = new WireReader(writer.take().subarray(before));

    expect(reader.text(), `behind ${before} bytes`).toBe(text);
  }
});
