import type { MessageType } from "velaros-protocol";

/** A client message with an id whose handler has not ended yet. */
export interface OpenMessage {
  /** Its place among the messages of the pin. */
  readonly number: number;
  readonly id: string;
  readonly messageType: MessageType;
  /** Counts over the whole socket, so that the latest message with an id can be told among several pins. */
  readonly arrival: number;
  /** When it was sent, in ticks of the gateway. */
  readonly tick: number;
  /** The instance is known to have it. */
  taken: boolean;
}

const slots = 64;
const slotMask = slots - 1;

/**
 * Which messages of a pin still owe the client an outcome. Most clients have one at a time, so it needs nothing beside
 * itself. Of more, numbers count up and mostly end soon, so a small ring holds the last 64; whatever is open for longer
 * (a conversation, a subscription) moves to a map.
 */
export class OpenMessages {
  /** The one that came when nothing else was open. */
  #first: OpenMessage | undefined;
  #ring: (OpenMessage | undefined)[] | undefined;
  #older: Map<number, OpenMessage> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(message: OpenMessage): void {
    if (this.#size++ === 0) {
      this.#first = message;
      return;
    }
    this.#ring ??= [];
    const slot = message.number & slotMask;
    const previous = this.#ring[slot];
    if (previous !== undefined) {
      this.#older ??= new Map();
      this.#older.set(previous.number, previous);
    }
    this.#ring[slot] = message;
  }

  has(number: number): boolean {
    return (
      this.#first?.number === number ||
      this.#ring?.[number & slotMask]?.number === number ||
      this.#older?.has(number) === true
    );
  }

  /** @returns Whether it was open until now. */
  end(number: number): boolean {
    const ring = this.#ring;
    const slot = number & slotMask;
    if (this.#first?.number === number) this.#first = undefined;
    else if (ring?.[slot]?.number === number) ring[slot] = undefined;
    else if (this.#older?.delete(number) !== true) return false;
    this.#size--;
    return true;
  }

  /** The open message that came last with this id. */
  latestWithId(id: string): OpenMessage | undefined {
    let latest: OpenMessage | undefined;
    for (const message of this.all()) {
      if (message.id === id && (latest === undefined || message.number > latest.number)) latest = message;
    }
    return latest;
  }

  /** Everything that is open, in no order. */
  all(): readonly OpenMessage[] {
    const all = this.#ring?.filter((message) => message !== undefined) ?? [];
    if (this.#first !== undefined) all.push(this.#first);
    if (this.#older !== undefined) all.push(...this.#older.values());
    return all;
  }

  /** Takes everything out, oldest first. */
  takeAll(): OpenMessage[] {
    const all = this.all();
    this.#first = undefined;
    this.#ring = undefined;
    this.#older = undefined;
    this.#size = 0;
    return all.toSorted((one, other) => one.number - other.number);
  }
}
