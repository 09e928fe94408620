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
 * Which messages of a pin still owe the client an outcome. Numbers count up and mostly end soon, so a small
 * ring holds the last 64; whatever is open for longer (a conversation, a subscription) moves to a map.
 */
export class OpenMessages {
  readonly #ring: (OpenMessage | undefined)[] = [];
  #older: Map<number, OpenMessage> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(message: OpenMessage): void {
    const slot = message.number & slotMask;
    const previous = this.#ring[slot];
    if (previous !== undefined) {
      this.#older ??= new Map();
      this.#older.set(previous.number, previous);
    }
    this.#ring[slot] = message;
    this.#size++;
  }

  has(number: number): boolean {
    return this.#ring[number & slotMask]?.number === number || this.#older?.has(number) === true;
  }

  /** @returns Whether it was open until now. */
  end(number: number): boolean {
    const slot = number & slotMask;
    if (this.#ring[slot]?.number === number) this.#ring[slot] = undefined;
    else if (this.#older?.delete(number) !== true) return false;
    this.#size--;
    return true;
  }

  /** The open message that came last with this id. */
  latestWithId(id: string): OpenMessage | undefined {
    let latest: OpenMessage | undefined;
    for (const message of this.#ring) {
      if (message?.id === id && (latest === undefined || message.number > latest.number)) latest = message;
    }
    if (latest !== undefined || this.#older === undefined) return latest;
    for (const message of this.#older.values()) {
      if (message.id === id && (latest === undefined || message.number > latest.number)) latest = message;
    }
    return latest;
  }

  /** Everything that is open, in no order. */
  all(): readonly OpenMessage[] {
    const all = this.#ring.filter((message) => message !== undefined);
    if (this.#older !== undefined) all.push(...this.#older.values());
    return all;
  }

  /** Takes everything out, oldest first. */
  takeAll(): OpenMessage[] {
    const all = this.all();
    this.#ring.length = 0;
    this.#older = undefined;
    this.#size = 0;
    return all.toSorted((one, other) => one.number - other.number);
  }
}
