import { CloseCode } from "velaros-protocol";
import type {
  CloseSource,
  CloseStatus,
  Codec,
  MessageType,
  Runtime,
  Timer,
  WireError,
} from "velaros-protocol";
import { ownCloses } from "../close-reasons.ts";
import type { ConnectionInfo, ConnectionOutlet, InboundMessage, OutboundPurpose } from "../connection.ts";
import { encodeError, encodeWith } from "../context/encode.ts";
import type { Exchange } from "../context/exchange.ts";
import type { MessageContext } from "../context/message-context.ts";
import { Conversation } from "../conversation/conversation.ts";
import type { Delivered } from "../conversation/delivered.ts";
import type { Inbox } from "../conversation/inbox.ts";
import type { Waiter } from "../conversation/waiter.ts";
import { VelarosError, toError } from "../errors.ts";
import { harmless, ignore, rejected, settled } from "../promises.ts";
import { emptyRecord, nothing } from "../records.ts";
import type { PushOptions, SocketRequestOptions } from "../socket.ts";
import { closeStatus, stillOpen } from "./close-state.ts";
import type { ConnectOptions, HostedSocket, SocketHost, SocketSettings } from "./host.ts";
import { runCloseChain, runOpenChain } from "./lifecycle.ts";
import { isTimeout, settleOutcome } from "./outcome.ts";
import { askClient } from "./question.ts";
import { Reader } from "./reader.ts";

/** A connection between its outlet and the router's chains. */
export class RouterSocket implements HostedSocket {
  readonly info: ConnectionInfo;
  readonly host: SocketHost;
  readonly options: ConnectOptions;
  readonly reader: Reader;
  /** By id: what is being handled, and who waits for what. */
  conversations: Map<string, Conversation> | undefined = undefined;
  /** The codec that this socket is known to speak. */
  codec: Codec | undefined;
  trusted: Readonly<Record<string, unknown>>;

  #id: string | undefined;
  readonly #outlet: ConnectionOutlet;
  #status: CloseStatus = stillOpen;
  /** `closing`: the close chain runs and may still send. */
  #phase: "opening" | "open" | "closing" | "closed" = "opening";
  #values: Map<string, unknown> | undefined;
  #pauses = 0;
  #patience: Timer | undefined;
  #abort: AbortController | undefined;
  /** Signals of messages that somebody asked for. */
  #messageAborts: Set<AbortController> | undefined;
  /** Whoever waits for a message of the client. */
  #waiters: Set<Waiter> | undefined;
  #finished = false;
  #finishedPromise: Promise<void> | undefined;
  #resolveFinished: () => void = ignore;

  constructor(host: SocketHost, info: ConnectionInfo, outlet: ConnectionOutlet, options: ConnectOptions) {
    this.host = host;
    this.info = info;
    this.#id = info.socketId;
    this.options = options;
    this.reader = new Reader(this);
    this.#outlet = outlet;
    const { trusted } = info;
    const hasFacts = trusted !== undefined && Object.keys(trusted).length > 0;
    this.trusted = hasFacts ? Object.assign(emptyRecord(), trusted) : nothing;
    this.codec = agreedCodec(host.codecs(), info);
  }

  /** Runs the open chain; messages wait until it has ended. */
  start(): void {
    const failure = runOpenChain(this, this.host.openCalls());
    if (failure instanceof Promise) void failure.then((error) => this.#opened(error));
    else this.#opened(failure);
  }

  #opened(failure: Error | undefined): void {
    if (failure !== undefined) {
      if (isTimeout(failure)) {
        this.host.unanswered({ code: "TIMEOUT", id: undefined, path: "", socketId: this.id });
      } else this.failed(failure, undefined);
      this.#begin(ownCloses.openFailed);
    }
    if (this.#phase !== "opening") return;
    if (this.closed) {
      this.#runClose();
      return;
    }
    this.#phase = "open";
    this.reader.open();
  }

  /** The connection has ended by itself, or its peer wants it to. */
  ended(status: CloseStatus): void {
    this.#begin(status);
  }

  get finished(): Promise<void> {
    if (this.#finished) return settled;
    this.#finishedPromise ??= new Promise((resolve) => {
      this.#resolveFinished = resolve;
    });
    return this.#finishedPromise;
  }

