import type { CloseStatus, Codec, MessageType } from "velaros-protocol";
import { runNext } from "../chain/walk.ts";
import type { ForwardedFacts, InboundMessage } from "../connection.ts";
import { receiveMessage, requestMessage } from "../conversation/wait.ts";
import { VelarosError } from "../errors.ts";
import type { MessageChain, NodeMatch } from "../router/message-chain.ts";
import type { MessageNode, Step } from "../router/node.ts";
import type { RouterSocket } from "../socket/router-socket.ts";
import type { PushOptions, WaitOptions } from "../socket/socket.ts";
import type { Context, Marshaller, Unmarshaler } from "./context.ts";
import { currentParams } from "./current-params.ts";
import { decodeData, decodeOwn, decodeReceived } from "./decode.ts";
import type { Delivered, Exchange } from "./exchange.ts";
import { forwardable } from "./forwardable.ts";
import { emptyRecord, harmless, nothing, rejected, settled } from "./records.ts";
import { sendReply } from "./reply.ts";

const noBytes = new Uint8Array(0);
const noMatches: readonly NodeMatch[] = [];

/**
 * The context that handlers get, together with the state of the walk through one router's chain. A nested router
 * gets a context of its own that starts as a copy; {@link Exchange} holds what all contexts of a message share.
 */
export class MessageContext implements Context {
  readonly exchange: Exchange;
  readonly socket: RouterSocket;
  /** The context in which the router of this one is a handler. */
  readonly parent: MessageContext | undefined;

  // The walk through the chain, see walk.ts.
  readonly chain: MessageChain | undefined;
  matches: readonly NodeMatch[] = noMatches;
  matchIndex: number = 0;
  /** The next handler within the node at `matchIndex`. */
  stepIndex: number = 0;
  /** The path that `matches` were looked up by. */
  routedPath: string | undefined = undefined;
  /** Where the handler that runs now stands. */
  current: NodeMatch | undefined = undefined;
  step: Step | undefined = undefined;
  /** How deep in handlers we are, and whether the deepest may still call `next()`. */
  level: number = 0;
  nextAllowed: boolean = false;
  /** Every handler passed the message on. */
  ranOff: boolean = false;

  // The message as it stands.
  path: string = "";
  rawData: Uint8Array;
  dataStart: number = -1;
  dataEnd: number = -1;
  hasMeta: boolean = false;
  replacedData: Uint8Array | undefined = undefined;
  replacedMeta: Readonly<Record<string, unknown>> | undefined = undefined;
  error: Error | undefined = undefined;
  codec: Codec | undefined = undefined;
  unmarshaler: Unmarshaler | undefined = undefined;
  marshaller: Marshaller | undefined = undefined;
  /** What the input schema of a node made of the data. */
  validated: { readonly node: MessageNode; readonly value: unknown } | undefined = undefined;
  /** Handlers that have received the message that started them. */
  started: Step[] | undefined = undefined;

  #id: string | undefined;
  #params: ReturnType<typeof currentParams> | undefined;
  #meta: Readonly<Record<string, unknown>> | undefined;
  #values: Map<string, unknown> | undefined;

  constructor(exchange: Exchange, chain: MessageChain | undefined, parent: MessageContext | undefined) {
    this.exchange = exchange;
    this.socket = exchange.socket;
    this.chain = chain;
    this.parent = parent;
    if (parent === undefined) exchange.root = this;
    const inbound = exchange.inbound;
    this.rawData = inbound === undefined ? noBytes : inbound.bytes;
    if (parent !== undefined) {
      this.#enter(parent);
    } else {
      this.replacedData = inbound?.data;
      this.replacedMeta = inbound?.meta;
    }
  }

