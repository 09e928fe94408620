import type { Codec } from "velaros-protocol";
import type { ForwardedFacts } from "./connection.ts";
import type { Context } from "./context.ts";
import { messageContext } from "./context/message-context.ts";
import type { MessageContext } from "./context/message-context.ts";
import { VelarosError, toError } from "./errors.ts";
import type { HandlerObject } from "./handler.ts";

/**
 * Middleware for one encoding: reads id, path and the place of the data of each message, and lets everything behind
 * it decode and encode. Several may follow each other; each connection speaks one of them.
 */
export class CodecMiddleware implements HandlerObject {
  /** What it reads and writes with. */
  readonly codec: Codec;

  /** @param codec - One of `velaros-protocol`, or your own. */
  constructor(codec: Codec) {
    this.codec = codec;
  }

  /** Reads the message unless another codec has, and passes it on. */
  handle(context: Context): void | Promise<void> {
    const message = messageContext(context);
    const { socket, exchange } = message;
    const { inbound } = exchange;
    if (inbound === undefined || message.codec !== undefined) return message.next();
    if (socket.codec === undefined) {
      const foreign = foreignEncoding(message);
      if (foreign !== undefined) throw foreign;
      if (!this.codec.accepts(inbound.type)) return message.next();
    } else if (socket.codec !== this.codec && socket.codec.name !== this.codec.name) {
      return message.next();
    }
    const { forwarded } = inbound;
    if (forwarded === undefined) return this.#read(message);
    return this.#adopt(message, forwarded);
  }

  /** Reads a message of a client. */
  #read(message: MessageContext): void | Promise<void> {
    const { socket, exchange } = message;
    let outline: ReturnType<Codec["outline"]>;
    try {
      outline = this.codec.outline(message.rawData);
    } catch (thrown) {
      exchange.decodeError = toError(thrown);
      if (socket.codec !== undefined) throw thrown;
      return message.next(); // Another codec may understand it.
    }
    socket.codec ??= this.codec;
    message.dataStart = outline.dataStart;
    message.dataEnd = outline.dataEnd;
    message.hasMeta = outline.hasMeta;
    return this.#route(message, outline.id, outline.path);
  }

  /** Takes over what a gateway has read and decided. */
  #adopt(message: MessageContext, facts: ForwardedFacts): void | Promise<void> {
    message.socket.codec ??= this.codec;
    message.dataStart = facts.dataStart;
    message.dataEnd = facts.dataEnd;
    message.hasMeta = facts.hasMeta;
    message.replacedData = facts.replacedData;
    message.replacedMeta = facts.replacedMeta;
    return this.#route(message, facts.id, facts.path);
  }

  #route(message: MessageContext, id: string | undefined, path: string | undefined): void | Promise<void> {
    message.codec = this.codec;
    message.exchange.decoded = true;
    if (path !== undefined) {
      message.path = path;
      message.exchange.wirePath = path;
    }
    if (id === undefined) return message.next();
    const turn = message.setMessageId(id);
    if (turn !== undefined) return turn.then(() => converse(message));
    return message.exchange.isFollowUp ? converse(message) : message.next();
  }
}

/** A message of a known conversation: without path it goes to whoever waits for it. */
function converse(message: MessageContext): Promise<void> {
  const { exchange } = message;
  const inboxes = exchange.conversation?.inboxes ?? [];
  const question = inboxes.find((inbox) => inbox.direct);
  if (question !== undefined) {
    exchange.handled = true;
    void question.offer(message);
    return Promise.resolve();
  }
  const waiting = exchange.conversation?.newestInbox;
  if (message.path === "" && waiting !== undefined && waiting.owner !== exchange) {
    message.path = waiting.path;
    exchange.wirePath = waiting.path;
    exchange.addressee = waiting;
  }
  return message.next();
}

/** The complaint about a connection whose encoding is known and is none of ours. */
function foreignEncoding({ socket }: MessageContext): Error | undefined {
  const { subprotocol, codec } = socket.info;
  const known = socket.codecs();
  if (subprotocol !== undefined) {
    const supported = known.map((each) => each.subprotocol);
    return new VelarosError("VELAROS_SUBPROTOCOL_UNSUPPORTED", { subprotocol, supported });
  }
  if (codec === undefined) return undefined;
  return new VelarosError("VELAROS_CODEC_MISMATCH", { codec, supported: known.map((each) => each.name) });
}
