import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CloseCode, isSendableCloseCode, truncateCloseReason } from "velaros-protocol";

test("sends only the codes that RFC 6455 lets an endpoint send", () => {
  const sendable = Array.from({ length: 6_000 }, (_, code) => code).filter(isSendableCloseCode);

  expect(sendable.filter((code) => code < 3_000)).toEqual([
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
  ]);
  expect(sendable.filter((code) => code >= 3_000)).toHaveLength(2_000);
  for (const code of [-1, 1000.5, Number.NaN, Number.POSITIVE_INFINITY])
    expect(isSendableCloseCode(code)).toBe(false);
});

test("never sends the codes that are only reported", () => {
  for (const code of [CloseCode.NO_STATUS, CloseCode.ABNORMAL, CloseCode.TLS_HANDSHAKE]) {
    expect(isSendableCloseCode(code)).toBe(false);
  }
});

test("cuts a reason to 123 bytes of UTF-8 between two characters", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (reason) => {
      const cut = truncateCloseReason(reason);
      const next = Array.from(reason.slice(cut.length))[0] ?? "";

      expect(reason.startsWith(cut)).toBe(true);
      expect(encoder.encode(cut).length).toBeLessThanOrEqual(123);
      expect(new TextDecoder("utf-8", { fatal: true }).decode(encoder.encode(cut))).toBe(cut);
      expect(next === "" || encoder.encode(cut + next).length > 123).toBe(true);
    }),
  );
  expect(truncateCloseReason("é".repeat(62))).toBe("é".repeat(61));
  expect(truncateCloseReason("x".repeat(123))).toHaveLength(123);
});