  #enter(parent: MessageContext): void {
    this.path = parent.path;
    this.rawData = parent.rawData;
    this.dataStart = parent.dataStart;
    this.dataEnd = parent.dataEnd;
    this.hasMeta = parent.hasMeta;
    this.replacedData = parent.replacedData;
    this.replacedMeta = parent.replacedMeta;
    this.error = parent.error;
    this.codec = parent.codec;
    this.unmarshaler = parent.unmarshaler;
    this.marshaller = parent.marshaller;
    this.#id = parent.#id;
    if (parent.#values !== undefined) this.#values = new Map(parent.#values);
  }

  /** Takes over what a nested router hands back: the error, and values that were set. */
  leaveNested(inner: MessageContext): void {
    this.error = inner.error;
    if (inner.#values === undefined) return;
    if (this.#values === undefined) this.#values = inner.#values;
    else for (const [key, value] of inner.#values) this.#values.set(key, value);
  }

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
    return (this.#id ??= this.socket.runtime.randomUuid());
  }

  get messageType(): MessageType {
    return this.exchange.inbound?.type ?? this.socket.encoder?.messageType ?? "text";
  }

  get params(): Context["params"] {
    return (this.#params ??= currentParams(this));
  }

  /** A handler is about to run. */
  enterStep(match: NodeMatch, step: Step): void {
    if (this.current !== match) this.#params = undefined;
    this.current = match;
    this.step = step;
  }

  get data(): Uint8Array | undefined {
    if (this.replacedData !== undefined) return this.replacedData;
    return this.dataStart < 0 ? undefined : this.rawData.subarray(this.dataStart, this.dataEnd);
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

  /** What the client, or middleware in its place, says about the message. */
  clientMeta(): Readonly<Record<string, unknown>> {
    if (this.replacedMeta !== undefined) return this.replacedMeta;
    if (!this.hasMeta || this.codec === undefined) return nothing;
    return (this.#meta ??= this.codec.decodeMeta(this.rawData));
  }

  get errorStack(): string | undefined {
    return this.error?.stack;
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
    const params = this.#params;
    const pending = runNext(this);
    if (pending === undefined) {
      this.current = current;
      this.step = step;
      this.#params = params;
      return settled;
    }
    const exchange = this.exchange;
    exchange.outstanding += 1;
    return pending.then(() => {
      this.current = current;
      this.step = step;
      this.#params = params;
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
    socket.host.failed(misuse, this);
    return misuse;
  }

  get<Value>(key: string): Value | undefined {
    return this.#values?.get(key) as Value | undefined;
  }

  set(key: string, value: unknown): void {
    (this.#values ??= new Map()).set(key, value);
  }

  mustGet<Value>(key: string): Value {
    if (this.#values?.has(key) !== true) {
      throw new VelarosError("VELAROS_VALUE_MISSING", { key, storage: "message" });
    }
    return this.#values.get(key) as Value;
  }

  delete(key: string): void {
    this.#values?.delete(key);
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

  setMessageId(id: string): void | Promise<void> {
    if (id === "") return;
    this.#id = id;
    const { exchange } = this;
    exchange.explicitId = id;
    if (exchange.wirePath === "") exchange.wirePath = this.path;
    if (exchange.kind !== "message" || exchange.conversation?.id === id) return;
    exchange.conversation?.leave(exchange, false);
    return this.socket.conversation(id).join(exchange);
  }

  setMessagePath(path: string): void {
    this.path = path;
  }

  setMessageData(data: Uint8Array): void {
    this.replacedData = data;
    this.validated = undefined;
  }

  setMessageRawData(rawData: Uint8Array): void {
    this.rawData = rawData;
    this.dataStart = -1;
    this.dataEnd = -1;
    this.hasMeta = false;
    this.codec = undefined;
  }

  setMessageMeta(meta: Readonly<Record<string, unknown>>): void {
    this.replacedMeta = Object.assign(emptyRecord(), meta);
  }

  setMessageUnmarshaler(unmarshaler: Unmarshaler): void {
    this.unmarshaler = unmarshaler;
  }

  setMessageMarshaller(marshaller: Marshaller): void {
    this.marshaller = marshaller;
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
