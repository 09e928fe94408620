// Handlers and what they are given.
export type {
  CloseHandler,
  CloseHandlerObject,
  Handler,
  HandlerFunction,
  HandlerObject,
  LifecycleFunction,
  OpenHandler,
  OpenHandlerObject,
  RouteDescriptor,
} from "./handler.ts";
export type { Context, Marshaller, OutboundMessage, Unmarshaler } from "./context/context.ts";
export type { PushOptions, Socket, SocketRequestOptions, SocketState, WaitOptions } from "./socket/socket.ts";

// Connections.
export type {
  ConnectionInfo,
  ConnectionInlet,
  ConnectionOutlet,
  ForwardedFacts,
  InboundMessage,
  OutboundPurpose,
} from "./connection.ts";

// Errors.
export { ReplyError, VelarosError } from "./errors.ts";
export type { FieldProblem, ReplyErrorOptions, VelarosErrorCode, VelarosErrorDetails } from "./errors.ts";

// The environment.
export { nodeRuntime } from "./node/runtime.ts";
