import type { CodecOptions } from "velaros-protocol";
import { createMsgpackCodec, msgpackCodec } from "velaros-protocol/msgpack";
import { CodecMiddleware } from "./codec-middleware.ts";

export * from "velaros-protocol/msgpack";

/**
 * Middleware for messages in MessagePack: `router.use(msgpack())`.
 *
 * @param options - Limits of what is read, for who wants others.
 * @throws {@link CodecError} `CODEC_OPTION_INVALID` for a number outside its range.
 */
export function msgpack(options?: CodecOptions): CodecMiddleware {
  return new CodecMiddleware(options === undefined ? msgpackCodec : createMsgpackCodec(options));
}
