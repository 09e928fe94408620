import type { CodecOptions } from "velaros-protocol";
import { createProtobufCodec, protobufCodec } from "velaros-protocol/protobuf";
import { CodecMiddleware } from "./codec-middleware.ts";

export * from "velaros-protocol/protobuf";

/**
 * Middleware for messages in Protocol Buffers: `router.use(protobuf())`.
 *
 * @param options - Limits of what is read, for who wants others.
 * @throws {@link CodecError} `CODEC_OPTION_INVALID` for a number outside its range.
 */
export function protobuf(options?: CodecOptions): CodecMiddleware {
  return new CodecMiddleware(options === undefined ? protobufCodec : createProtobufCodec(options));
}
