import type { Context, RouteParams } from "./context.ts";
import type { ParamsLookup } from "./pattern/params.ts";
import type { SocketState } from "./socket.ts";

/** What a handler may return: what its route answers, or nothing. */
export type HandlerResult<Output> = unknown extends Output
  ? unknown
  : Output | void | undefined | Promise<Output | void | undefined>;

/**
 * Handles messages. What it returns, unless undefined, answers the message; a promise is awaited first. It
 * passes the message on by calling `context.next()`; else the message ends here.
 */
export type HandlerFunction<
  Path extends string = string,
  State extends object = SocketState,
  Input = unknown,
  Output = unknown,
> = (context: Context<RouteParams<Path>, State, Input, Output>) => HandlerResult<Output>;

/** Handles open or close; the next handler follows by itself. */
export type LifecycleFunction<State extends object = SocketState> = (
  context: Context<ParamsLookup, State>,
) => unknown;

/** An object that handles messages. If it also has `handleOpen` or `handleClose`, binding it registers these too. */
export interface HandlerObject {
  /** Handles a message; see {@link HandlerFunction} for what it may return. */
  handle(context: Context): unknown;
  /** Runs once for each new connection. */
  handleOpen?(context: Context): unknown;
  /** Runs once when a connection has ended. */
  handleClose?(context: Context): unknown;
  /**
   * Asked before a client is let in through an endpoint of the router. While one of the handlers says `false`, upgrade
   * requests are refused with 503 and `Retry-After`: how a gateway that stops sends clients elsewhere.
   */
  acceptsClients?(): boolean;
  /** What keeps routers that belong elsewhere out; see {@link RouterOptions.mountedAt}. For the compiler only. */
  readonly "~mount"?: "";
}

/** An object that wants to know of new connections. */
export interface OpenHandlerObject {
  /** Runs once for each new connection, before its first message. */
  handleOpen(context: Context): unknown;
}

/** An object that wants to know of ended connections. */
export interface CloseHandlerObject {
  /** Runs once when a connection has ended, however it ended. */
  handleClose(context: Context): unknown;
}

/** A route that may be reached from outside, as {@link Router.routeDescriptors} lists them. */
export interface RouteDescriptor {
  /** The text of the pattern, mount prefixes included. */
  readonly pattern: string;
}

/** What `use`, `bind` and `publicBind` take. */
export type Handler<
  Path extends string = string,
  State extends object = SocketState,
  Input = unknown,
  Output = unknown,
> = HandlerFunction<Path, State, Input, Output> | HandlerObject;

/** What `useOpen` takes. */
export type OpenHandler<State extends object = SocketState> = LifecycleFunction<State> | OpenHandlerObject;

/** What `useClose` takes. */
export type CloseHandler<State extends object = SocketState> = LifecycleFunction<State> | CloseHandlerObject;
