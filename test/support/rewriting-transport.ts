import type { Packet, Transport, TransportStatus, Unsubscribe } from "eurus";

interface Frames {
  readonly frames: readonly Readonly<Record<string, unknown>>[];
}

/** The bus of a process that says on its links what it should not: each frame passes through `rewrite`. */
export class RewritingTransport implements Transport {
  readonly reliable: boolean;
  readonly #bus: Transport;
  readonly #rewrite: (frame: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

  /** @param bus - One that carries objects. */
  constructor(
    bus: Transport,
    rewrite: (frame: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
  ) {
    this.#bus = bus;
    this.#rewrite = rewrite;
    this.reliable = bus.reliable;
  }

  get maxPayloadBytes(): number {
    return this.#bus.maxPayloadBytes;
  }

  get status(): TransportStatus {
    return this.#bus.status;
  }

  publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    const packet = hasFrames(payload)
      ? { ...payload, frames: payload.frames.map((frame) => this.#rewrite(frame)) }
      : payload;
    this.#bus.publish(subject, packet, undeliverableSubject);
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

function hasFrames(payload: object): payload is Frames {
  return "frames" in payload;
}
