import type { CloseStatus, MessageType, PathParams } from "velaros-protocol";
import type { ForwardedFacts, InboundMessage } from "./connection.ts";
import type { ParamsLookup } from "./pattern/params.ts";
import type { PushOptions, Socket, SocketState, WaitOptions } from "./socket.ts";

/** Turns the bytes of a message's data into a value. */
export type Unmarshaler = (data: Uint8Array) => unknown;
/** Turns what a handler sends into an encoded message. */
export type Marshaller = (message: OutboundMessage) => Uint8Array | string;

/** What a {@link Marshaller} is handed. */
export interface OutboundMessage {
  /** Of the message that is answered, or of the question; undefined for a push. */
  readonly id: string | undefined;
  /** Undefined for answers. */
  readonly path: string | undefined;
  /** See {@link Context.status}; undefined when it is unset. */
  readonly status: number | undefined;
  /** As the handler passed it: not yet mapped to a body. */
  readonly data: unknown;
}

/** The parameters of a route; of a handler for any route nothing is known but how to ask for one. */
export type RouteParams<Path extends string> = string extends Path
  ? ParamsLookup
  : ParamsLookup & PathParams<Path>;

declare const inferred: unique symbol;
/** Stands for a type argument that was not given. */
type Inferred = typeof inferred;
/** The type that was asked for, else the one that the router's state type names. */
type Stored<Value, Named> = [Value] extends [Inferred] ? Named : Value;

/** What a handler is given: the message, its connection, and everything that can be done with both. */
export interface Context<
  Parameters extends ParamsLookup = ParamsLookup,
  State extends object = SocketState,
  Input = unknown,
  Output = unknown,
