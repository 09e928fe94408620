import type { Runtime } from "velaros-protocol";
import type { OwnEcho } from "./own-echo.ts";
import { Seldom } from "./seldom.ts";
import type { Transport, TransportStatus, Unsubscribe } from "./transport/transport.ts";

/** What is watched, and who is told. */
export interface BusWatchOptions {
  readonly transport: Transport;
  readonly runtime: Runtime;
  readonly echo: OwnEcho;
  /** The bus went away, as {@link BusWatch.status} has it, or came back. */
  readonly onStatus: (status: TransportStatus) => void;
  /** The bus reported an error: told of each different one at most once a minute. */
  readonly onError: (error: Error) => void;
}

/** Knows whether the bus is there: whether it says so, and brings back what we announce. */
export class BusWatch {
  readonly #options: BusWatchOptions;
  readonly #seldom = new Seldom();
  #status: TransportStatus;
  #stop: readonly Unsubscribe[] = [];

  constructor(options: BusWatchOptions) {
    this.#options = options;
    this.#status = options.transport.status;
  }

  /** What the transport says; but "disconnected" also when our own announcements are overdue. */
  get status(): TransportStatus {
    return this.#status;
  }

  /** Whether it is late enough that others may be silent because of the bus. */
  get isDoubtful(): boolean {
    return this.#status !== "connected" || this.#options.echo.isLate;
  }

  /** @param changed - Called when the transport changes its status. */
  start(changed: () => void): void {
    const { transport, runtime, echo, onError } = this.#options;
    this.#stop = [
      transport.onStatus(changed),
      transport.onError((error) => {
        echo.busError = error;
        if (this.#seldom.allows(error.message, runtime.nowMs())) onError(error);
      }),
    ];
  }

  stop(): void {
    for (const stop of this.#stop) stop();
    this.#stop = [];
  }

  /** Looks again. To be called each tick, too. */
  check(): void {
    const { transport, echo, onStatus } = this.#options;
    const isLost = transport.status === "connected" && echo.isOverdue;
    const status = isLost ? "disconnected" : transport.status;
    if (status === this.#status) return;
    this.#status = status;
    onStatus(status);
  }
}
