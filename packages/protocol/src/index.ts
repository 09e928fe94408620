// What travels on the wire.
export type { Envelope, MessageType, WireError } from "./envelope.ts";
export { wireErrors } from "./error-code.ts";
export type { WireErrorCode } from "./error-code.ts";
export { CloseCode, isSendableCloseCode, truncateCloseReason } from "./close-code.ts";
export type { CloseSource, CloseStatus } from "./close-code.ts";

// Encodings.
export type { Codec, EnvelopeOutline } from "./codec.ts";
export { CodecError } from "./codec-error.ts";

// The environment.
export type { Runtime, Timer } from "./runtime.ts";

// Bodies.
export { ErrorBody, FieldError, FieldErrors, fieldErrorsData, toResponseData } from "./response-body.ts";

// Limits.
export { envelopeLimits } from "./limits.ts";
export type { CodecOptions } from "./limits.ts";

// Types of routes.
export type { JoinPatterns, PathParams } from "./path-params.ts";
export type {
  AddRoute,
  MountRoutes,
  NoRoutes,
  RouteInput,
  RouteMap,
  RouteOutput,
  RouteTypes,
} from "./route-map.ts";
