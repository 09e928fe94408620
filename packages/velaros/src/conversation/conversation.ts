import type { Inbox } from "./inbox.ts";

/** A message that takes part in a conversation. */
export interface Participant {
  conversation: Conversation | undefined;
  /** Where further messages for its handlers wait, newest last. */
  inboxes: Inbox[] | undefined;
  /** One of its handlers begins to wait for a further message. */
  waitBegins(): void;
  waitEnds(): void;
}

/**
 * Everything on one socket that carries the same id. At most one message of it is being handled at a time; the
 * others wait in the order they came, until that one ends or its handler waits for a further message.
 */
export class Conversation {
  readonly id: string;
  readonly #all: Map<string, Conversation>;
  /** Messages that are being handled and don't wait for another one. */
  #running = 0;
  /** Messages, and questions from outside of any handler, that belong here. */
  #members = 0;
  #queue: (() => void)[] | undefined;
  /** Where handlers wait for further messages, newest last. */
  inboxes: Inbox[] | undefined = undefined;

  constructor(id: string, all: Map<string, Conversation>) {
    this.id = id;
    this.#all = all;
    all.set(id, this);
  }

  /** Messages that wait for their turn. */
  get queued(): number {
    return this.#queue?.length ?? 0;
  }

  /** Whether a handler waits for a message with this id right now. */
  get awaited(): boolean {
    return this.inboxes !== undefined && this.inboxes.some((inbox) => inbox.awaited);
  }

  /** The newest place where somebody waits, else the newest at all. */
  get newestInbox(): Inbox | undefined {
    return this.inboxes?.findLast((inbox) => inbox.awaited) ?? this.inboxes?.at(-1);
  }

  /** Takes the message in; returns a promise when it has to wait for its turn. */
  join(message: Participant): Promise<void> | undefined {
    message.conversation = this;
    this.#members += 1;
    if (this.#running === 0 && this.queued === 0) {
      this.#running = 1;
      return undefined;
    }
    return new Promise((resolve) => {
      (this.#queue ??= []).push(resolve);
    });
  }

  /**
   * The message has ended.
   *
   * @param suspended - Whether one of its handlers was still waiting.
   */
  leave(message: Participant, suspended: boolean): void {
    if (message.inboxes !== undefined && this.inboxes !== undefined) {
      this.inboxes = this.inboxes.filter((inbox) => inbox.owner !== message);
    }
    this.#members -= 1;
    if (!suspended) this.#running -= 1;
    this.#continue();
  }

  suspend(): void {
    this.#running -= 1;
    this.#continue();
  }

  resume(): void {
    this.#running += 1;
  }

  addInbox(inbox: Inbox): void {
    (this.inboxes ??= []).push(inbox);
  }

  removeInbox(inbox: Inbox): void {
    this.inboxes = this.inboxes?.filter((other) => other !== inbox);
    this.#continue();
  }

  /** The socket is closed: whoever waits for a turn learns it by going on. */
  release(): void {
    const queue = this.#queue;
    this.#queue = undefined;
    for (const resume of queue ?? []) resume();
  }

  #continue(): void {
    if (this.#running === 0) {
      const next = this.#queue?.shift();
      if (next !== undefined) {
        this.#running = 1;
        next();
        return;
      }
    }
    if (this.#members === 0 && (this.inboxes === undefined || this.inboxes.length === 0)) {
      if (this.#all.get(this.id) === this) this.#all.delete(this.id);
    }
  }
}
