import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ErrorBody, FieldError, FieldErrors } from "velaros-protocol";
import type { Codec, Envelope } from "velaros-protocol";
import { jsonCodec } from "velaros-protocol/json";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { protobufCodec, protobufMessage } from "velaros-protocol/protobuf";
import { Writer } from "protobufjs/minimal.js";

const codecs = { json: jsonCodec, msgpack: msgpackCodec, protobuf: protobufCodec };

interface EnvelopeVector {
  readonly id: string;
  readonly encoding: keyof typeof codecs;
  readonly text?: string;
  readonly hex?: string;
  readonly expect?: Envelope;
  readonly error?: true;
  readonly note?: string;
}

interface OutboundVector {
  readonly id: string;
  readonly encoding: keyof typeof codecs;
  readonly message: { readonly id: string | null; readonly body: Body };
  readonly expect?: Envelope;
  readonly expectHex?: string;
  readonly error?: true;
}

type Body =
  | { readonly kind: "string" | "plain" | "errorBody" | "nativeError"; readonly value: unknown }
  | { readonly kind: "bytes"; readonly hex: string }
  | { readonly kind: "fieldError"; readonly field: string; readonly error: string }
  | {
      readonly kind: "fieldErrors";
      readonly value: readonly { readonly field: string; readonly error: string }[];
    }
  | { readonly kind: "proto"; readonly value: TestResponse };

interface TestResponse {
  readonly message?: string;
  readonly code?: number;
}

const envelopeVectors = vectors<EnvelopeVector>("envelope-vectors.json");
const outboundVectors = vectors<OutboundVector>("outbound-vectors.json");

test.for(envelopeVectors.filter((vector) => !vector.error))(
  "decodes envelope vector $id ($encoding)",
  (vector) => {
    const codec = codecs[vector.encoding];
    const bytes = bytesOf(vector);

    expect(comparable(codec.decode(bytes))).toEqual(vector.expect);
    expect(comparable(byParts(codec, bytes))).toEqual(vector.expect);
  },
);

test.for(envelopeVectors.filter((vector) => vector.error))(
  "refuses envelope vector $id ($encoding)",
  (vector) => {
    const codec = codecs[vector.encoding];
    const bytes = bytesOf(vector);

    expect(() => codec.decode(bytes)).toThrow(expect.objectContaining({ code: "CODEC_DECODE_FAILED" }));
    expect(() => byParts(codec, bytes)).toThrow(expect.objectContaining({ code: "CODEC_DECODE_FAILED" }));
  },
);

test.for(outboundVectors.filter((vector) => !vector.error))(
  "encodes outbound vector $id ($encoding)",
  (vector) => {
    const bytes = encoded(vector);
    const expected = vector.expect ?? codecs[vector.encoding].decode(fromHex(vector.expectHex ?? ""));

    expect(comparable(codecs[vector.encoding].decode(bytes))).toEqual(comparable(expected));
    expect(vector.expectHex ?? toHex(bytes)).toBe(toHex(bytes));
  },
);

test.for(outboundVectors.filter((vector) => vector.error))(
  "refuses outbound vector $id ($encoding)",
  (vector) => {
    expect(() => encoded(vector)).toThrow(/must be a protobuf message/);
  },
);

function bytesOf({ text, hex }: EnvelopeVector): Uint8Array {
  return hex === undefined ? new TextEncoder().encode(text) : fromHex(hex);
}

function encoded({ encoding, message: { id, body } }: OutboundVector): Uint8Array {
  const codec = codecs[encoding];
  return codec.encode({ id: id ?? undefined, data: codec.toData(fromBody(body)) });
}

function byParts(codec: Codec, bytes: Uint8Array): Envelope {
  const { id, path, dataStart, dataEnd, hasMeta } = codec.outline(bytes);
  const isEmpty = codec === protobufCodec && dataStart === dataEnd;
  return {
    ...(id !== undefined && { id }),
    ...(path !== undefined && { path }),
    ...(dataStart >= 0 && !isEmpty && { data: codec.decodeData(bytes.subarray(dataStart, dataEnd)) }),
    ...(hasMeta && { meta: codec.decodeMeta(bytes) }),
  };
}

function fromBody(body: Body): unknown {
  switch (body.kind) {
    case "string":
    case "plain":
      return body.value;
    case "errorBody":
      return new ErrorBody(String(body.value));
    case "nativeError":
      return new Error(String(body.value));
    case "bytes":
      return fromHex(body.hex);
    case "fieldError":
      return new FieldError(body.field, body.error);
    case "fieldErrors":
      return new FieldErrors(body.value.map(({ field, error }) => new FieldError(field, error)));
    case "proto":
      return protobufMessage({ encode: encodeTestResponse }, body.value);
  }
}

function encodeTestResponse({ message, code }: TestResponse): Writer {
  const writer = Writer.create();
  if (message) writer.uint32(10).string(message);
  if (code) writer.uint32(16).int32(code);
  return writer;
}

/** Bytes as the vectors write them, and ordinary prototypes. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: toHex(value) };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, comparable(item)]));
}

function vectors<Vector>(name: string): Vector[] {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8")) as Vector[];
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