  // What handlers and the rest of the world see.

  /** Made up when somebody asks: many sockets are never asked. */
  get id(): string {
    return (this.#id ??= this.runtime.randomUuid());
  }

  get publicOnly(): boolean {
    return this.options.publicOnly === true;
  }

  get runtime(): Runtime {
    return this.host.settings.runtime;
  }

  get settings(): SocketSettings {
    return this.host.settings;
  }

  /** What to encode with when no handler of a message says otherwise. */
  get encoder(): Codec | undefined {
    if (this.codec !== undefined) return this.codec;
    // A gateway has said what the client speaks, and it is nothing that we know: better silent than garbled.
    return this.info.codec === undefined ? this.host.codecs()[0] : undefined;
  }

  codecs(): readonly Codec[] {
    return this.host.codecs();
  }

  get closed(): boolean {
    return this.#status !== stillOpen;
  }

  get closeStatus(): CloseStatus {
    return this.#status;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.closed) this.#abort.abort(this.closedError("continue"));
    }
    return this.#abort.signal;
  }

  closedError(action: string): VelarosError {
    const { status, reason } = this.#status;
    return new VelarosError("VELAROS_SOCKET_CLOSED", { action, status, reason });
  }

  push(data: unknown, options?: PushOptions): Promise<void> {
    if (!this.#maySend()) return rejected(this.closedError("push"));
    const codec = this.encoder;
    const type = codec?.messageType ?? "text";
    try {
      const payload = encodeWith(codec, type, {
        id: undefined,
        path: options?.path,
        status: undefined,
        data,
      });
      return this.transmit(payload, type, "push", undefined) ?? settled;
    } catch (error) {
      return rejected(error);
    }
  }

  request<Answer>(data: unknown, options?: SocketRequestOptions): Promise<Answer> {
    return harmless(askClient(this, data, options) as Promise<Answer>);
  }

  /** Sends a question and passes on its answer; `inbox` lives as long as the question only. */
  ask(
    payload: Uint8Array | string,
    type: MessageType,
    id: string,
    answer: Promise<Delivered>,
    inbox: Inbox | undefined,
  ): Promise<Delivered> {
    const done = (): void => {
      inbox?.close();
      this.#outlet.requestDone?.(id);
    };
    answer.then(done, done);
    void this.transmit(payload, type, "request", id);
    return answer;
  }

  close(status: number = CloseCode.NORMAL, reason: string = "", source: CloseSource = "server"): void {
    this.#begin(closeStatus(status, reason, source));
  }

  write(payload: Uint8Array | string, type: MessageType): void | Promise<void> {
    if (!this.#maySend()) throw this.closedError("write");
    return this.transmit(payload, type, "push", undefined);
  }

  pauseReading(): void {
    this.#pauses += 1;
    if (this.#pauses === 1 && !this.closed) this.#outlet.pause();
  }

  resumeReading(): void {
    if (this.#pauses === 0) return;
    this.#pauses -= 1;
    if (this.#pauses === 0 && !this.closed) this.#outlet.resume();
  }

  get(key: string): unknown {
    return this.#values?.get(key);
  }

  has(key: string): boolean {
    return this.#values?.has(key) === true;
  }

  set(key: string, value: unknown): void {
    (this.#values ??= new Map()).set(key, value);
  }

  delete(key: string): void {
    this.#values?.delete(key);
  }

  setTrusted(key: string, value: unknown): void {
    this.trusted = Object.assign(emptyRecord(), this.trusted, { [key]: value });
  }

  // For the chains.

  /** Something failed and nobody dealt with it. */
  failed(error: Error, context: MessageContext | undefined): void {
    this.host.failed(error, context, this.options.onError);
  }

  /** The conversation with this id, which comes into being when it is first asked for. */
  conversation(id: string): Conversation {
    this.conversations ??= new Map();
    return this.conversations.get(id) ?? new Conversation(id, this.conversations);
  }

  /** Hands bytes to the connection. A rejection that nobody looks at harms nobody. */
  transmit(
    payload: Uint8Array | string,
    type: MessageType,
    purpose: OutboundPurpose,
    about: InboundMessage | string | undefined,
  ): void | Promise<void> {
    try {
      const room = this.#outlet.send(payload, type, purpose, about);
      return room === undefined ? undefined : harmless(room);
    } catch (error) {
      return rejected(error);
    }
  }

  /** Sends an error that answers no message, if there is a way to encode it. */
  tell(error: WireError): void {
    const codec = this.encoder;
    if (codec === undefined || !this.#maySend()) return;
    const type = codec.messageType;
    void this.transmit(encodeError(codec, type, undefined, error), type, "push", undefined);
  }

  /** The chain of a message has ended, and with it everything it started. */
  concluded(exchange: Exchange): void {
    const code = exchange.root === undefined ? undefined : settleOutcome(this, exchange.root);
    const suspended = exchange.finish();
    if (exchange.inbound !== undefined) this.settled(exchange.inbound, exchange.forwarded, code);
    this.reader.handlerEnds(suspended);
  }

  settled(message: InboundMessage, forwarded: boolean, code: string | undefined): void {
    this.reader.letGo(message);
    this.#outlet.settled?.(message, forwarded, code);
  }

  addWaiter(waiter: Waiter): void {
    (this.#waiters ??= new Set()).add(waiter);
  }

  removeWaiter(waiter: Waiter): void {
    this.#waiters?.delete(waiter);
  }

  abortOnClose(controller: AbortController): void {
    (this.#messageAborts ??= new Set()).add(controller);
  }

  forgetAbort(controller: AbortController): void {
    this.#messageAborts?.delete(controller);
  }

  #maySend(): boolean {
    return this.#phase === "closing" ? this.#status.source === "server" : !this.closed;
  }

  /** The first close wins. */
  #begin(status: CloseStatus): void {
    if (this.closed) return;
    this.#status = status;
    this.reader.close();
    for (const waiter of this.#waiters ?? []) waiter.fail(this.closedError("wait"));
    for (const conversation of this.conversations?.values() ?? []) conversation.release();
    const reason = this.closedError("continue");
    this.#abort?.abort(reason);
    for (const controller of this.#messageAborts ?? []) controller.abort(reason);
    // Not from within the handler that closes: it goes on first. While the open chain runs, its end is awaited.
    if (this.#phase === "open") void settled.then(() => this.#runClose());
    else this.#limit("open", () => this.#runClose());
  }

  #runClose(): void {
    this.#patience?.cancel();
    this.#phase = "closing";
    const pending = runCloseChain(this, this.host.closeCalls());
    if (pending === undefined) {
      this.#end();
      return;
    }
    this.#limit("close", () => this.#end());
    void pending.then(() => this.#end());
  }

  /** Goes on without a chain that does not end. */
  #limit(chain: "open" | "close", goOn: () => void): void {
    const timeoutMs = this.settings.lifecycleTimeoutMs;
    this.#patience = this.runtime.setTimer(timeoutMs, () => {
      this.failed(new VelarosError("VELAROS_LIFECYCLE_TIMEOUT", { chain, timeoutMs }), undefined);
      goOn();
    });
  }

  #end(): void {
    if (this.#phase === "closed") return;
    this.#patience?.cancel();
    this.#phase = "closed";
    const { status, reason, source } = this.#status;
    try {
      this.#outlet.close(status, reason, source);
    } catch (error) {
      this.failed(toError(error), undefined);
    }
    this.#finished = true;
    this.#resolveFinished();
  }
}

/** The codec that the handshake selected, or that a gateway found out. */
function agreedCodec(codecs: readonly Codec[], info: ConnectionInfo): Codec | undefined {
  if (info.subprotocol !== undefined) return codecs.find((codec) => codec.subprotocol === info.subprotocol);
  return info.codec === undefined ? undefined : codecs.find((codec) => codec.name === info.codec);
}
