import type { Packet, Transport, TransportStatus, Unsubscribe } from "eurus";

/**
 * The bus as one process sees it, which can die: from then on it hears nothing, says nothing and is told
 * nothing, as after `kill -9`. The bus itself and everybody else on it live on.
 */
export class KillableTransport implements Transport {
  readonly reliable: boolean;
  readonly #bus: Transport;
  readonly #bindings = new Set<Unsubscribe>();
  #dead = false;
  #mute = false;

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

  /** How many subscriptions and listeners this process has on the bus. */
  get bindings(): number {
    return this.#bindings.size;
  }

  kill(): void {
    this.#dead = true;
    for (const unbind of this.#bindings) unbind();
  }

  /** From now on it still gets everything and says nothing, as a process that hangs. */
  mute(): void {
    this.#mute = true;
  }

  /** Takes back {@link mute}; what it would have said meanwhile is lost. */
  unmute(): void {
    this.#mute = false;
  }

  publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    if (!this.#dead && !this.#mute) this.#bus.publish(subject, payload, undeliverableSubject);
  }

  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    return this.#bind(this.#bus.subscribe(subject, handler));
  }

  flush(): Promise<void> {
    return this.#bus.flush();
  }

  onStatus(listener: (status: TransportStatus) => void): Unsubscribe {
    return this.#bind(this.#bus.onStatus(listener));
  }

  onError(listener: (error: Error) => void): Unsubscribe {
    return this.#bind(this.#bus.onError(listener));
  }

  close(): Promise<void> {
    this.kill();
    return Promise.resolve();
  }

  #bind(unbind: Unsubscribe): Unsubscribe {
    if (this.#dead) unbind();
    else this.#bindings.add(unbind);
    return () => {
      this.#bindings.delete(unbind);
      unbind();
    };
  }
}
