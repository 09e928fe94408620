/** What a {@link PinOutbox} feeds: the link's side of sending. */
export interface OutboxSink<Item> {
  /** Whether a body of this many bytes may leave now, as far as the link as a whole is concerned. */
  hasRoom(bytes: number, isBulk: boolean): boolean;
  /** Takes an item for good. */
  write(pin: number, item: Item): void;
  /** Takes a piece of an item whose body is too large for one frame. */
  writeChunk(pin: number, item: Item, start: number, end: number, total: number): void;
  /** A pin that had no credit has some again. */
  writable(pin: number): void;
}

export interface OutboxLimits {
  /** Bytes of one pin that may be sent and not yet consumed. */
  readonly windowBytes: number;
  /** Bodies above this travel in chunks. */
  readonly wholeBytes: number;
  readonly chunkBytes: number;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly bodyBytes: number;
  /** Travels in chunks. */
  readonly isLarge: boolean;
}

interface PinState<Item> {
  readonly pin: number;
  /** Sent, and not yet consumed by the peer. */
  outstandingBytes: number;
  waitingBytes: number;
  /** Undefined until something has to wait, which for most pins never happens. */
  waiting: Waiting<Item>[] | undefined;
  /** Of the last client message that was handed in. */
  lastNumber: number;
  /** How much of the first waiting item has left as chunks. */
  chunkedBytes: number;
  /** The turn in which the last chunk left: a pin sends one per turn. */
  chunkTurn: number;
  /** Chunks wait until the peer accepted the pin. */
  isOpened: boolean;
  isStarved: boolean;
  isReleased: boolean;
  isListed: boolean;
}

/**
 * The sending half of flow control: one window per pin. What does not fit waits in order behind its own pin
 * only; pins take turns when the link has room.
 */
export class PinOutbox<Item> {
  limits: OutboxLimits;
  readonly #sink: OutboxSink<Item>;
  readonly #pins = new Map<number, PinState<Item>>();
  /** Pins that have something which their own window would let pass. */
  readonly #turnOrder: PinState<Item>[] = [];
  #turn = 0;

  readonly #startsOpened: boolean;

  /** @param startsOpened - Whether pins need no acceptance by the peer before chunks may leave. */
  constructor(sink: OutboxSink<Item>, limits: OutboxLimits, startsOpened: boolean) {
    this.#sink = sink;
    this.limits = limits;
    this.#startsOpened = startsOpened;
  }

  /**
   * Sends at once when everything allows it, else behind what waits for the pin already.
   *
   * @param number - Of the client message that the item is; 0 for everything else.
   */
  send(pin: number, item: Item, bodyBytes: number, number: number): void {
    const state = this.#pins.get(pin) ?? this.#add(pin);
    if (number > 0) state.lastNumber = number;
    const isLarge = bodyBytes > this.limits.wholeBytes;
    if (!waits(state) && !isLarge && this.#fits(state, bodyBytes)) {
      if (bodyBytes === 0 || this.#sink.hasRoom(bodyBytes, false)) {
        state.outstandingBytes += bodyBytes;
        this.#sink.write(pin, item);
        return;
      }
    }
    (state.waiting ??= []).push({ item, bodyBytes, isLarge });
    state.waitingBytes += bodyBytes;
    this.#list(state);
  }

  /**
   * Whether a body of so many bytes may leave at once. If so the caller may write it by itself, and tells with
   * {@link passed} how large it was: the size of a text is not known before it is encoded.
   */
  passes(pin: number, bytes: number): boolean {
    const state = this.#pins.get(pin) ?? this.#add(pin);
    return !waits(state) && this.#fits(state, bytes) && this.#sink.hasRoom(bytes, false);
  }

  passed(pin: number, bytes: number): void {
    const state = this.#pins.get(pin);
    if (state !== undefined) state.outstandingBytes += bytes;
  }

  /** Lets leave what may. Returns whether more could leave in the next turn without anything happening. */
  pump(): boolean {
    this.#turn++;
    let chunksRemain = false;
    let untried = this.#turnOrder.length;
    while (untried > 0) {
      const state = this.#turnOrder.shift();
      if (state === undefined) break;
      const step = this.#step(state);
      if (step === "no-room") {
        this.#turnOrder.unshift(state);
        break;
      }
      state.isListed = false;
      untried--;
      if (step === "blocked") continue;
      this.#list(state);
      if (step === "sent" && state.isListed) untried++;
      if (step === "chunk" && state.isListed) chunksRemain = true;
    }
    return chunksRemain;
  }

  /** The peer has consumed this many bytes of the pin. */
  credit(pin: number, bytes: number): void {
    const state = this.#pins.get(pin);
    if (state === undefined) return;
    state.outstandingBytes = Math.max(0, state.outstandingBytes - bytes);
    this.#list(state);
    this.#wake(state);
  }

  /** The peer has accepted the pin: chunks may follow. */
  opened(pin: number): void {
    const state = this.#pins.get(pin);
    if (state === undefined) return;
    state.isOpened = true;
    this.#list(state);
  }

