import type { Codec } from "../codec.ts";
import type { Envelope, MessageType } from "../envelope.ts";
import { codecLimits } from "../limits.ts";
import type { CodecOptions } from "../limits.ts";
import { plainView } from "../text.ts";
import { decodeEnvelope, decodeMeta } from "./decode.ts";
import { encodeEnvelope } from "./encode.ts";
import { messageBytes } from "./message.ts";
import { scan } from "./scan.ts";

export { ProtobufMessage, protobufMessage } from "./message.ts";
export type { ProtobufType } from "./message.ts";

/**
 * Envelopes as Protobuf, in binary frames. Needs the package `protobufjs`.
 *
 * Data is always the bytes of a Protobuf message: decoding returns a view of them, and a body is a
 * {@link protobufMessage} or encoded bytes. No data and a message of zero bytes are the same on the wire.
 * Metadata values are JSON, or bytes where they are none; details of errors are strings, others travel as JSON text.
 */
export const protobufCodec: Codec = createProtobufCodec();

/**
 * The same with limits of your own. Data is not looked into, so its depth is a matter of the message types that decode
 * it; `maxDepth` holds for values of metadata and for groups.
 *
 * @throws {@link CodecError} `CODEC_OPTION_INVALID` for a number outside its range.
 */
export function createProtobufCodec(options?: CodecOptions): Codec {
  const limits = codecLimits("protobuf", options);
  return {
    name: "protobuf",
    subprotocol: "velaros-protobuf",
    messageType: "binary",
    accepts: (type: MessageType): boolean => type === "binary",
    outline: (bytes: Uint8Array) => scan(bytes, limits),
    decodeData: (bytes: Uint8Array): unknown => plainView(bytes, 0, bytes.length),
    decodeMeta: (bytes: Uint8Array) => decodeMeta(bytes, limits.maxDepth),
    decode: (bytes: Uint8Array): Envelope => decodeEnvelope(bytes, limits),
    encode,
    encodeData: (data: unknown): Uint8Array => messageBytes(data),
    toData: (body: unknown): unknown => messageBytes(body),
  };
}

/**
 * Decodes and checks a whole message.
 *
 * @throws {@link CodecError} when any part of it is invalid; `error.id` holds the id if it could be read.
 */
export function decode(bytes: Uint8Array): Envelope {
  return protobufCodec.decode(bytes);
}

/**
 * Encodes a whole message.
 *
 * @throws {@link CodecError} when `data` is neither a {@link protobufMessage} nor bytes.
 */
export function encode(envelope: Envelope): Uint8Array {
  return encodeEnvelope(envelope);
}
