import type { CloseSource, CloseStatus, Codec, MessageType } from "velaros-protocol";
import type { ConnectionInfo } from "./connection.ts";

/**
 * Keys and values that handlers keep on a socket; give the router a type of your own to have them checked. Write it as
 * `type State = { … }` and not as an interface: only then TypeScript lets middleware for any router pass.
 */
export type SocketState = Record<string, unknown>;

/** How {@link Socket.push} sends. */
export interface PushOptions {
  /** What the client should take the message for; it arrives as the `path` of the envelope. */
  readonly path?: string | undefined;
}

/** How to wait for a message of the client. */
export interface WaitOptions {
  /**
   * How long to wait, in milliseconds. `0` and `Infinity` wait until the socket closes; less is refused with
   * `VELAROS_OPTION_INVALID`.
   *
   * @defaultValue `0` for receive, the router's `requestTimeoutMs` for request
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait early: the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** How {@link Socket.request} asks. */
export interface SocketRequestOptions extends WaitOptions {
  /** What the client should take the question for; it arrives as the `path` of the envelope. */
  readonly path?: string | undefined;
}

/**
 * One client connection. Valid as long as the connection, also outside of handlers and also for the virtual
 * sockets of a service: keep it in a room's member list and push whenever you like.
 */
export interface Socket {
  /** Unique per connection; the same at the gateway and in every service. */
  readonly id: string;
  /** Address, headers and subprotocol as known at the handshake. */
  readonly info: ConnectionInfo;
  /** The encoding that this connection speaks: negotiated, else of its first readable message; undefined before that. */
  readonly codec: Codec | undefined;
  /** Facts about the connection that no client can write. A record without prototype. */
  readonly trusted: Readonly<Record<string, unknown>>;
  /** Whether the connection is closed or closing: messages no longer reach handlers. */
  readonly closed: boolean;
  /** How the connection ended; status `0` while it is open. */
  readonly closeStatus: CloseStatus;
  /** Aborts when the connection closes. */
  readonly signal: AbortSignal;

  /**
   * Sends something that nobody asked for. Resolves when there is room for more, so awaiting it is the way to
   * keep to the client's pace.
   *
   * @throws {@link VelarosError} `VELAROS_SOCKET_CLOSED` (as a rejection) when the connection has ended.
   * @throws {@link VelarosError} `VELAROS_CODEC_MISSING` (as a rejection) when the router has no codec.
   */
  push(data: unknown, options?: PushOptions): Promise<void>;
  /**
   * Asks the client and waits for the message that repeats the question's id.
   *
   * @returns The decoded data of the answer; undefined when it has none.
   * @throws {@link VelarosError} `VELAROS_REQUEST_TIMEOUT` when no answer came in time, `VELAROS_SOCKET_CLOSED`
   *   when the connection ended first (both as rejections).
   */
  request<Answer = unknown>(data: unknown, options?: SocketRequestOptions): Promise<Answer>;
  /**
   * Closes the connection: waiting receives and requests reject, the close chain runs, then the client gets
   * this status and reason. The first close wins; later calls do nothing.
   *
   * @param status - 1000–1014 without the reserved ones, or 3000–4999. Default: 1000.
   * @param reason - Cut to 123 bytes of UTF-8.
   * @param source - Who began; for gateways that pass on the close of somebody else. Default: `server`.
   * @throws {@link VelarosError} `VELAROS_CLOSE_CODE_INVALID`, at once, when `source` is `server` and the status must not be sent.
   */
  close(status?: number, reason?: string, source?: CloseSource): void;
  /**
   * Writes bytes that are already encoded for this client.
   *
   * @returns Nothing when more may be written at once; else a promise as for {@link push}.
   * @throws {@link VelarosError} `VELAROS_SOCKET_CLOSED`, at once, when the connection has ended.
   */
  write(payload: Uint8Array | string, type: MessageType): void | Promise<void>;
  /** Stops taking messages from the client. Counted: every call needs its {@link resumeReading}. */
  pauseReading(): void;
  /** Takes back one {@link pauseReading}. */
  resumeReading(): void;

  /** What is stored on the socket under `key`; undefined when nothing is. */
  get(key: string): unknown;
  /** Stores a value for as long as the connection lives, close handlers included. */
  set(key: string, value: unknown): void;
}
