import { protobufCodec } from "velaros-protocol/protobuf";
import { CodecMiddleware } from "./codec-middleware.ts";

export * from "velaros-protocol/protobuf";

/** Middleware for messages in Protocol Buffers: `router.use(protobuf())`. */
export function protobuf(): CodecMiddleware {
  return new CodecMiddleware(protobufCodec);
}
