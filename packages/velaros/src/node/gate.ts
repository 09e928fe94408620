import type { IncomingMessage } from "node:http";
import { badRequest, checkHandshake } from "./handshake.ts";
import { OriginPolicy } from "./origin.ts";
import type { Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";
import { negotiateSubprotocol } from "./subprotocol.ts";

/** At most this many different origins are logged as refused. */
const maxLoggedOrigins = 100;

/** Judges upgrade requests by their head alone: well-formed, from an origin that may, in a subprotocol that we speak. */
export class Gate {
  readonly #settings: Settings;
  readonly #supported: () => readonly string[];
  readonly #origins: OriginPolicy;
  readonly #loggedOrigins = new Set<string>();

  constructor(settings: Settings, supportedSubprotocols: () => readonly string[]) {
    this.#settings = settings;
    this.#supported = supportedSubprotocols;
    this.#origins = new OriginPolicy(settings.origins);
  }

  check(request: IncomingMessage): Refusal | undefined {
    return (
      checkHandshake(request, this.#settings.maxHeaders) ??
      this.#checkOrigin(request) ??
      this.#checkSubprotocol(request)
    );
  }

  /** The subprotocol to answer with. */
  subprotocolFor(request: IncomingMessage): string | undefined {
    const negotiation = negotiateSubprotocol(request.headers["sec-websocket-protocol"], this.#supported());
    return negotiation.kind === "selected" ? negotiation.subprotocol : undefined;
  }

  #checkOrigin(request: IncomingMessage): Refusal | undefined {
    const { origin, host } = request.headers;
    if (this.#origins.allows(origin, host)) return undefined;
    if (
      origin !== undefined &&
      !this.#loggedOrigins.has(origin) &&
      this.#loggedOrigins.size < maxLoggedOrigins
    ) {
      this.#loggedOrigins.add(origin);
      this.#settings.logger?.warn(
        { origin, host },
        `Refused a page from ${origin}. If it may connect, add it: { origins: [${JSON.stringify(origin)}] }.`,
      );
    }
    return { reason: "FORBIDDEN_ORIGIN", status: 403, explanation: "Pages of this origin may not connect." };
  }

  #checkSubprotocol(request: IncomingMessage): Refusal | undefined {
    const supported = this.#supported();
    switch (negotiateSubprotocol(request.headers["sec-websocket-protocol"], supported).kind) {
      case "none":
      case "selected":
        return undefined;
      case "malformed":
        return badRequest("The Sec-WebSocket-Protocol header is not a list of different tokens.");
      case "unsupported":
        return {
          reason: "UNSUPPORTED_SUBPROTOCOL",
          status: 400,
          explanation: `None of the offered subprotocols is supported. Supported: ${supported.join(", ") || "none"}.`,
        };
    }
  }
}
