import type { CloseSource, MessageType } from "velaros-protocol";

/** Who is at the other end of a connection, as known at the handshake. */
export interface ConnectionInfo {
  /** Address of the peer, without its port; empty when unknown. */
  readonly remoteAddress: string;
  /** Headers of the upgrade request, lower-case names; a prototype-less record. */
  readonly headers: Readonly<Record<string, string>>;
  /** The WebSocket subprotocol that the handshake selected; undefined when none was asked for. */
  readonly subprotocol?: string | undefined;
  /** Name of the codec that the connection speaks (`json`), when somebody else already found out (a gateway). */
  readonly codec?: string | undefined;
  /** Facts about the connection that no client can write (from `authenticate`, or from a gateway). */
  readonly trusted?: Readonly<Record<string, unknown>> | undefined;
  /** The socket's id when somebody else already chose it (a gateway); else the router makes a UUID. */
  readonly socketId?: string | undefined;
}

/**
 * One message on its way into a router. A WebSocket supplies bytes and type. A peer that has already read the
 * envelope (a gateway) supplies what it decided, which then stands: nothing is parsed again.
 */
export interface InboundMessage {
  /** The whole message; text is UTF-8. */
  readonly bytes: Uint8Array;
  /** The kind of frame that it came in. */
  readonly type: MessageType;
  /** What a trusted peer decided about this message. */
  readonly forwarded?: ForwardedFacts | undefined;
  /** Encoded data that a custom connection supplies beside the bytes; it stands in place of theirs. */
  readonly data?: Uint8Array | undefined;
  /** Metadata that a custom connection supplies beside the bytes; it stands in place of theirs. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}

/** What a gateway decided about a message; the service obeys and re-reads none of it. */
export interface ForwardedFacts {
  /** The id that the client gave; undefined when it gave none. */
  readonly id: string | undefined;
  /** Canonical; undefined for an answer to a conversation. */
  readonly path: string | undefined;
  /** Range of the data inside `bytes`, `-1` without data. */
  readonly dataStart: number;
  /** Where the data ends inside `bytes` (exclusive), `-1` without data. */
  readonly dataEnd: number;
  /** Whether the client sent metadata. */
  readonly hasMeta: boolean;
  /** Data that middleware at the edge put in place of the client's, encoded. */
  readonly replacedData?: Uint8Array | undefined;
  /** Metadata that middleware at the edge put in place of the client's. */
  readonly replacedMeta?: Readonly<Record<string, unknown>> | undefined;
  /** Facts of this message that no client can write. */
  readonly trusted?: Readonly<Record<string, unknown>> | undefined;
}

/** Why a message leaves: an answer to an inbound message, something nobody asked for, or a question. */
export type OutboundPurpose = "reply" | "push" | "request";

/**
 * What a connection offers to the router: the outgoing half. WebSockets, virtual sockets of a service and
 * custom connections implement it.
 */
export interface ConnectionOutlet {
  /**
   * Sends one encoded message. Returns nothing when more may be sent at once; otherwise a promise that
   * resolves when there is room again and rejects when the connection closes first.
   *
   * @param about - For a reply the inbound message that is answered; for a request its id.
   */
  send(
    payload: Uint8Array | string,
    type: MessageType,
    purpose: OutboundPurpose,
    about: InboundMessage | string | undefined,
  ): void | Promise<void>;
  /** Called exactly once, after the close chain: ends the connection with this status. Reserved codes mean "just end it". */
  close(status: number, reason: string, source: CloseSource): void;
  /** Stop handing in messages until {@link resume}: the socket has too much in flight. */
  pause(): void;
  /** Takes back {@link pause}. */
  resume(): void;
  /**
   * The chain of this message has ended, answered or not.
   *
   * @param forwarded - Whether a handler gave it to somebody else (a gateway to a service), who may still answer.
   * @param code - Of the error that it ended in, whether or not the client was told; undefined without one.
   */
  settled?(message: InboundMessage, forwarded: boolean, code: string | undefined): void;
  /** Nobody waits any longer for the answer to the request with this id. */
  requestDone?(id: string): void;
}

/** What the router offers to a connection: the incoming half. None of these throws. */
export interface ConnectionInlet {
  /** The id of the socket that this connection became. */
  readonly socketId: string;
  /** Whether a message waits for its handler, or a handler runs that does not wait for the client itself. */
  readonly busy: boolean;
  /** Bytes of the messages that are here and have not ended, whether they wait or a handler has them. */
  readonly heldBytes?: number | undefined;
  /** Hands in one message. Messages that arrive before the open chain has ended wait; their number is bounded by `pause`. */
  message(message: InboundMessage): void;
  /** The connection has ended, or its peer wants it to. The close chain runs, then `outlet.close` is called. Later calls do nothing. */
  closed(status: number, reason: string, source: CloseSource): void;
  /** Resolves when the close chain has run and the outlet was closed. */
  readonly finished: Promise<void>;
}
