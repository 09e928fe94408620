import type { CloseStatus, MessageType } from "velaros-protocol";
import type { ForwardedFacts, InboundMessage } from "../connection.ts";
import type { Context } from "../context.ts";
import type { Delivered } from "../conversation/delivered.ts";
import { VelarosError } from "../errors.ts";
import { harmless, rejected, settled } from "../promises.ts";
import { emptyRecord } from "../records.ts";
import type { PushOptions, WaitOptions } from "../socket.ts";
import { currentParams } from "./current-params.ts";
import { decodeData, decodeOwn, decodeReceived } from "./decode.ts";
import { forwardable } from "./forwardable.ts";
import { MessageState } from "./message-state.ts";
import { sendReply } from "./reply.ts";
import { receiveMessage, requestMessage } from "./wait.ts";
import { runNext } from "./walk.ts";

const noBytes = new Uint8Array(0);

/** What is behind a context that a handler was given: every context that a router hands out is one of these. */
export function messageContext(context: Context): MessageContext {
  return context as MessageContext;
}

/** The context that handlers get: what they can read of a message and do with it. */
export class MessageContext extends MessageState implements Context {
  /** The context in which the router of this one is a handler. */
  declare readonly parent: MessageContext | undefined;

  get socketId(): string {
    return this.socket.id;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.socket.info.headers;
  }

  get remoteAddress(): string {
    return this.socket.info.remoteAddress;
  }

  get remoteAddr(): string {
    return this.socket.info.remoteAddress;
  }

  get messageId(): string {
    return (this.id ??= this.socket.runtime.randomUuid());
  }

  get messageType(): MessageType {
    return this.exchange.inbound?.type ?? this.socket.encoder?.messageType ?? "text";
  }

  get params(): Context["params"] {
    return (this.knownParams ??= currentParams(this));
  }

  get trusted(): Readonly<Record<string, unknown>> {
    const ofMessage = this.exchange.trusted;
    return ofMessage === undefined
      ? this.socket.trusted
      : Object.assign(emptyRecord(), this.socket.trusted, ofMessage);
  }

  meta(key: string): unknown {
    const ofMessage = this.exchange.trusted;
    if (ofMessage !== undefined && Object.hasOwn(ofMessage, key)) return ofMessage[key];
    if (Object.hasOwn(this.socket.trusted, key)) return this.socket.trusted[key];
    const said = this.clientMeta();
    return Object.hasOwn(said, key) ? said[key] : undefined;
  }

  get errorStack(): string | undefined {
    return this.error?.stack;
  }

  get handled(): boolean {
    return this.exchange.handled || this.exchange.replied;
  }

  get status(): number {
    return this.exchange.status;
  }

  set status(status: number) {
    this.exchange.status = status;
  }

  next(): Promise<void> {
    if (!this.nextAllowed) return settled;
    this.nextAllowed = false;
    const { current, step } = this;
    const params = this.knownParams;
    const pending = runNext(this);
    if (pending === undefined) {
      this.current = current;
      this.step = step;
      this.knownParams = params;
      return settled;
    }
    const exchange = this.exchange;
    exchange.outstanding += 1;
    return pending.then(() => {
      this.current = current;
      this.step = step;
      this.knownParams = params;
      exchange.release();
    });
  }

  reply(data?: unknown): Promise<void> {
    const unusable = this.#unusable("reply");
    return unusable === undefined ? sendReply(this, data) : rejected(unusable);
  }

  send(data?: unknown): Promise<void> {
    return this.reply(data);
  }

  push(data: unknown, options?: PushOptions): Promise<void> {
    const unusable = this.#unusable("push");
    return unusable === undefined ? this.socket.push(data, options) : rejected(unusable);
  }

  request<Answer>(data: unknown, options?: WaitOptions): Promise<Answer> {
    const answer = this.#request(data, options).then((message) => decodeData(this, message) as Answer);
    return harmless(answer);
  }

  requestInto<Answer>(data: unknown, options?: WaitOptions): Promise<Answer> {
    return this.request(data, options);
  }

  requestRaw(data: unknown, options?: WaitOptions): Promise<Uint8Array> {
    return harmless(this.#request(data, options).then((message) => message.data ?? noBytes));
  }

  #request(data: unknown, options: WaitOptions | undefined): Promise<Delivered> {
    const unusable = this.#unusable("request");
    return unusable === undefined ? requestMessage(this, data, options) : rejected(unusable);
  }

  receive<Value>(options?: WaitOptions): Promise<Value> {
    const value = this.#receive(options).then((message) => decodeReceived(this, message) as Value);
    return harmless(value);
  }

  receiveRaw(options?: WaitOptions): Promise<Uint8Array> {
    return harmless(this.#receive(options).then((message) => message.data ?? noBytes));
  }

  #receive(options: WaitOptions | undefined): Promise<Delivered> {
    const unusable = this.#unusable("receive");
    return unusable === undefined ? receiveMessage(this, options) : rejected(unusable);
  }

  unmarshal<Value>(): Value {
    return decodeOwn(this) as Value;
  }

  /** Why nothing can be sent or received any more. */
  #unusable(action: string): Error | undefined {
    const { exchange, socket } = this;
    if (socket.closed && (exchange.kind !== "close" || exchange.finished)) return socket.closedError(action);
    if (!exchange.finished) return undefined;
    const misuse = new VelarosError("VELAROS_CONTEXT_FINISHED", { action, path: this.path });
    // Whoever comes too late most likely did not wait for the promise either.
    socket.failed(misuse, this);
    return misuse;
  }

  get<Value>(key: string): Value | undefined {
    return this.values?.get(key) as Value | undefined;
  }

  set(key: string, value: unknown): void {
    (this.values ??= new Map()).set(key, value);
  }

  mustGet<Value>(key: string): Value {
    if (this.values?.has(key) !== true) {
      throw new VelarosError("VELAROS_VALUE_MISSING", { key, storage: "message" });
    }
    return this.values.get(key) as Value;
  }

  delete(key: string): void {
    this.values?.delete(key);
  }

  getFromSocket<Value>(key: string): Value | undefined {
    return this.socket.get(key) as Value | undefined;
  }

  setOnSocket(key: string, value: unknown): void {
    this.socket.set(key, value);
  }

  mustGetFromSocket<Value>(key: string): Value {
    if (!this.socket.has(key)) throw new VelarosError("VELAROS_VALUE_MISSING", { key, storage: "socket" });
    return this.socket.get(key) as Value;
  }

  hasOnSocket(key: string): boolean {
    return this.socket.has(key);
  }

  deleteFromSocket(key: string): void {
    this.socket.delete(key);
  }

  setTrusted(key: string, value: unknown): void {
    this.exchange.setTrusted(key, value);
  }

  forwardable(): InboundMessage & { readonly forwarded: ForwardedFacts } {
    return forwardable(this);
  }

  close(): void {
    this.socket.close();
  }

  closeWithStatus(status: number, reason: string = ""): void {
    this.socket.close(status, reason);
  }

  closeStatus(): CloseStatus {
    return this.socket.closeStatus;
  }

  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  get done(): Promise<void> {
    const signal = this.signal;
    if (signal.aborted) return settled;
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
