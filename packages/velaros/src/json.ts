import { jsonCodec } from "velaros-protocol/json";
import { CodecMiddleware } from "./codec-middleware.ts";

export * from "velaros-protocol/json";

/** Middleware for messages in JSON: `router.use(json())`. */
export function json(): CodecMiddleware {
  return new CodecMiddleware(jsonCodec);
}
