import { ownCloses } from "../close-reasons.ts";
import { ticksFor } from "../directory/leases.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { settleGivenUp, settleOverdue } from "./outcomes.ts";

/** After this long without an acknowledgement the client is told that nobody knows. */
const unacknowledgedTicks = ticksFor(5_000);

/** Ends pins that their instances did not accept in time, and tells their clients; the next message goes elsewhere. */
export function endUnopened(parts: GatewayParts): void {
  const { fleet, options } = parts;
  const sinceMs = options.runtime.nowMs() - options.openTimeoutMs;
  for (const instance of fleet.pinned.all()) {
    for (const pin of instance.openingSince(sinceMs)) {
      settleGivenUp(parts, pin);
      instance.end(pin, "open-timeout", ownCloses.instanceLost);
    }
  }
}

/** Closes clients for which a service has had no room for too long. */
export function closeStalled({ sockets, fleet, options }: GatewayParts): void {
  const nowMs = options.runtime.nowMs();
  for (const [edge, sinceMs] of sockets.waiting) {
    // Nobody is slow because the bus is away: the time begins anew when it is back.
    if (fleet.away) sockets.waiting.set(edge, nowMs);
    else if (sinceMs <= nowMs - options.stallTimeoutMs) {
      const { status, reason } = ownCloses.serviceTooSlow;
      edge.socket.close(status, reason);
    }
  }
}

/** Tells clients of messages that nobody has acknowledged for five seconds. */
export function settleUnacknowledged(parts: GatewayParts): void {
  const tick = parts.fleet.ticks - unacknowledgedTicks;
  for (const edge of parts.sockets.all()) {
    if (edge.openMessages === 0) continue;
    for (const pin of edge.pins) settleOverdue(parts, pin, tick);
  }
}
