import type { Packet, Transport, TransportStatus, Unsubscribe } from "eurus";

/** A bus that notes what is published on it, announcements aside. */
export class CountingTransport implements Transport {
  readonly reliable: boolean;
  /** Subjects of what was published, in order. */
  readonly subjects: string[] = [];
  readonly #bus: Transport;

  constructor(bus: Transport) {
    this.#bus = bus;
    this.reliable = bus.reliable;
  }

  get maxPayloadBytes(): number {
    return this.#bus.maxPayloadBytes;
  }

  get status(): TransportStatus {
    return this.#bus.status;
  }

  publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    if (!subject.includes(".announce.")) this.subjects.push(subject);
    this.#bus.publish(subject, payload, undeliverableSubject);
  }

  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    return this.#bus.subscribe(subject, handler);
  }

  flush(): Promise<void> {
    return this.#bus.flush();
  }

  onStatus(listener: (status: TransportStatus) => void): Unsubscribe {
    return this.#bus.onStatus(listener);
  }

  onError(listener: (error: Error) => void): Unsubscribe {
    return this.#bus.onError(listener);
  }

  close(): Promise<void> {
    return this.#bus.close();
  }
}
