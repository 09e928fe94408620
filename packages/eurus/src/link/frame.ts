import type { CloseSource, MessageType } from "velaros-protocol";

/** What a service learns about a client when its virtual socket opens; at most 56 KiB encoded. */
export interface SocketInfo {
  readonly socketId: string;
  readonly remoteAddress: string;
  /** Only the headers that the gateway forwards. */
  readonly headers: Readonly<Record<string, string>>;
  /** Name of the codec that the socket speaks (`json`), if it is known already. */
  readonly codec: string | undefined;
  /** Facts about the connection that no client can write. */
  readonly trusted: Readonly<Record<string, unknown>>;
}

/** gateway → instance: a socket is pinned here. Messages may follow in the same batch. */
export interface OpenFrame {
  readonly type: "open";
  /** Names the pin within the link; counts up, never reused. 1 … 2^32 − 1. */
  readonly pin: number;
  readonly info: SocketInfo;
}
/** instance → gateway: the pin is accepted; sent before open handlers run. */
export interface OpenedFrame {
  readonly type: "opened";
  readonly pin: number;
}
/** instance → gateway: nothing of this pin was handled or will be. */
export interface RefusedFrame {
  readonly type: "refused";
  readonly pin: number;
  readonly code: "DRAINING" | "OVERLOADED" | "WRONG_EPOCH" | "INVALID" | "WRONG_CODEC";
}
/** gateway → instance: one client message. */
export interface MessageFrame {
  readonly type: "message";
  readonly pin: number;
  /** Counts the messages of a pin from 1; not on the wire, both sides count. */
  readonly number: number;
  /** Undefined when the client gave none. */
  readonly id: string | undefined;
  /** Canonical; undefined for an answer to a conversation. */
  readonly path: string | undefined;
  readonly messageType: MessageType;
  /** The client's bytes, untouched. */
  readonly body: Uint8Array;
  /** Range of the data inside `body`, `-1` without data. */
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly hasMeta: boolean;
  /** What middleware at the edge put in place of the client's data, encoded. */
  readonly replacedData?: Uint8Array | undefined;
  readonly replacedMeta?: Readonly<Record<string, unknown>> | undefined;
  /** Facts about this message that no client can write. */
  readonly trusted?: Readonly<Record<string, unknown>> | undefined;
}
/** instance → gateway: bytes for the client. */
export interface OutputFrame {
  readonly type: "output";
  readonly pin: number;
  /** A `last-reply` says also what an {@link EndFrame} would: the handlers of the message that it answers have ended. */
  readonly purpose: "reply" | "last-reply" | "push" | "request";
  /** For replies: the number of the message that is answered; else 0. */
  readonly number: number;
  /** For a request: the id that the client's answer will carry. */
  readonly requestId: string | undefined;
  readonly messageType: MessageType;
  /** Text is encoded where it is written, not before: a bus within the process passes it on as it is. */
  readonly body: Uint8Array | string;
}
/** instance → gateway: nobody waits any longer for the answer to this request. */
export interface RequestDoneFrame {
  readonly type: "request-done";
  readonly pin: number;
  readonly requestId: string;
}
/** instance → gateway: the handlers of these messages have ended, replied or not. */
export interface EndFrame {
  readonly type: "end";
  readonly pin: number;
  readonly numbers: readonly number[];
}
/** either way: this many bytes of the pin were consumed; the peer may send as many again. */
export interface CreditFrame {
  readonly type: "credit";
  readonly pin: number;
  readonly bytes: number;
}
/** either way: the socket is closed, behind everything that was sent before. */
export interface CloseFrame {
  readonly type: "close";
  readonly pin: number;
  readonly status: number;
  readonly reason: string;
  readonly source: CloseSource;
}
/** instance → gateway: the pin ends, the client stays (a planned stop under `onInstanceLost: "repin"`). */
export interface UnpinFrame {
  readonly type: "unpin";
  readonly pin: number;
  /** The last message that reached the router; later ones were not handled and will not be. */
  readonly lastNumber: number;
}

export type GatewayToInstanceFrame = OpenFrame | MessageFrame | CreditFrame | CloseFrame;
export type InstanceToGatewayFrame =
  | OpenedFrame
  | RefusedFrame
  | OutputFrame
  | RequestDoneFrame
  | EndFrame
  | CreditFrame
  | CloseFrame
  | UnpinFrame;

/** Everything that travels in sequence on a link. */
export type Frame = GatewayToInstanceFrame | InstanceToGatewayFrame;

/**
 * What a body takes of a pin's window, as the one who consumes it counts: its bytes. Text exists there only within one
 * process, where its characters are counted at both ends.
 */
export function bodySize(body: Uint8Array | string): number {
  return body.length;
}
