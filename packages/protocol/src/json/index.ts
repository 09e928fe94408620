import { base64 } from "../base64.ts";
import type { Codec } from "../codec.ts";
import { decodeParts } from "../envelope-parts.ts";
import type { Envelope, MessageType } from "../envelope.ts";
import { codecLimits } from "../limits.ts";
import type { CodecOptions } from "../limits.ts";
import { RepeatedTexts } from "../repeated-texts.ts";
import { toResponseData } from "../response-body.ts";
import { encodeUtf8 } from "../text.ts";
import { encodeText, stringify } from "./encode.ts";
import { parseMap, parseStrictly } from "./parse.ts";
import { scan } from "./scan.ts";

/**
 * Envelopes as JSON (RFC 8259), in text or binary frames; each is answered in kind.
 *
 * Bytes have no JSON form: a body of bytes is sent as base64 text.
 */
export const jsonCodec: Codec = createJsonCodec();

/**
 * The same with limits of your own.
 *
 * @throws {@link CodecError} `CODEC_OPTION_INVALID` for a number outside its range.
 */
export function createJsonCodec(options?: CodecOptions): Codec {
  const rules = { ...codecLimits("json", options), paths: new RepeatedTexts() };
  const { maxDepth } = rules;
  return {
    name: "json",
    subprotocol: "velaros-json",
    messageType: "text",
    accepts: (_type: MessageType): boolean => true,
    outline: (bytes: Uint8Array) => scan(bytes, rules),
    decodeData: (bytes: Uint8Array): unknown => parseStrictly(bytes, 0, bytes.length, maxDepth),
    decodeMeta(bytes: Uint8Array): Readonly<Record<string, unknown>> {
      const { hasMeta, metaStart, metaEnd } = scan(bytes, rules);
      return hasMeta ? parseMap(bytes, metaStart, metaEnd, maxDepth) : Object.create(null);
    },
    decode: (bytes: Uint8Array): Envelope =>
      decodeParts("json", bytes, scan(bytes, rules), maxDepth, parseStrictly, parseMap),
    encode,
    encodeText,
    encodeData: (data: unknown): Uint8Array => encodeUtf8(stringify(data, "data")),
    toData: (body: unknown): unknown => toResponseData(body, base64),
  };
}

/**
 * Decodes and checks a whole message.
 *
 * @throws {@link CodecError} when any part of it is invalid; `error.id` holds the id if it could be read.
 */
export function decode(bytes: Uint8Array): Envelope {
  return jsonCodec.decode(bytes);
}

/**
 * Encodes a whole message.
 *
 * @throws {@link CodecError} when a part has no JSON form: a cycle, a BigInt, a function.
 */
export function encode(envelope: Envelope): Uint8Array {
  return encodeUtf8(encodeText(envelope));
}
