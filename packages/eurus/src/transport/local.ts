import { nodeRuntime } from "velaros";
import type { Runtime } from "velaros-protocol";

import { EurusError } from "../errors.ts";
import { TransportListeners } from "./listeners.ts";
import { subjectMatcher } from "./subject-pattern.ts";
import type { Packet, Transport, TransportStatus, Unsubscribe } from "./transport.ts";

/** How a {@link LocalTransport} behaves. */
export interface LocalTransportOptions {
  /**
   * Where the next turn of the event loop comes from; pass a simulation's runtime to run in virtual time.
   *
   * @defaultValue Node's
   */
  readonly runtime?: Pick<Runtime, "defer"> | undefined;
}

interface Subscription {
  readonly matches: (subject: string) => boolean;
  readonly handler: (packet: Packet) => void;
  /** Packets with lower numbers were published before this subscription existed. */
  readonly firstNumber: number;
  isActive: boolean;
}

interface Pending {
  readonly number: number;
  readonly packet: Packet;
  readonly undeliverableSubject: string | undefined;
  /** Set on a marker, which is no packet: called once everything before it was handed over. */
  readonly flushed: (() => void) | undefined;
}

/** Subjects whose subscribers are remembered; reports of undeliverable packets use a new subject each. */
const rememberedSubjects = 4_096;
const nothing = new Uint8Array(0);

/**
 * A bus within one process: gateway and services share the object. Packets are handed over in the next turn of
 * the event loop, in order and exactly once; objects are passed as they are.
 */
export class LocalTransport implements Transport {
  readonly reliable = true;
  readonly maxPayloadBytes: number = Number.MAX_SAFE_INTEGER;
  readonly #runtime: Pick<Runtime, "defer">;
  readonly #subscriptions = new Set<Subscription>();
  readonly #bySubject = new Map<string, readonly Subscription[]>();
  readonly #listeners = new TransportListeners();
  readonly #deliver = (): void => this.#handOver();
  #queue: Pending[] = [];
  #nextNumber = 1;
  #isScheduled = false;
  #isClosed = false;

  constructor(options: LocalTransportOptions = {}) {
    this.#runtime = options.runtime ?? nodeRuntime;
  }

  get status(): TransportStatus {
    return this.#isClosed ? "closed" : "connected";
  }

  publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    if (this.#isClosed) return;
    this.#enqueue({ subject, payload }, undeliverableSubject, undefined);
  }

  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    const subscription: Subscription = {
      matches: subjectMatcher(subject),
      handler,
      firstNumber: this.#nextNumber,
      isActive: !this.#isClosed,
    };
    if (subscription.isActive) this.#subscriptions.add(subscription);
    this.#bySubject.clear();
    return () => {
      subscription.isActive = false;
      if (this.#subscriptions.delete(subscription)) this.#bySubject.clear();
    };
  }

  flush(): Promise<void> {
    if (this.#isClosed) {
      return Promise.reject(
        new EurusError("EURUS_TRANSPORT_UNAVAILABLE", { status: "closed", action: "flush" }),
      );
    }
    return new Promise((resolve) => this.#enqueue({ subject: "", payload: nothing }, undefined, resolve));
  }

  onStatus(listener: (status: TransportStatus) => void): Unsubscribe {
    return this.#listeners.onStatus(listener);
  }

  onError(listener: (error: Error) => void): Unsubscribe {
    return this.#listeners.onError(listener);
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    for (const subscription of this.#subscriptions) subscription.isActive = false;
    this.#subscriptions.clear();
    this.#bySubject.clear();
    const waiting = this.#queue;
    this.#queue = [];
    for (const { flushed } of waiting) flushed?.();
    this.#listeners.tellStatus("closed");
    return Promise.resolve();
  }

  #enqueue(
    packet: Packet,
    undeliverableSubject: string | undefined,
    flushed: (() => void) | undefined,
  ): void {
    this.#queue.push({ number: this.#nextNumber++, packet, undeliverableSubject, flushed });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#runtime.defer(this.#deliver);
  }

  /** Hands over what was published up to now. What handlers publish meanwhile waits for the next turn. */
  #handOver(): void {
    this.#isScheduled = false;
    const queue = this.#queue;
    this.#queue = [];
    for (const pending of queue) {
      if (pending.flushed !== undefined) {
        pending.flushed();
        continue;
      }
      const delivered = this.#deliverOne(pending);
      if (!delivered && pending.undeliverableSubject !== undefined) {
        this.publish(pending.undeliverableSubject, nothing);
      }
    }
  }

  #deliverOne({ number, packet }: Pending): boolean {
    let delivered = false;
    for (const subscription of this.#subscribersOf(packet.subject)) {
      if (!subscription.isActive || number < subscription.firstNumber) continue;
      delivered = true;
      try {
        subscription.handler(packet);
      } catch (cause) {
        const where = `the subscription that received "${packet.subject}"`;
        this.#listeners.tellError(new EurusError("EURUS_LISTENER_FAILED", { where }, { cause }));
      }
    }
    return delivered;
  }

  #subscribersOf(subject: string): readonly Subscription[] {
    const remembered = this.#bySubject.get(subject);
    if (remembered !== undefined) return remembered;
    const found = [...this.#subscriptions].filter((subscription) => subscription.matches(subject));
    if (this.#bySubject.size >= rememberedSubjects) this.#bySubject.clear();
    this.#bySubject.set(subject, found);
    return found;
  }
}
