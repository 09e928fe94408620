import { type WireError, wireErrors } from "velaros-protocol";
import type { InboundMessage } from "../connection.ts";
import { encodeError } from "../context/encode.ts";
import { Exchange } from "../context/exchange.ts";
import { MessageContext } from "../context/message-context.ts";
import { runNext } from "../context/walk.ts";
import type { HostedSocket } from "./host.ts";

const nothingWaits: InboundMessage[] = [];

/** Messages of one id that may wait behind each other without counting as handlers. */
const maxBypassPerConversation = 64;

/**
 * Starts handlers in the order in which messages arrive, not too many at once. What has to wait stops the reading of
 * the connection; but while the server waits for an answer of this client, reading goes on, because that answer
 * must get through, and what exceeds the bound is refused.
 */
export class Reader {
  /** What is being started right now, and as long as nothing else happens has to be known to nobody. */
  starting: Exchange | undefined = undefined;
  readonly #socket: HostedSocket;
  /** Shared by all who have nothing waiting, which is nearly everybody nearly always; only replaced, never filled. */
  #queue: InboundMessage[] = nothingWaits;
  #head = 0;
  #running = 0;
  /** Handlers that wait for a message of the client. */
  #suspended = 0;
  #open = false;
  #closed = false;
  #startsQueued = false;
  #pausesReading = false;
  #heldBytes = 0;

  constructor(socket: HostedSocket) {
    this.#socket = socket;
  }

  /** Whether anything is under way that does not wait for the client. */
  get busy(): boolean {
    return this.#running > 0 || this.#head < this.#queue.length;
  }

  /** Bytes of the messages that have come and not ended. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A message has ended. A handler may have given its buffer away, and then it has no length any more. */
  letGo(message: InboundMessage): void {
    this.#heldBytes -= message.bytes.byteLength;
  }

  /** The open chain has ended: messages may be handled. */
  open(): void {
    this.#open = true;
    this.#startQueued();
  }

  /** The socket is closed: what waits is never handled. */
  close(): void {
    this.#closed = true;
    for (let index = this.#head; index < this.#queue.length; index++) {
      this.#heldBytes -= this.#queue[index]?.bytes.byteLength ?? 0;
    }
    this.#queue = nothingWaits;
    this.#head = 0;
  }

  receive(message: InboundMessage): void {
    if (this.#closed) return;
    this.#heldBytes += message.bytes.byteLength;
    const mustWait = !this.#open || this.#head < this.#queue.length || !this.#hasRoom;
    if (mustWait && !this.#answersSomebody(message)) this.#enqueue(message);
    else this.#start(message);
  }

  handlerSuspends(): void {
    this.#running -= 1;
    this.#suspended += 1;
    this.#startQueued();
    this.#refreshReading();
  }

  handlerResumes(): void {
    this.#running += 1;
    this.#suspended -= 1;
    this.#refreshReading();
  }

  /** A question from outside of any handler was asked, or is done with. */
  questionOpens(count: 1 | -1): void {
    this.#suspended += count;
    this.#refreshReading();
  }

  /** @param suspended - Whether the handler was still waiting for a message. */
  handlerEnds(suspended: boolean): void {
    if (suspended) this.#suspended -= 1;
    else this.#running -= 1;
    if (this.#head < this.#queue.length) this.#startQueued();
    // What was given away could not be subtracted.
    else if (this.#running === 0 && this.#suspended === 0) this.#heldBytes = 0;
  }

  get #hasRoom(): boolean {
    const { maxHandlersPerSocket, maxWaitingMessages } = this.#socket.host.settings;
    return this.#running < maxHandlersPerSocket && this.#suspended < maxWaitingMessages;
  }

  #start(message: InboundMessage): void {
    const path = message.forwarded?.path;
    if (path !== undefined && this.#socket.options.allowsPath?.(path) === false) {
      this.#refuse(message, "NOT_FOUND");
      return;
    }
    this.#running += 1;
    // A handler may hand in another message, which then comes after its own.
    this.joinStarting();
    const exchange = new Exchange("message", this.#socket, message);
    this.starting = exchange;
    const context = new MessageContext(exchange, this.#socket.host.chain, undefined);
    exchange.root = context;
    const pending = runNext(context);
    if (this.starting === exchange) {
      if (pending === undefined && exchange.outstanding === 0) this.starting = undefined;
      else this.joinStarting();
    }
    if (pending === undefined) exchange.end();
    else void pending.then(() => exchange.end());
  }

  /** Whether a message has to take part in its conversation already: not while it is being started and is the only one. */
  joinsNow(exchange: Exchange, id: string): boolean {
    if (this.starting !== exchange) this.joinStarting();
    else if (this.#socket.conversations?.has(id) !== true) return false;
    else this.starting = undefined;
    return true;
  }

  /** The message that is being started takes part in its conversation, because something else happens meanwhile. */
  joinStarting(): void {
    this.starting?.join();
    this.starting = undefined;
  }

  #enqueue(message: InboundMessage): void {
    const waiting = this.#queue.length - this.#head;
    if (this.#suspended > 0 && waiting >= this.#socket.host.settings.maxWaitingMessages) {
      this.#refuse(message, "OVERLOADED");
      return;
    }
    if (this.#queue === nothingWaits) this.#queue = [message];
    else this.#queue.push(message);
    this.#refreshReading();
  }

  #startQueued(): void {
    if (this.#startsQueued || !this.#open) return;
    this.#startsQueued = true;
    if (this.#head < this.#queue.length) this.#socket.options.beforeWaiting?.();
    while (this.#hasRoom) {
      const message = this.#queue[this.#head];
      if (message === undefined) break;
      this.#head += 1;
      this.#start(message);
    }
    if (this.#head > 0 && this.#head >= this.#queue.length) {
      this.#queue = nothingWaits;
      this.#head = 0;
    } else if (this.#head > 1_024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#startsQueued = false;
    this.#refreshReading();
  }

  #refreshReading(): void {
    const wanted = this.#head < this.#queue.length && this.#suspended === 0 && !this.#closed;
    if (wanted === this.#pausesReading) return;
    this.#pausesReading = wanted;
    if (wanted) this.#socket.pauseReading();
    else this.#socket.resumeReading();
  }

  /** Whether a handler waits for exactly this message, so that making it wait could wait for ever. */
  #answersSomebody(message: InboundMessage): boolean {
    if (this.#suspended === 0) return false;
    const id = this.#peekId(message);
    const conversation = id === undefined ? undefined : this.#socket.conversations?.get(id);
    if (conversation === undefined || !conversation.awaited) return false;
    return conversation.queued < maxBypassPerConversation;
  }

  #peekId(message: InboundMessage): string | undefined {
    if (message.forwarded !== undefined) return message.forwarded.id;
    try {
      return this.#socket.encoder?.outline(message.bytes).id;
    } catch {
      return undefined; // The codec middleware will say what is wrong with it.
    }
  }

  #refuse(message: InboundMessage, code: "NOT_FOUND" | "OVERLOADED"): void {
    const socket = this.#socket;
    const id = this.#peekId(message);
    socket.host.unanswered({
      code,
      id,
      path: message.forwarded?.path ?? "",
      socketId: socket.id,
    });
    const codec = socket.encoder;
    const answers = code !== "NOT_FOUND" || socket.settings.unanswered === "error";
    if (answers && id !== undefined && codec !== undefined) {
      const type = codec.accepts(message.type) ? message.type : codec.messageType;
      const error: WireError = { code, message: wireErrors[code] };
      void socket.transmit(encodeError(codec, type, id, error), type, "reply", message);
    }
    socket.settled(message, false, code);
  }
}
