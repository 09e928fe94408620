import type { InboundMessage } from "../connection.ts";
import type { Conversation, Participant } from "../conversation/conversation.ts";
import type { Inbox } from "../conversation/inbox.ts";
import { emptyRecord } from "../records.ts";
import type { ContextSocket } from "./context-socket.ts";
import type { MessageContext } from "./message-context.ts";

/** What a context is for. */
export type ExchangeKind = "message" | "open" | "close";

/**
 * One message on its way through all chains, or one run of the open or close chain. Every context made for it, also
 * in nested routers, shares this object: whatever must hold once per message lives here.
 */
export class Exchange implements Participant {
  readonly kind: ExchangeKind;
  readonly socket: ContextSocket;
  readonly inbound: InboundMessage | undefined;
  /** The id that the client sent, if any. */
  explicitId: string | undefined = undefined;
  /** The path that the client named, whatever middleware made of it: follow-ups without path are routed by it. */
  wirePath: string = "";
  /** Undefined while nobody else has to know of it, see {@link join}. */
  conversation: Conversation | undefined = undefined;
  /** For a message without path: the handler that it is meant for. It reaches that one or none. */
  addressee: Inbox | undefined = undefined;
  /** Where further messages for handlers of this one wait, newest last. */
  inboxes: Inbox[] | undefined = undefined;
  /** The context of the outermost router. */
  root: MessageContext | undefined = undefined;
  /** Sent with answers unless `0`. */
  status: number = 0;
  /** An answer was sent. */
  replied: boolean = false;
  /** A handler ran and chose not to pass the message on. */
  handled: boolean = false;
  /** A handler took the message for somebody else, who may answer it. */
  forwarded: boolean = false;
  /** The chain has ended, answers are settled; the contexts are of no more use. */
  finished: boolean = false;
  /** The outermost handler has returned. */
  ended: boolean = false;
  /** Calls of `next()` and checks of answers that are still running. */
  outstanding: number = 0;
  /** An answer that could not be encoded, and whose rejection nobody may have noticed. */
  encodeError: Error | undefined = undefined;
  /** A codec has read the message. */
  decoded: boolean = false;
  /** The last codec that failed to read it, with its complaint. */
  decodeError: Error | undefined = undefined;
  /** How many receives and requests wait. */
  #waits: number = 0;
  #trusted: Record<string, unknown> | undefined;
  #abort: AbortController | undefined;

  constructor(kind: ExchangeKind, socket: ContextSocket, inbound: InboundMessage | undefined) {
    this.kind = kind;
    this.socket = socket;
    this.inbound = inbound;
  }

  /** Facts of this message alone; undefined without any. */
  get trusted(): Readonly<Record<string, unknown>> | undefined {
    return this.#trusted ?? this.inbound?.forwarded?.trusted;
  }

  setTrusted(key: string, value: unknown): void {
    if (this.kind === "open") {
      this.socket.setTrusted(key, value);
      return;
    }
    this.#trusted ??= Object.assign(emptyRecord(), this.inbound?.forwarded?.trusted);
    this.#trusted[key] = value;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.socket.closed && this.kind !== "close") this.#abort.abort(this.socket.closedError("continue"));
      else if (this.finished) this.#abort.abort();
      else this.socket.abortOnClose(this.#abort);
    }
    return this.#abort.signal;
  }

  /** The outermost handler has returned; concludes unless something it started still runs. */
  end(): void {
    this.ended = true;
    if (this.outstanding === 0) this.#conclude();
  }

  /** One of the outstanding parts has ended. */
  release(): void {
    this.outstanding -= 1;
    if (this.ended && this.outstanding === 0) this.#conclude();
  }

  #conclude(): void {
    if (!this.finished) this.socket.concluded(this);
  }

  /**
   * Takes part in the conversation of its id from now on. A message that is handled within one call is over before
   * another one can come, and never needs this: most don't.
   */
  join(): Conversation | undefined {
    const { conversation, explicitId } = this;
    if (conversation === undefined && explicitId !== undefined && this.kind === "message" && !this.finished) {
      // Never has to wait: whatever could be before it would have made it join first.
      void this.socket.conversation(explicitId).join(this);
    }
    return this.conversation;
  }

  /** A receive or request begins to wait: the handler does not count as running meanwhile. */
  waitBegins(): void {
    this.#waits += 1;
    if (this.#waits > 1) return;
    if (this.kind !== "message") {
      this.socket.reader.questionOpens(1);
      return;
    }
    this.conversation?.suspend();
    this.socket.reader.handlerSuspends();
  }

  waitEnds(): void {
    this.#waits -= 1;
    if (this.#waits > 0 || this.finished) return;
    if (this.kind !== "message") {
      this.socket.reader.questionOpens(-1);
      return;
    }
    this.conversation?.resume();
    this.socket.reader.handlerResumes();
  }

  /** Whether another message with the same id has a handler that may wait for this one. */
  get isFollowUp(): boolean {
    return this.conversation?.inboxes?.some((inbox) => inbox.owner !== this) === true;
  }

  get waiting(): boolean {
    return this.#waits > 0;
  }

  /**
   * Releases everything that lives as long as the message.
   *
   * @returns Whether one of its handlers was still waiting.
   */
  finish(): boolean {
    const suspended = this.waiting;
    this.finished = true;
    if (this.inboxes !== undefined) for (const inbox of this.inboxes) inbox.close();
    this.conversation?.leave(this, suspended);
    this.conversation = undefined;
    if (this.#abort !== undefined) {
      this.socket.forgetAbort(this.#abort);
      this.#abort.abort();
    }
    return suspended;
  }
}
