import { stderrLogger } from "velaros";
import type { Logger } from "velaros";
import type { Runtime } from "velaros-protocol";
import { EventSource } from "./event-source.ts";
import type { EurusEvent } from "./events.ts";
import { Seldom } from "./seldom.ts";

/** Whose events are written. */
export interface EventLogOptions {
  readonly kind: "gateway" | "service";
  readonly name: string;
  /** @defaultValue one line each to stderr */
  readonly logger: Logger | undefined;
  readonly runtime: Runtime;
}

/**
 * Events that go to the log as far as nobody listens.
 *
 * @param onError - Told when a listener throws; else that is logged, too.
 */
export function loggedEvents<Event extends EurusEvent>(
  options: EventLogOptions,
  onError: ((error: Error) => void) | undefined,
): EventSource<Event> {
  const log = new EventLog(options);
  return new EventSource({
    log: (event) => log.write(event),
    onListenerError: onError ?? ((error) => log.error(error)),
  });
}

/** Writes what an operator must not miss to a logger: each different thing at most once a minute. */
class EventLog {
  readonly #about: Readonly<Record<string, string>>;
  readonly #logger: Logger;
  readonly #runtime: Runtime;
  readonly #seldom = new Seldom();

  constructor({ kind, name, logger, runtime }: EventLogOptions) {
    this.#about = { [kind]: name };
    this.#logger = logger ?? stderrLogger("eurus");
    this.#runtime = runtime;
  }

  write(event: EurusEvent): void {
    if (event.type === "error") {
      this.error(event.error);
    } else if (event.type === "route-conflict") {
      const { pattern, owner, others } = event;
      const message =
        "Several services announce the same route, and only its owner answers. The option routeOwners can name it.";
      this.#write("warn", `${event.type} ${pattern}`, { pattern, owner, others }, message);
    } else if (event.type === "announcement-refused") {
      const { subject, problem } = event;
      this.#write("warn", `${event.type} ${subject}`, { subject, problem }, "An announcement can't be used.");
    }
  }

  error(error: Error): void {
    this.#write("error", error.message, { error }, "Something failed beside any message.");
  }

  #write(
    level: keyof Logger,
    key: string,
    details: Readonly<Record<string, unknown>>,
    message: string,
  ): void {
    if (!this.#seldom.allows(key, this.#runtime.nowMs())) return;
    try {
      this.#logger[level]({ ...this.#about, ...details }, message);
    } catch {
      // There is no other place to tell it.
    }
  }
}
