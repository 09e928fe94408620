import type { CodecOptions } from "velaros-protocol";
import { createJsonCodec, jsonCodec } from "velaros-protocol/json";
import { CodecMiddleware } from "./codec-middleware.ts";

export * from "velaros-protocol/json";

/**
 * Middleware for messages in JSON: `router.use(json())`.
 *
 * @param options - Limits of what is read, for who wants others.
 * @throws {@link CodecError} `CODEC_OPTION_INVALID` for a number outside its range.
 */
export function json(options?: CodecOptions): CodecMiddleware {
  return new CodecMiddleware(options === undefined ? jsonCodec : createJsonCodec(options));
}
