import type { Codec, Runtime, WireErrorCode } from "velaros-protocol";
import type { MessageChain } from "../chain/message-chain.ts";
import type { InboundMessage } from "../connection.ts";
import type { Context } from "../context.ts";
import type { ContextSocket } from "../context/context-socket.ts";
import type { MessageContext } from "../context/message-context.ts";
import type { Conversation } from "../conversation/conversation.ts";
import type { LifecycleCall } from "./lifecycle.ts";

/** What a router's sockets need of its options. */
export interface SocketSettings {
  readonly runtime: Runtime;
  /** Whether messages with an id that nobody answered get an error. */
  readonly unanswered: "error" | "ignore";
  /** How long a request waits when it does not say; `0` waits until the socket closes. In milliseconds. */
  readonly requestTimeoutMs: number;
  /** How long open and close handlers may hold up the end of a connection, in milliseconds. */
  readonly lifecycleTimeoutMs: number;
  /** Handlers that may run at once per socket; those that wait for the client don't count. */
  readonly maxHandlersPerSocket: number;
  /** Handlers per socket that may wait for the client, and messages that may wait while reading must not stop. */
  readonly maxWaitingMessages: number;
}

/**
 * A message that got an error instead of a handler's answer, because of what the client sent, or did not send in time.
 * An open handler that waited for its client in vain is reported like one, without path.
 */
export interface UnansweredEvent {
  /** The code that the client got, or would have got. */
  readonly code: WireErrorCode;
  /** Undefined when the client gave none, or it could not be read. */
  readonly id: string | undefined;
  /** Empty when the message has none. */
  readonly path: string;
  /** The connection that the message came by. */
  readonly socketId: string;
}

/** Told about an error that no handler dealt with; `context` is undefined when it happened outside of a message. */
export type ErrorListener = (error: Error, context: Context | undefined) => void;

/** The router, as its sockets see it. */
export interface SocketHost {
  readonly settings: SocketSettings;
  readonly chain: MessageChain;
  openCalls(): readonly LifecycleCall[];
  closeCalls(): readonly LifecycleCall[];
  /** All codecs of the router and those nested in it, in the order of registration. */
  codecs(): readonly Codec[];
  /** A handler failed and nobody dealt with it; `listener` wants to know beside those of the router. */
  failed(error: Error, context: MessageContext | undefined, listener: ErrorListener | undefined): void;
  unanswered(event: UnansweredEvent): void;
  /** A message came and the router has no codec to read it with. */
  codecMissing(context: MessageContext): void;
}

/** How a connection is taken in. */
export interface ConnectOptions {
  /** Messages come from outside, through a gateway: nodes made with `bind` are skipped as if they were absent. Default: false. */
  readonly publicOnly?: boolean | undefined;
  /**
   * Asked for the path of each message that a gateway forwards. After `false` the message reaches no handler and gets
   * `NOT_FOUND`, like one that nothing handles.
   *
   * @defaultValue every path is allowed
   */
  readonly allowsPath?: ((path: string) => boolean) | undefined;
  /**
   * Called before messages that had to wait are handled. Time has passed since they came, and whoever handed them in may
   * know by now that the connection is over; then it closes it in here, and they are dropped.
   */
  readonly beforeWaiting?: (() => void) | undefined;
  /** Told of the unhandled errors of this connection, beside whoever listens to those of the router. */
  readonly onError?: ErrorListener | undefined;
}

/** A connection of a router, as far as its messages have to be started, settled and refused. */
export interface HostedSocket extends ContextSocket {
  readonly host: SocketHost;
  readonly options: ConnectOptions;
  /** By id: what is being handled, and who waits for what. */
  readonly conversations: ReadonlyMap<string, Conversation> | undefined;
  readonly settings: SocketSettings;
  /** The chain of a message has ended, or it never gets one. */
  settled(message: InboundMessage, forwarded: boolean, code: string | undefined): void;
}
