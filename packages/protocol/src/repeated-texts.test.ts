import fc from "fast-check";
import { expect, test } from "vitest";
import { RepeatedTexts } from "./repeated-texts.ts";

const encoder = new TextEncoder();

test("whatever was read before, bytes give the text that a platform's decoder makes of them", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 200 }),
    fc.constantFrom("", "/a", "/b", "/orders/:id/items"),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.nat({ max: 4 })), { maxLength: 20 }), (rows) => {
      const texts = new RepeatedTexts();
      for (const [one, before] of rows) {
        const encoded = encoder.encode(one);
        const bytes = new Uint8Array(before + encoded.length + 3);
        bytes.set(encoded, before);
        expect(texts.read(bytes, before, before + encoded.length)).toBe(new TextDecoder().decode(encoded));
      }
    }),
  );
});

test("texts that share a place take turns in it, and are never mistaken for each other", () => {
  const texts = new RepeatedTexts();
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 5_000; index++) {
      const bytes = encoder.encode(`/items/${index}`);
      expect(texts.read(bytes, 0, bytes.length)).toBe(`/items/${index}`);
    }
  }
});

test("bytes that are no UTF-8 are refused each time", () => {
  const texts = new RepeatedTexts();
  for (let round = 0; round < 2; round++) {
    expect(() => texts.read(Uint8Array.of(0x2f, 0xc3), 0, 2)).toThrow(TypeError);
  }
});
