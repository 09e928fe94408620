import type { Codec } from "../codec.ts";
import { decodeParts } from "../envelope-parts.ts";
import type { Envelope, MessageType } from "../envelope.ts";
import type { CodecOptions } from "../limits.ts";
import { toResponseData } from "../response-body.ts";
import { decodeMap, decodeValue } from "./decode.ts";
import { MsgpackWriter } from "./encode.ts";
import { msgpackRules } from "./rules.ts";
import { scan } from "./scan.ts";

/**
 * Envelopes as MessagePack, in binary frames. Needs the package `@msgpack/msgpack`.
 *
 * Bytes travel as they are (`bin`), a `Date` as the timestamp that MessagePack defines. Other extension
 * types are refused, and so are keys that are no strings.
 */
export const msgpackCodec: Codec = createMsgpackCodec();

/**
 * The same with limits of your own.
 *
 * @throws {@link CodecError} `CODEC_OPTION_INVALID` for a number outside its range.
 */
export function createMsgpackCodec(options?: CodecOptions): Codec {
  const rules = msgpackRules(options);
  const writer = new MsgpackWriter(rules.maxDepth);
  return {
    name: "msgpack",
    subprotocol: "velaros-msgpack",
    messageType: "binary",
    accepts: (type: MessageType): boolean => type === "binary",
    outline: (bytes: Uint8Array) => scan(bytes, rules),
    decodeData: (bytes: Uint8Array): unknown => decodeValue(bytes, 0, bytes.length, rules),
    decodeMeta(bytes: Uint8Array): Readonly<Record<string, unknown>> {
      const { hasMeta, metaStart, metaEnd } = scan(bytes, rules);
      return hasMeta ? decodeMap(bytes, metaStart, metaEnd, rules) : Object.create(null);
    },
    decode: (bytes: Uint8Array): Envelope =>
      decodeParts("msgpack", bytes, scan(bytes, rules), rules, decodeValue, decodeMap),
    encode: (envelope: Envelope): Uint8Array => writer.envelope(envelope),
    encodeData: (data: unknown): Uint8Array => writer.value(data),
    toData: (body: unknown): unknown => toResponseData(body, (bytes) => bytes),
  };
}

/**
 * Decodes and checks a whole message. Values of bytes are views into it.
 *
 * @throws {@link CodecError} when any part of it is invalid; `error.id` holds the id if it could be read.
 */
export function decode(bytes: Uint8Array): Envelope {
  return msgpackCodec.decode(bytes);
}

/**
 * Encodes a whole message.
 *
 * @throws {@link CodecError} when a part has no MessagePack form: a cycle, a BigInt, a function.
 */
export function encode(envelope: Envelope): Uint8Array {
  return msgpackCodec.encode(envelope);
}
