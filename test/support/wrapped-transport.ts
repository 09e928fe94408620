import type { Packet, Transport, TransportStatus, Unsubscribe } from "eurus";

/** Passes everything on to another bus: what a test wants otherwise, it overrides. */
export class WrappedTransport implements Transport {
  readonly reliable: boolean;
  protected readonly bus: Transport;

  constructor(bus: Transport) {
    this.bus = bus;
    this.reliable = bus.reliable;
  }

  get maxPayloadBytes(): number {
    return this.bus.maxPayloadBytes;
  }

  get status(): TransportStatus {
    return this.bus.status;
  }

  publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    this.bus.publish(subject, payload, undeliverableSubject);
  }

  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    return this.bus.subscribe(subject, handler);
  }

  flush(): Promise<void> {
    return this.bus.flush();
  }

  onStatus(listener: (status: TransportStatus) => void): Unsubscribe {
    return this.bus.onStatus(listener);
  }

  onError(listener: (error: Error) => void): Unsubscribe {
    return this.bus.onError(listener);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