> {
  /** The client's connection. Outlives this context. */
  readonly socket: Socket;
  /** Same as `socket.id`. */
  readonly socketId: string;
  /** Headers of the upgrade request; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Address of the client; empty when unknown. */
  readonly remoteAddress: string;
  /** Same as {@link remoteAddress}. */
  readonly remoteAddr: string;

  /** The id that the client gave its message, else a fresh UUID. Never empty. */
  readonly messageId: string;
  /** Where the message is routed to; the empty string for one without path. */
  readonly path: string;
  /**
   * The parts of the path that the route names, as properties when the route is known to the compiler.
   * `params.get(name)` finds any, ignores case and gives `""` for unknown names.
   */
  readonly params: Parameters;
  /** The kind of frame that the message came in, and that answers leave in. */
  readonly messageType: MessageType;
  /** The bytes of the message as they were received. */
  readonly rawData: Uint8Array;
  /** The bytes of the message's data, still encoded; undefined when it has none. */
  readonly data: Uint8Array | undefined;
  /**
   * Facts about the message and its connection that no client can write: from `authenticate`, from
   * {@link setTrusted}, or from the gateway. A record without prototype.
   */
  readonly trusted: Readonly<Record<string, unknown>>;
  /**
   * Looks up what is known beside the data: trusted facts of the message, then of the connection, then what the client says in `meta`.
   *
   * @returns undefined when neither knows `key`.
   */
  meta(key: string): unknown;

  /** Runs what follows in the chain. Resolves when everything downstream has finished; never rejects. Calling it twice does nothing. */
  next(): Promise<void>;
  /** Whether a handler has answered the message, or ended without passing it on: what is left after {@link next} is not. */
  readonly handled: boolean;
  /** What a handler threw; later handlers are skipped while it is set. Set it to undefined to handle the error. */
  error: Error | undefined;
  /** The stack of {@link error}, undefined without one. */
  readonly errorStack: string | undefined;
  /** When set, answers to this message carry it as `status`. Has no effect on the connection. `0` is unset. */
  status: number;

  /**
   * Answers the message: same id, same kind of frame. May be called several times; answers keep their order.
   * Resolves when there is room for more.
   *
   * @throws {@link VelarosError} `VELAROS_SOCKET_CLOSED`, `VELAROS_CONTEXT_FINISHED`, `VELAROS_CODEC_MISSING` or
   *   `VELAROS_OUTPUT_INVALID`, {@link CodecError} when the data can't be encoded (all as rejections).
   */
  reply(data?: Output): Promise<void>;
  /** Same as {@link reply}. */
  send(data?: Output): Promise<void>;
  /** Sends something that does not answer this message: without its id. */
  push(data: unknown, options?: PushOptions): Promise<void>;
  /**
   * Asks the client, with the path of this message, and waits for the message that repeats the question's id.
   *
   * @returns The decoded data of the answer; undefined when it has none.
   * @throws {@link VelarosError} `VELAROS_REQUEST_TIMEOUT` or `VELAROS_SOCKET_CLOSED` (as rejections).
   */
  request<Answer = unknown>(data: unknown, options?: WaitOptions): Promise<Answer>;
  /** As {@link request}, for the undecoded bytes of the answer's data. */
  requestRaw(data: unknown, options?: WaitOptions): Promise<Uint8Array>;
  /** Same as {@link request}. */
  requestInto<Answer = unknown>(data: unknown, options?: WaitOptions): Promise<Answer>;
  /**
   * The next message of this conversation: first the one that started the handler, if it carries data, then
   * each further message with the same id.
   *
   * @throws {@link VelarosError} `VELAROS_RECEIVE_TIMEOUT`, `VELAROS_SOCKET_CLOSED` or `VELAROS_ID_REQUIRED`,
   *   {@link CodecError} when the data can't be decoded (all as rejections).
   */
  receive<Value = Input>(options?: WaitOptions): Promise<Value>;
  /** As {@link receive}, for the undecoded bytes of the data. */
  receiveRaw(options?: WaitOptions): Promise<Uint8Array>;
  /**
   * The decoded data of the message that started the handler; undefined when it has none. Can be called any number of times.
   *
   * @throws {@link CodecError} when the data can't be decoded.
   */
  unmarshal<Value = Input>(): Value;

  /** What was stored on the message under `key`; undefined when nothing was. */
  get<Value = unknown>(key: string): Value | undefined;
  /** Stores a value for the rest of this message's chain. */
  set(key: string, value: unknown): void;
  /** As {@link get}. @throws {@link VelarosError} `VELAROS_VALUE_MISSING` when nothing was stored. */
  mustGet<Value = unknown>(key: string): Value;
  /** Forgets what was stored on the message under `key`. */
  delete(key: string): void;
  /** What is stored on the socket under `key`; undefined when nothing is. */
  getFromSocket<Value = Inferred, Key extends string & keyof State = string & keyof State>(
    key: Key,
  ): Stored<Value, State[Key]> | undefined;
  /** Stores a value for as long as the connection lives, close handlers included. */
  setOnSocket<Key extends string & keyof State>(key: Key, value: State[Key]): void;
  /** As {@link getFromSocket}. @throws {@link VelarosError} `VELAROS_VALUE_MISSING` when nothing is stored. */
  mustGetFromSocket<Value = Inferred, Key extends string & keyof State = string & keyof State>(
    key: Key,
  ): Stored<Value, State[Key]>;
  /** Whether something, even undefined, is stored on the socket under `key`. */
  hasOnSocket(key: string & keyof State): boolean;
  /** Forgets what was stored on the socket under `key`. */
  deleteFromSocket(key: string & keyof State): void;

  /** For middleware. Gives the message an id as if the client had sent it; waits while another message with that id is handled. */
  setMessageId(id: string): void | Promise<void>;
  /** For middleware. Routes what follows in the chain by another path. */
  setMessagePath(path: string): void;
  /** For middleware. Puts other data, encoded, in place of the client's. */
  setMessageData(data: Uint8Array): void;
  /** For middleware. Puts other bytes in place of the received ones, to be read by the codecs that follow. */
  setMessageRawData(rawData: Uint8Array): void;
  /** For middleware. Puts other metadata in place of the client's. */
  setMessageMeta(meta: Readonly<Record<string, unknown>>): void;
  /** For middleware. Decodes data in the rest of the chain. */
  setMessageUnmarshaler(unmarshaler: Unmarshaler): void;
  /** For middleware. Encodes what the rest of the chain sends. */
  setMessageMarshaller(marshaller: Marshaller): void;
  /**
   * Records a fact that no client can write. Holds for the connection when set in an open handler, else for
   * this message. Services behind a gateway see it.
   */
  setTrusted(key: string, value: unknown): void;
  /** For gateways: the message as it stands now, for somebody who shall not parse it again. */
  forwardable(): InboundMessage & { readonly forwarded: ForwardedFacts };

  /** Closes the connection with status 1000. */
  close(): void;
  /** Closes the connection; see {@link Socket.close}. */
  closeWithStatus(status: number, reason?: string): void;
  /** How the connection ended; status `0` while it is open. */
  closeStatus(): CloseStatus;
  /** Aborts when the connection closes or this message's chain has finished. */
  readonly signal: AbortSignal;
  /** Resolves when {@link signal} aborts. */
  readonly done: Promise<void>;
}
