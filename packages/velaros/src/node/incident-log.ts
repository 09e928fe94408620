import type { Runtime } from "velaros-protocol";
import type { Logger } from "../logger.ts";

/** At least so far apart are two lines of one kind, in milliseconds. */
const quietMs = 10_000;

/** What happened since the last line of a kind. */
interface Kind {
  loggedAtMs: number;
  unlogged: number;
}

/**
 * Logs what goes wrong with clients. A thousand clients with one trouble are one line and a number: whoever causes
 * them must not fill the disk as well.
 */
export class IncidentLog {
  readonly #runtime: Runtime;
  readonly #logger: Logger | undefined;
  readonly #kinds = new Map<string, Kind>();

  constructor(runtime: Runtime, logger: Logger | undefined) {
    this.#runtime = runtime;
    this.#logger = logger;
  }

  /**
   * @param kind - One of few; lines of one kind are counted instead of written for ten seconds.
   * @param details - Of this one; `more` says how many were not written since the last line.
   */
  warn(kind: string, details: Readonly<Record<string, unknown>>, message: string): void {
    if (this.#logger === undefined) return;
    const nowMs = this.#runtime.nowMs();
    const known = this.#kinds.get(kind);
    if (known !== undefined && nowMs - known.loggedAtMs < quietMs) {
      known.unlogged++;
      return;
    }
    const more = known?.unlogged ?? 0;
    this.#kinds.set(kind, { loggedAtMs: nowMs, unlogged: 0 });
    this.#logger.warn(more === 0 ? details : { ...details, more }, message);
  }

  /** Logs what its caller keeps rare, and what would be wrong in a later line: that something is as it is now. */
  tell(details: Readonly<Record<string, unknown>>, message: string): void {
    this.#logger?.warn(details, message);
  }
}
