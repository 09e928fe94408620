// The router.
export { Router } from "./router/router.ts";
export type { RouterOptions } from "./router/options.ts";
export type { Logger } from "./logger.ts";
export type { ErrorListener, UnansweredEvent } from "./socket/host.ts";
export type { RouteSchemas } from "./validation.ts";

// Patterns.
export { Pattern, compareSpecificity } from "./pattern/pattern.ts";
export type { PatternJson } from "./pattern/pattern.ts";
export { PatternIndex } from "./pattern/pattern-index.ts";
export type { PatternMatch } from "./pattern/pattern-index.ts";
export type { PathCacheLimits } from "./pattern/path-cache.ts";
export type { Chunk, DynamicChunk, Modifier, StaticChunk, WildcardChunk } from "./pattern/chunk.ts";
export type { Subpattern } from "./pattern/subpattern.ts";
export type { PathValues } from "./pattern/build.ts";
export type { Params, ParamsLookup } from "./pattern/params.ts";

// Handlers and what they are given.
export type {
  CloseHandler,
  CloseHandlerObject,
  Handler,
  HandlerFunction,
  HandlerObject,
  HandlerResult,
  LifecycleFunction,
  OpenHandler,
  OpenHandlerObject,
  RouteDescriptor,
} from "./handler.ts";
export type { Context, Marshaller, OutboundMessage, RouteParams, Unmarshaler } from "./context.ts";
export type { PushOptions, Socket, SocketRequestOptions, SocketState, WaitOptions } from "./socket.ts";

// Middleware.
export { CodecMiddleware } from "./codec-middleware.ts";
export { set, setFn, setValue, socketSet, socketSetFn, socketSetValue } from "./set-middleware.ts";
export type { ValueSource } from "./set-middleware.ts";

// Connections.
export type { ConnectOptions } from "./socket/host.ts";
export type {
  ConnectionInfo,
  ConnectionInlet,
  ConnectionOutlet,
  ForwardedFacts,
  InboundMessage,
  OutboundPurpose,
} from "./connection.ts";
export type { ConnectionClosed, CustomConnection, SocketMessage } from "./router/custom-connection.ts";
export type { Attachment, UpgradeHandlers, UpgradeHandlersOptions } from "./node/attach.ts";
export type { Listening } from "./node/listen.ts";
export { runWorkers } from "./node/workers.ts";
export type { WorkerEvent, WorkersOptions, WorkerTask } from "./node/workers.ts";
export type { AttachOptions, Authenticate, CloseOptions, Handshake, ListenOptions } from "./node/options.ts";
export type { RefusalReason } from "./node/refusal.ts";

// Errors.
export { ReplyError, VelarosError } from "./errors.ts";
export type { FieldProblem, ReplyErrorOptions, VelarosErrorCode, VelarosErrorDetails } from "./errors.ts";

// Bodies and codes, so that most programs need no other package.
export { CloseCode, ErrorBody, FieldError, FieldErrors } from "velaros-protocol";
export type { CloseSource, CloseStatus, MessageType } from "velaros-protocol";

// The environment.
export { nodeRuntime } from "./node/runtime.ts";
export { stderrLogger } from "./node/stderr-logger.ts";
