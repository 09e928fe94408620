import { msgpackCodec } from "velaros-protocol/msgpack";
import { CodecMiddleware } from "./codec-middleware.ts";

export * from "velaros-protocol/msgpack";

/** Middleware for messages in MessagePack: `router.use(msgpack())`. */
export function msgpack(): CodecMiddleware {
  return new CodecMiddleware(msgpackCodec);
}