  hasCredit(pin: number): boolean {
    const state = this.#pins.get(pin);
    if (state === undefined) return true;
    const hasCredit = state.outstandingBytes + state.waitingBytes < this.limits.windowBytes;
    if (!hasCredit) state.isStarved = true;
    return hasCredit;
  }

  /** The number of the last client message of the pin that was handed in. */
  lastNumber(pin: number): number {
    return this.#pins.get(pin)?.lastNumber ?? 0;
  }

  /** Whether something that `isIt` recognises still waits, whole or in part. */
  waitsFor(pin: number, isIt: (item: Item) => boolean): boolean {
    return this.#pins.get(pin)?.waiting?.some(({ item }) => isIt(item)) ?? false;
  }

  /** Whether anything waits at all. */
  get hasWaiting(): boolean {
    for (const state of this.#pins.values()) if (waits(state)) return true;
    return false;
  }

  /** Whether anything waits that its pin's window would let pass. */
  get hasReady(): boolean {
    return this.#turnOrder.length > 0;
  }

  /** Forgets the pin once what waits for it has left. */
  release(pin: number): void {
    const state = this.#pins.get(pin);
    if (state === undefined) return;
    state.isReleased = true;
    if (!waits(state)) this.#pins.delete(pin);
  }

  /** Takes back what waits for the pin, unless a part of it has left already. */
  withdraw(pin: number): readonly Item[] {
    const state = this.#pins.get(pin);
    const withdrawn = state?.waiting?.splice(state.chunkedBytes > 0 ? 1 : 0) ?? [];
    if (state !== undefined) for (const { bodyBytes } of withdrawn) state.waitingBytes -= bodyBytes;
    return withdrawn.map(({ item }) => item);
  }

  /** The peer wants nothing of the pin: what waits for it never leaves. */
  discard(pin: number): void {
    const state = this.#pins.get(pin);
    if (state === undefined) return;
    state.waiting = undefined;
    state.waitingBytes = 0;
    if (state.isReleased) this.#pins.delete(pin);
  }

  #add(pin: number): PinState<Item> {
    const state: PinState<Item> = {
      pin,
      outstandingBytes: 0,
      waitingBytes: 0,
      waiting: undefined,
      lastNumber: 0,
      chunkedBytes: 0,
      chunkTurn: -1,
      isOpened: this.#startsOpened,
      isStarved: false,
      isReleased: false,
      isListed: false,
    };
    this.#pins.set(pin, state);
    return state;
  }

  /** One body always passes an empty window, so none can be too large for it. */
  #fits(state: PinState<Item>, bytes: number): boolean {
    return (
      bytes === 0 || state.outstandingBytes === 0 || state.outstandingBytes + bytes <= this.limits.windowBytes
    );
  }

  #list(state: PinState<Item>): void {
    const first = state.waiting?.[0];
    if (state.isListed || first === undefined) return;
    const nextBytes = first.isLarge
      ? Math.min(this.limits.chunkBytes, first.bodyBytes - state.chunkedBytes)
      : first.bodyBytes;
    if ((first.isLarge && !state.isOpened) || !this.#fits(state, nextBytes)) return;
    state.isListed = true;
    this.#turnOrder.push(state);
  }

  #step(state: PinState<Item>): "sent" | "chunk" | "later" | "no-room" | "blocked" {
    const first = state.waiting?.[0];
    if (first === undefined) return "blocked";
    const { item, bodyBytes } = first;
    if (first.isLarge) {
      if (state.chunkTurn === this.#turn) return "later";
      const end = Math.min(bodyBytes, state.chunkedBytes + this.limits.chunkBytes);
      const bytes = end - state.chunkedBytes;
      if (!this.#fits(state, bytes)) return "blocked";
      // Small messages pass: only bulk waits for room in its share of the link's window.
      if (!this.#sink.hasRoom(bytes, true)) return "later";
      this.#sink.writeChunk(state.pin, item, state.chunkedBytes, end, bodyBytes);
      state.chunkTurn = this.#turn;
      state.chunkedBytes = end;
      this.#left(state, bytes);
      if (end === bodyBytes) {
        state.chunkedBytes = 0;
        this.#shift(state);
      }
      return "chunk";
    }
    if (!this.#fits(state, bodyBytes)) return "blocked";
    if (bodyBytes > 0 && !this.#sink.hasRoom(bodyBytes, false)) return "no-room";
    this.#sink.write(state.pin, item);
    this.#left(state, bodyBytes);
    this.#shift(state);
    return "sent";
  }

  #left(state: PinState<Item>, bytes: number): void {
    state.waitingBytes -= bytes;
    state.outstandingBytes += bytes;
  }

  #shift(state: PinState<Item>): void {
    state.waiting?.shift();
    if (state.isReleased && !waits(state)) this.#pins.delete(state.pin);
  }

  #wake(state: PinState<Item>): void {
    if (!state.isStarved || state.outstandingBytes + state.waitingBytes >= this.limits.windowBytes) return;
    state.isStarved = false;
    this.#sink.writable(state.pin);
  }
}

function waits({ waiting }: PinState<unknown>): boolean {
  return waiting !== undefined && waiting.length > 0;
}
