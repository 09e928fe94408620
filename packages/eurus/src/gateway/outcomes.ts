import type { WireErrorCode } from "velaros-protocol";
import type { EventSource } from "../event-source.ts";
import type { GatewayEvent } from "../events.ts";
import type { ErrorExtras } from "./edge-socket.ts";
import type { OpenMessage } from "./open-messages.ts";
import type { Pin } from "./pin.ts";

/** What it takes to tell clients and observers of an outcome. */
export interface OutcomeParts {
  readonly options: { readonly retryAfterMs: number };
  readonly events: EventSource<GatewayEvent>;
}

/**
 * A pin ends before its time: tells the client what became of every message that still owes it an outcome.
 * "Unavailable" is said only of what was certainly not handled; of the rest nobody knows.
 */
export function settleLost(parts: OutcomeParts, pin: Pin): void {
  const { link } = pin.instance;
  for (const message of pin.takeOpen()) {
    const proof = link.proofOf(pin.number, message.number);
    // Only a link that is lost delivers nothing more.
    if (proof === "not-delivered" && link.state === "lost") unavailable(parts, pin, message);
    else unknown(parts, pin, message, proof === "taken");
  }
}

/**
 * Tells the client of messages that nobody has acknowledged since `tick`. They stay on their way and may still be
 * handled; what is answered to them then is dropped.
 */
export function settleOverdue(parts: OutcomeParts, pin: Pin, tick: number): void {
  if (pin.open.size === 0) return;
  for (const message of pin.open.all()) {
    if (message.taken || message.tick > tick) continue;
    if (pin.instance.link.proofOf(pin.number, message.number) === "taken") {
      message.taken = true;
    } else {
      pin.settle(message.number);
      unknown(parts, pin, message, false);
    }
  }
}

/**
 * The pin is given up although its link lives. What has left stays on its way and may still be handled; only what is
 * taken back now is certainly not.
 */
export function settleGivenUp(parts: OutcomeParts, pin: Pin): void {
  const { link } = pin.instance;
  const withdrawn = link.withdraw(pin.number);
  for (const message of pin.takeOpen()) {
    if (withdrawn.has(message.number)) unavailable(parts, pin, message);
    else unknown(parts, pin, message, link.proofOf(pin.number, message.number) === "taken");
  }
}

/** The instance has taken everything up to `lastNumber`, and certainly nothing later. */
export function settleUnpinned(parts: OutcomeParts, pin: Pin, lastNumber: number): void {
  for (const message of pin.takeOpen()) {
    if (message.number > lastNumber) unavailable(parts, pin, message);
    else unknown(parts, pin, message, true);
  }
}

/** Nothing of the pin was handled, and there is nowhere else to send it. */
export function settleUnavailable(parts: OutcomeParts, pin: Pin): void {
  for (const message of pin.takeOpen()) unavailable(parts, pin, message);
}

/** No instance of the service can read what this client sends: a mistake in the set-up, so trying again is no use. */
export function settleForeign(parts: OutcomeParts, pin: Pin): void {
  const { service, edge } = pin;
  const codec = edge.socket.codec?.name;
  const message = `The service does not speak ${codec ?? "this encoding"}: gateway and service need the same codec.`;
  for (const open of pin.takeOpen())
    tell(parts, pin, open, "INTERNAL", { message, details: { service, codec } });
}

function unavailable(parts: OutcomeParts, pin: Pin, message: OpenMessage): void {
  const { retryAfterMs } = parts.options;
  tell(parts, pin, message, "SERVICE_UNAVAILABLE", { retryAfterMs, details: { service: pin.service } });
}

function unknown(parts: OutcomeParts, pin: Pin, message: OpenMessage, taken: boolean): void {
  tell(parts, pin, message, "DELIVERY_UNKNOWN", { details: { service: pin.service, taken } });
}

function tell(
  { events }: OutcomeParts,
  { edge, service, times }: Pin,
  message: OpenMessage,
  code: WireErrorCode,
  extras: ErrorExtras,
): void {
  edge.sendError(code, message.id, message.messageType, extras);
  times?.settled(message.number);
  if (events.active) events.emit({ type: "refused", socketId: edge.id, path: undefined, service, code });
}
