import { base64 } from "../base64.ts";
import type { Codec } from "../codec.ts";
import { CodecError } from "../codec-error.ts";
import type { Envelope, MessageType } from "../envelope.ts";
import { decodeProblem } from "../problem.ts";
import { toResponseData } from "../response-body.ts";
import { encodeUtf8 } from "../text.ts";
import { statusFrom, wireErrorFrom } from "../wire-error.ts";
import { encodeText, stringify } from "./encode.ts";
import { parseMap, parseStrictly } from "./parse.ts";
import { scan } from "./scan.ts";
import type { JsonScan } from "./scan.ts";

/**
 * Envelopes as JSON (RFC 8259), in text or binary frames; each is answered in kind.
 *
 * Bytes have no JSON form: a body of bytes is sent as base64 text.
 */
export const jsonCodec: Codec = {
  name: "json",
  subprotocol: "velaros-json",
  messageType: "text",
  accepts: (_type: MessageType): boolean => true,
  outline: scan,
  decodeData: (bytes: Uint8Array): unknown => parseStrictly(bytes, 0, bytes.length),
  decodeMeta: (bytes: Uint8Array): Readonly<Record<string, unknown>> => metaOf(bytes, scan(bytes)),
  decode,
  encode,
  encodeText,
  encodeData: (data: unknown): Uint8Array => encodeUtf8(stringify(data, "data")),
  toData: (body: unknown): unknown => toResponseData(body, base64),
};

/**
 * Decodes and checks a whole message.
 *
 * @throws {@link CodecError} when any part of it is invalid; `error.id` holds the id if it could be read.
 */
export function decode(bytes: Uint8Array): Envelope {
  const found = scan(bytes);
  try {
    const envelope: { -readonly [Key in keyof Envelope]: Envelope[Key] } = {};
    if (found.id !== undefined) envelope.id = found.id;
    if (found.path !== undefined) envelope.path = found.path;
    if (found.dataStart >= 0) envelope.data = parseStrictly(bytes, found.dataStart, found.dataEnd);
    if (found.hasMeta) envelope.meta = metaOf(bytes, found);
    if (found.statusStart >= 0) {
      const status = statusFrom(parseStrictly(bytes, found.statusStart, found.statusEnd));
      if (status !== undefined) envelope.status = status;
    }
    if (found.errorStart >= 0) {
      const error = wireErrorFrom(parseStrictly(bytes, found.errorStart, found.errorEnd));
      if (error !== undefined) envelope.error = error;
    }
    return envelope;
  } catch (thrown) {
    if (!CodecError.is(thrown)) throw thrown;
    throw decodeProblem("json", thrown.problem, found.id, thrown.cause);
  }
}

/**
 * Encodes a whole message.
 *
 * @throws {@link CodecError} when a part has no JSON form: a cycle, a BigInt, a function.
 */
export function encode(envelope: Envelope): Uint8Array {
  return encodeUtf8(encodeText(envelope));
}

function metaOf(bytes: Uint8Array, found: JsonScan): Record<string, unknown> {
  if (!found.hasMeta) return Object.create(null);
  return parseMap(bytes, found.metaStart, found.metaEnd);
}
