import type { Codec } from "../codec.ts";
import { decodeParts } from "../envelope-parts.ts";
import type { Envelope, MessageType } from "../envelope.ts";
import { toResponseData } from "../response-body.ts";
import { decodeMap, decodeValue } from "./decode.ts";
import { encodeEnvelope, encodeValue } from "./encode.ts";
import { scan } from "./scan.ts";

/**
 * Envelopes as MessagePack, in binary frames. Needs the package `@msgpack/msgpack`.
 *
 * Bytes travel as they are (`bin`), a `Date` as the timestamp that MessagePack defines. Other extension
 * types are refused, and so are keys that are no strings.
 */
export const msgpackCodec: Codec = {
  name: "msgpack",
  subprotocol: "velaros-msgpack",
  messageType: "binary",
  accepts: (type: MessageType): boolean => type === "binary",
  outline: scan,
  decodeData: (bytes: Uint8Array): unknown => decodeValue(bytes, 0, bytes.length),
  decodeMeta,
  decode,
  encode,
  encodeData: (data: unknown): Uint8Array => encodeValue(data),
  toData: (body: unknown): unknown => toResponseData(body, (bytes) => bytes),
};

/**
 * Decodes and checks a whole message. Values of bytes are views into it.
 *
 * @throws {@link CodecError} when any part of it is invalid; `error.id` holds the id if it could be read.
 */
export function decode(bytes: Uint8Array): Envelope {
  return decodeParts("msgpack", bytes, scan(bytes), decodeValue, decodeMap);
}

/**
 * Encodes a whole message.
 *
 * @throws {@link CodecError} when a part has no MessagePack form: a cycle, a BigInt, a function.
 */
export function encode(envelope: Envelope): Uint8Array {
  return encodeEnvelope(envelope);
}

function decodeMeta(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const { hasMeta, metaStart, metaEnd } = scan(bytes);
  return hasMeta ? decodeMap(bytes, metaStart, metaEnd) : Object.create(null);
}
