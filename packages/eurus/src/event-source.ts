import { EurusError } from "./errors.ts";
import type { Unsubscribe } from "./transport/transport.ts";

type Listener<Event> = (event: Event) => void;

/** What becomes of events beside those who listen. */
export interface EventSourceOptions<Event> {
  /** Gets what nobody listens to. */
  readonly log: (event: Event) => void;
  readonly onListenerError: (error: Error) => void;
}

/** Hands events to listeners. One that throws disturbs nobody: the failure goes to `onListenerError`. */
export class EventSource<Event extends { readonly type: string }> {
  #listeners: readonly Listener<Event>[] = [];
  /** Those that only count leave the events to the log. */
  #counters: readonly Listener<Event>[] = [];
  #active = false;
  readonly #options: EventSourceOptions<Event>;

  constructor(options: EventSourceOptions<Event>) {
    this.#options = options;
  }

  /** False when nobody listens or counts: the hot path then builds no event at all. */
  get active(): boolean {
    return this.#active;
  }

  listen(listener: (event: Event) => void): Unsubscribe {
    // Wrapped, so that the same function may listen twice and each ends on its own.
    const entry = (event: Event): void => listener(event);
    this.#change([...this.#listeners, entry], this.#counters);
    return () =>
      this.#change(
        this.#listeners.filter((other) => other !== entry),
        this.#counters,
      );
  }

  /** As {@link listen}, for metrics: nobody reads there what went wrong, so it is logged nevertheless. */
  count(counter: (event: Event) => void): Unsubscribe {
    const entry = (event: Event): void => counter(event);
    this.#change(this.#listeners, [...this.#counters, entry]);
    return () =>
      this.#change(
        this.#listeners,
        this.#counters.filter((other) => other !== entry),
      );
  }

  emit(event: Event): void {
    if (this.#listeners.length === 0) this.#options.log(event);
    for (const counter of this.#counters) this.#call(counter, event);
    for (const listener of this.#listeners) this.#call(listener, event);
  }

  #change(listeners: readonly Listener<Event>[], counters: readonly Listener<Event>[]): void {
    this.#listeners = listeners;
    this.#counters = counters;
    this.#active = listeners.length + counters.length > 0;
  }

  #call(listener: (event: Event) => void, event: Event): void {
    try {
      listener(event);
    } catch (cause) {
      this.#options.onListenerError(
        new EurusError("EURUS_LISTENER_FAILED", { where: `the event "${event.type}"` }, { cause }),
      );
    }
  }
}
