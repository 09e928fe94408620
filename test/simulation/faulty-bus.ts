import type {
  Packet,
  Transport,
  TransportStatus,
  Unsubscribe,
} from "../../packages/eurus/src/transport/transport.ts";
import type { SeededRandom } from "./random.ts";
import type { VirtualProcess, VirtualTime } from "./virtual-time.ts";

/** What goes wrong on the bus; probabilities are per delivered packet. */
export interface BusFaults {
  /** Shortest and longest delay of a packet, in milliseconds. */
  readonly delayMs: readonly [number, number];
  /** A packet vanishes without a sign. */
  readonly loss: number;
  /** A packet arrives twice, the second time late. */
  readonly duplication: number;
  /** A packet is delayed beyond the ones behind it, as after a reconnect to another server. */
  readonly reordering: number;
  /** The bus reports "nobody there" although somebody is. */
  readonly falseUndeliverable: number;
}

export const healthyBus: BusFaults = {
  delayMs: [0.1, 0.5],
  loss: 0,
  duplication: 0,
  reordering: 0,
  falseUndeliverable: 0,
};

interface Subscriber {
  readonly tokens: readonly string[];
  readonly handler: (packet: Packet) => void;
}

/** A bus like core NATS, with the faults that core NATS really has, in virtual time. */
export class FaultyBus {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #endpoints = new Set<Endpoint>();
  /** Pairs of endpoints between which nothing passes in this direction. */
  readonly #severed = new Map<Endpoint, Map<Endpoint, "silent" | "reported">>();
  #faults: BusFaults = healthyBus;
  #isUp = true;

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  /** A transport for one process; the process's death takes its subscriptions along. */
  connect(process: VirtualProcess): Endpoint {
    const endpoint = new Endpoint(this, process, this.#isUp ? "connected" : "disconnected");
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** The process is gone; the server needs a moment to notice, and loses what comes for it until then. */
  disconnect(endpoint: Endpoint): void {
    this.#time.schedule(this.#random.next() * 6, () => this.#endpoints.delete(endpoint));
  }

  /**
   * Nothing passes from one endpoint to the other, as when a route between two servers of a cluster is gone: without
   * a sign, or reported as if nobody were there.
   */
  sever(from: Endpoint, to: Endpoint, how: "silent" | "reported"): void {
    const targets = this.#severed.get(from) ?? new Map<Endpoint, "silent" | "reported">();
    this.#severed.set(from, targets.set(to, how));
  }

  heal(from: Endpoint, to: Endpoint): void {
    this.#severed.get(from)?.delete(to);
  }

  /**
   * A partition between one process and the bus. The client's library notices when its pings stay unanswered.
   *
   * @param noticedAfterMs - When it gives its connection up; undefined if never.
   */
  cutOff(
    endpoint: Endpoint,
    direction: "in" | "out" | "both",
    forMs: number,
    noticedAfterMs: number | undefined,
  ): void {
    endpoint.cutOff = direction;
    if (noticedAfterMs !== undefined && noticedAfterMs < forMs) {
      this.#time.schedule(
        noticedAfterMs,
        () => {
          if (endpoint.cutOff !== "none") endpoint.setStatus("disconnected");
        },
        endpoint.process,
      );
    }
    this.#time.schedule(forMs, () => {
      endpoint.cutOff = "none";
      this.#time.schedule(this.#random.next() * 300, () => this.#comeBack(endpoint), endpoint.process);
    });
  }

  healAll(): void {
    this.#severed.clear();
    for (const endpoint of this.#endpoints) {
      endpoint.cutOff = "none";
      this.#time.schedule(this.#random.next() * 300, () => this.#comeBack(endpoint), endpoint.process);
    }
  }

  /** The server gives up on a client that does not keep up: what was on its way is lost, and it has to come back. */
  cutOffSlowConsumer(endpoint: Endpoint): void {
    endpoint.loseInFlight();
    this.reconnect(endpoint);
  }

  /** One process loses its connection and comes back at once, the others notice nothing. */
  reconnect(endpoint: Endpoint): void {
    this.#time.schedule(0, () => endpoint.setStatus("disconnected"), endpoint.process);
    this.#time.schedule(10 + this.#random.next() * 300, () => this.#comeBack(endpoint), endpoint.process);
  }

  #comeBack(endpoint: Endpoint): void {
    if (this.#isUp && endpoint.cutOff === "none") endpoint.setStatus("connected");
  }

  setFaults(faults: Partial<BusFaults>): void {
    this.#faults = { ...healthyBus, ...faults };
  }

  /** The server dies: everybody notices within a few milliseconds, what is under way is lost. */
  stop(): void {
    this.#isUp = false;
    for (const endpoint of this.#endpoints) {
      endpoint.loseInFlight();
      this.#time.schedule(
        this.#random.next() * 5,
        () => endpoint.setStatus("disconnected"),
        endpoint.process,
      );
    }
  }

  /** The server is back: processes reconnect one after the other. */
  start(): void {
    this.#isUp = true;
    for (const endpoint of this.#endpoints) {
      this.#time.schedule(this.#random.next() * 300, () => this.#comeBack(endpoint), endpoint.process);
    }
  }

  /** @internal */
  publish(
    from: Endpoint,
    subject: string,
    payload: Uint8Array,
    undeliverableSubject: string | undefined,
  ): void {
    if (!this.#isUp || from.status !== "connected" || from.isDeaf("out")) return;
    let matched = false;
    const tokens = subject.split(".");
    for (const endpoint of this.#endpoints) {
      if (endpoint.status !== "connected" || !endpoint.isSubscribed(tokens)) continue;
      const severed = this.#severed.get(from)?.get(endpoint);
      if (severed === "reported") continue;
      matched = true;
      if (severed === "silent") continue;
      if (undeliverableSubject !== undefined && this.#random.chance(this.#faults.falseUndeliverable)) {
        // A route between two servers is gone: the packet is lost and reported as undeliverable.
        this.#report(from, undeliverableSubject);
        continue;
      }
      this.#deliver(from, endpoint, subject, payload);
    }
    if (!matched && undeliverableSubject !== undefined) this.#report(from, undeliverableSubject);
  }

  #report(to: Endpoint, subject: string): void {
    this.#at(to, this.#delayMs() * 2, { subject, payload: new Uint8Array(0) });
  }

  #deliver(from: Endpoint, to: Endpoint, subject: string, payload: Uint8Array): void {
    if (this.#random.chance(this.#faults.loss)) return;
    const packet: Packet = { subject, payload };
    const delayMs = this.#delayMs();
    if (this.#random.chance(this.#faults.reordering)) {
      this.#at(to, delayMs + this.#random.next() * 50, packet);
    } else {
      // One publisher's packets keep their order unless a fault says otherwise.
      const arrivesAtMs = Math.max(this.#time.nowMs + delayMs, to.lastArrivalMs.get(from) ?? 0);
      to.lastArrivalMs.set(from, arrivesAtMs);
      this.#at(to, arrivesAtMs - this.#time.nowMs, packet);
    }
    if (this.#random.chance(this.#faults.duplication))
      this.#at(to, delayMs + this.#random.next() * 100, packet);
  }

  #at(to: Endpoint, delayMs: number, packet: Packet): void {
    const { generation } = to;
    this.#time.schedule(
      delayMs,
      () => {
        if (to.generation === generation) to.arrive(packet);
      },
      to.process,
    );
  }

  #delayMs(): number {
    const [least, most] = this.#faults.delayMs;
    return least + this.#random.next() * (most - least);
  }
}

