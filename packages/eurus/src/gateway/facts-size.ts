import type { Socket } from "velaros";
import { utf8Length } from "velaros-protocol/internal";
import { EurusError } from "../errors.ts";
import { factsToJson } from "../link/facts.ts";
import type { GatewaySettings } from "./gateway-options.ts";

/**
 * Looks at what a service would be told about a client, before it is. A bus within the process could pass on any
 * amount; what works there has to work over every other.
 *
 * @throws {@link EurusError} `EURUS_FACTS_TOO_LARGE`, and `EURUS_FACTS_INVALID` for facts that are no JSON.
 */
export function checkFacts({ info, trusted }: Socket, service: string, settings: GatewaySettings): void {
  let bytes = utf8Length(factsToJson(trusted));
  for (const name of settings.forwardHeaders) {
    const value = info.headers[name];
    if (value !== undefined) bytes += utf8Length(name) + utf8Length(value);
  }
  const { maxFactsBytes } = settings;
  if (bytes > maxFactsBytes) throw new EurusError("EURUS_FACTS_TOO_LARGE", { service, bytes, maxFactsBytes });
}
