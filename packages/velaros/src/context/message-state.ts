import type { Codec } from "velaros-protocol";
import type { NodeMatch, MessageChain } from "../chain/message-chain.ts";
import type { MessageNode, Step } from "../chain/message-node.ts";
import type { Marshaller, Unmarshaler } from "../context.ts";
import type { Params } from "../pattern/params.ts";
import { emptyRecord, nothing } from "../records.ts";
import type { ContextSocket } from "./context-socket.ts";
import type { Exchange } from "./exchange.ts";

const noBytes = new Uint8Array(0);
const noMatches: readonly NodeMatch[] = [];

/**
 * A message as one router's chain sees it: what middleware made of it, and how far it has come. A nested router has a
 * state of its own that starts as a copy; {@link Exchange} holds what all states of a message share.
 */
export class MessageState {
  readonly exchange: Exchange;
  readonly socket: ContextSocket;
  /** The message in the router in which this one is a handler. */
  readonly parent: MessageState | undefined;

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

  /** The id that middleware set, or that was made up because somebody asked. */
  id: string | undefined = undefined;
  /** What handlers stored on the message. */
  values: Map<string, unknown> | undefined = undefined;
  /** The parameters of the handler that runs now, once it has asked for them. */
  knownParams: Params | undefined = undefined;
  #meta: Readonly<Record<string, unknown>> | undefined;

  constructor(exchange: Exchange, chain: MessageChain | undefined, parent: MessageState | undefined) {
    this.exchange = exchange;
    this.socket = exchange.socket;
    this.chain = chain;
    this.parent = parent;
    const inbound = exchange.inbound;
    this.rawData = inbound === undefined ? noBytes : inbound.bytes;
    if (parent !== undefined) {
      this.#enter(parent);
    } else {
      this.replacedData = inbound?.data;
      this.replacedMeta = inbound?.meta;
    }
  }

  #enter(parent: MessageState): void {
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
    this.id = parent.id;
    if (parent.values !== undefined) this.values = new Map(parent.values);
  }

  /** Takes over what a nested router hands back: the error, and values that were set. */
  leaveNested(inner: MessageState): void {
    this.error = inner.error;
    if (inner.values === undefined) return;
    if (this.values === undefined) this.values = inner.values;
    else for (const [key, value] of inner.values) this.values.set(key, value);
  }

  /** A handler is about to run. */
  enterStep(match: NodeMatch, step: Step): void {
    if (this.current !== match) this.knownParams = undefined;
    this.current = match;
    this.step = step;
  }

  get data(): Uint8Array | undefined {
    if (this.replacedData !== undefined) return this.replacedData;
    return this.dataStart < 0 ? undefined : this.rawData.subarray(this.dataStart, this.dataEnd);
  }

  /** What the client, or middleware in its place, says about the message. */
  clientMeta(): Readonly<Record<string, unknown>> {
    if (this.replacedMeta !== undefined) return this.replacedMeta;
    if (!this.hasMeta || this.codec === undefined) return nothing;
    return (this.#meta ??= this.codec.decodeMeta(this.rawData));
  }

  setMessageId(id: string): void | Promise<void> {
    if (id === "") return;
    this.id = id;
    const { exchange } = this;
    exchange.explicitId = id;
    if (exchange.wirePath === "") exchange.wirePath = this.path;
    if (exchange.kind !== "message" || exchange.conversation?.id === id) return;
    exchange.conversation?.leave(exchange, false);
    exchange.conversation = undefined;
    const { socket } = this;
    if (!socket.reader.joinsNow(exchange, id)) return;
    return socket.conversation(id).join(exchange);
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
}