/** One process's connection to the {@link FaultyBus}. */
export class Endpoint implements Transport {
  readonly reliable = false;
  readonly maxPayloadBytes = 1024 * 1024;
  readonly process: VirtualProcess;
  /** When the last packet of each publisher arrives, so that order is kept. */
  readonly lastArrivalMs = new Map<Endpoint, number>();
  /** A partition between this process and the bus: packets in these directions vanish without a sign. */
  cutOff: "none" | "in" | "out" | "both" = "none";
  /** Counts the occasions on which everything on its way here was lost. */
  generation = 0;
  readonly #bus: FaultyBus;
  readonly #subscribers = new Set<Subscriber>();
  readonly #statusListeners = new Set<(status: TransportStatus) => void>();
  readonly #errorListeners = new Set<(error: Error) => void>();
  #status: TransportStatus;

  constructor(bus: FaultyBus, process: VirtualProcess, status: TransportStatus) {
    this.#bus = bus;
    this.process = process;
    this.#status = status;
  }

  /** How many subscriptions there are. */
  get subscriptions(): number {
    return this.#subscribers.size;
  }

  loseInFlight(): void {
    this.generation++;
  }

  isDeaf(direction: "in" | "out"): boolean {
    return this.cutOff === "both" || this.cutOff === direction;
  }

  get status(): TransportStatus {
    return this.#status;
  }

  setStatus(status: TransportStatus): void {
    if (this.#status === status || this.#status === "closed") return;
    this.#status = status;
    for (const listener of [...this.#statusListeners]) listener(status);
  }

  publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    if (!(payload instanceof Uint8Array)) throw new TypeError("a lossy bus carries bytes only");
    // A copy, as a real bus makes: the sender may reuse its buffer at once.
    this.#bus.publish(this, subject, payload.slice(), undeliverableSubject);
  }

  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    const subscriber: Subscriber = { tokens: subject.split("."), handler };
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  }

  isSubscribed(tokens: readonly string[]): boolean {
    for (const subscriber of this.#subscribers) if (matches(subscriber.tokens, tokens)) return true;
    return false;
  }

  arrive(packet: Packet): void {
    if (this.#status !== "connected" || this.isDeaf("in")) return;
    const tokens = packet.subject.split(".");
    for (const subscriber of [...this.#subscribers]) {
      if (!matches(subscriber.tokens, tokens)) continue;
      try {
        subscriber.handler(packet);
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        for (const listener of [...this.#errorListeners]) listener(failure);
      }
    }
  }

  async flush(): Promise<void> {
    if (this.#status !== "connected") throw new Error("the bus is away");
    await new Promise<void>((resolve) => {
      this.process.runtime.setTimer(1, resolve);
    });
  }

  onStatus(listener: (status: TransportStatus) => void): Unsubscribe {
    this.#statusListeners.add(listener);
    return () => {
      this.#statusListeners.delete(listener);
    };
  }

  onError(listener: (error: Error) => void): Unsubscribe {
    this.#errorListeners.add(listener);
    return () => {
      this.#errorListeners.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#subscribers.clear();
    this.setStatus("closed");
    return Promise.resolve();
  }
}

function matches(pattern: readonly string[], subject: readonly string[]): boolean {
  for (let index = 0; index < pattern.length; index++) {
    const token = pattern[index];
    if (token === ">") return subject.length > index;
    if (index >= subject.length || (token !== "*" && token !== subject[index])) return false;
  }
  return pattern.length === subject.length;
}
