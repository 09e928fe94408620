import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Runtime } from "velaros-protocol";
import { VelarosError } from "../errors.ts";
import type { IncidentLog } from "./incident-log.ts";
import type { Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** What is known of a client that may connect. */
export interface Identity {
  readonly trusted: Readonly<Record<string, unknown>> | undefined;
  /** When the connection has to end, in milliseconds since 1970. */
  readonly expiresAtMs: number | undefined;
}

/** `gone`: the client did not wait for the answer. */
export type Verdict = Identity | { readonly refusal: Refusal } | "gone";

const refused: Verdict = {
  refusal: {
    reason: "UNAUTHENTICATED",
    status: 401,
    explanation: "The request does not prove who sent it.",
    headers: { "WWW-Authenticate": "Bearer" },
  },
};

const overloaded: Verdict = {
  refusal: {
    reason: "AUTHENTICATION_OVERLOAD",
    status: 503,
    explanation: "Clients can't be authenticated fast enough now.",
    headers: { "Retry-After": "5" },
  },
};

/** Asks the `authenticate` hook, within bounds of time and number. */
export class Authentication {
  readonly #settings: Settings;
  readonly #runtime: Runtime;
  readonly #incidents: IncidentLog;
  #pending = 0;

  constructor(settings: Settings, incidents: IncidentLog) {
    this.#settings = settings;
    this.#incidents = incidents;
    this.#runtime = settings.runtime;
  }

  /** Never rejects. The caller listens to the errors of `socket`. */
  async decide(request: IncomingMessage, socket: Duplex, remoteAddress: string): Promise<Verdict> {
    const { authenticate, authenticateTimeoutMs, maxPendingAuthentications } = this.#settings;
    if (authenticate === undefined) return { trusted: undefined, expiresAtMs: undefined };
    if (this.#pending >= maxPendingAuthentications) return overloaded;

    const abort = new AbortController();
    const gone = (): void => abort.abort(new Error("The client is gone."));
    const timer = this.#runtime.setTimer(authenticateTimeoutMs, () =>
      abort.abort(new Error(`The authenticate hook took longer than ${authenticateTimeoutMs} ms.`)),
    );
    socket.once("close", gone);
    this.#pending++;
    try {
      let expiresAtMs: number | undefined;
      const expiresAt = (epochMs: number): void => void (expiresAtMs = checkedMoment(epochMs));
      const answer = authenticate(request, { remoteAddress, signal: abort.signal, expiresAt });
      const trusted = await Promise.race([answer, aborted(abort.signal)]);
      return typeof trusted === "object" && trusted !== null ? { trusted, expiresAtMs } : refused;
    } catch (error) {
      if (socket.destroyed) return "gone";
      this.#incidents.warn("hook", { error, remoteAddress }, "The authenticate hook failed.");
      return abort.signal.aborted ? overloaded : refused;
    } finally {
      this.#pending--;
      timer.cancel();
      socket.removeListener("close", gone);
    }
  }
}

/** A moment that is none, such as the one of a token without an end, must not mean "never". */
function checkedMoment(epochMs: number): number {
  if (typeof epochMs === "number" && !Number.isNaN(epochMs)) return epochMs;
  const expected = "milliseconds since 1970, or Infinity";
  throw new VelarosError("VELAROS_OPTION_INVALID", { option: "expiresAt", received: epochMs, expected });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
