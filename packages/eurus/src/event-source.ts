import { EurusError } from "./errors.ts";
import type { Unsubscribe } from "./transport/transport.ts";

/** Hands events to listeners. One that throws disturbs nobody: the failure goes to `onListenerError`. */
export class EventSource<Event extends { readonly type: string }> {
  #listeners: readonly ((event: Event) => void)[] = [];
  readonly #onListenerError: (error: Error) => void;

  constructor(onListenerError: (error: Error) => void) {
    this.#onListenerError = onListenerError;
  }

  /** False when nobody listens: the hot path then builds no event at all. */
  get active(): boolean {
    return this.#listeners.length > 0;
  }

  listen(listener: (event: Event) => void): Unsubscribe {
    // Wrapped, so that the same function may listen twice and each ends on its own.
    const entry = (event: Event): void => listener(event);
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  emit(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (cause) {
        this.#onListenerError(
          new EurusError("EURUS_LISTENER_FAILED", { where: `the event "${event.type}"` }, { cause }),
        );
      }
    }
  }
}
