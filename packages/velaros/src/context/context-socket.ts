import type { Codec, MessageType } from "velaros-protocol";
import type { InboundMessage, OutboundPurpose } from "../connection.ts";
import type { Conversation } from "../conversation/conversation.ts";
import type { Delivered } from "../conversation/delivered.ts";
import type { Inbox } from "../conversation/inbox.ts";
import type { WaitingRoom } from "../conversation/waiter.ts";
import type { Socket } from "../socket.ts";
import type { Exchange } from "./exchange.ts";
import type { MessageContext } from "./message-context.ts";

/** The connection of a message, as its contexts see it: what handlers see, and what it takes to serve them. */
export interface ContextSocket extends Socket, WaitingRoom {
  codec: Codec | undefined;
  /** What to encode with when no handler of a message says otherwise. */
  readonly encoder: Codec | undefined;
  /** Messages come from outside: internal nodes are as if absent. */
  readonly publicOnly: boolean;
  readonly settings: { readonly requestTimeoutMs: number };
  readonly reader: HandlerCount;
  /** All codecs of the router and those nested in it, in the order of registration. */
  codecs(): readonly Codec[];
  has(key: string): boolean;
  delete(key: string): void;
  setTrusted(key: string, value: unknown): void;
  /** What whoever wants to do this with a closed connection is told. */
  closedError(action: string): Error;
  /** Something failed and nobody dealt with it. */
  failed(error: Error, context: MessageContext | undefined): void;
  /** The conversation with this id, which comes into being when it is first asked for. */
  conversation(id: string): Conversation;
  /** Hands bytes to the connection. A rejection that nobody looks at harms nobody. */
  transmit(
    payload: Uint8Array | string,
    type: MessageType,
    purpose: OutboundPurpose,
    about: InboundMessage | string | undefined,
  ): void | Promise<void>;
  /** Sends a question and passes on its answer; `inbox` lives as long as the question only. */
  ask(
    payload: Uint8Array | string,
    type: MessageType,
    id: string,
    answer: Promise<Delivered>,
    inbox: Inbox | undefined,
  ): Promise<Delivered>;
  abortOnClose(controller: AbortController): void;
  forgetAbort(controller: AbortController): void;
  /** The chain of a message has ended, and with it everything it started. */
  concluded(exchange: Exchange): void;
}

/** Whoever decides how many handlers run at once, and has to know which of them only wait for the client. */
export interface HandlerCount {
  /** Whether a message has to take part in its conversation already. */
  joinsNow(exchange: Exchange, id: string): boolean;
  handlerSuspends(): void;
  handlerResumes(): void;
  /** A question from outside of any handler was asked, or is done with. */
  questionOpens(count: 1 | -1): void;
}
