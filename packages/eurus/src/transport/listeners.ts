import { EurusError } from "../errors.ts";
import type { TransportStatus, Unsubscribe } from "./transport.ts";

/** Who wants to know of a transport's status and errors. One that throws is reported to the error listeners. */
export class TransportListeners {
  readonly #status = new Set<{ readonly call: (status: TransportStatus) => void }>();
  readonly #error = new Set<{ readonly call: (error: Error) => void }>();

  onStatus(call: (status: TransportStatus) => void): Unsubscribe {
    return add(this.#status, call);
  }

  onError(call: (error: Error) => void): Unsubscribe {
    return add(this.#error, call);
  }

  tellStatus(status: TransportStatus): void {
    for (const { call } of [...this.#status]) this.guard("onStatus", () => call(status));
  }

  tellError(error: Error): void {
    for (const { call } of [...this.#error]) {
      try {
        call(error);
      } catch {
        // Whoever is told of errors can't be told of its own.
      }
    }
  }

  /** Calls, and reports what is thrown as a failure of `where`. */
  guard(where: string, call: () => void): void {
    try {
      call();
    } catch (cause) {
      this.tellError(new EurusError("EURUS_LISTENER_FAILED", { where }, { cause }));
    }
  }
}

/** Registers a listener under an identity of its own, so that the same function may listen twice. */
function add<Call>(listeners: Set<{ readonly call: Call }>, call: Call): Unsubscribe {
  const entry = { call };
  listeners.add(entry);
  return () => {
    listeners.delete(entry);
  };
}
