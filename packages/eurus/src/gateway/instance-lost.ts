import { ownCloses } from "../close-reasons.ts";
import type { LinkLostCause } from "../link/link.ts";
import { closeInBatches } from "./close-in-batches.ts";
import type { EdgeSocket } from "./edge-socket.ts";
import type { Forwarder } from "./forward.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import type { InstancePins, PinClose } from "./instance-pins.ts";
import { settleGivenUp, settleLost } from "./outcomes.ts";
import type { Pin } from "./pin.ts";

/** How long a link that is given up stays open for the last words on it. */
const farewellMs = 1_000;

/**
 * An instance is lost. First every message gets its outcome, at once and for all clients; then each client goes
 * the way that the service declared, except those whose messages the instance certainly never got: they are
 * moved and notice nothing.
 */
export function instanceLost(
  parts: GatewayParts,
  forwarder: Forwarder,
  instance: InstancePins,
  cause: LinkLostCause,
): void {
  const { events } = parts;
  const { service, instanceId } = instance;
  const pins = instance.all();
  if (!isPlanned(cause)) events.emit({ type: "link-lost", service, instanceId, cause, pins: pins.length });

  const untouched: Pin[] = [];
  const touched: Pin[] = [];
  for (const pin of pins) (isUntouched(pin) ? untouched : touched).push(pin);
  for (const pin of touched) settleLost(parts, pin);

  part(parts, instance, touched);
  for (const pin of untouched) forwarder.move(pin, "instance-lost");
}

/**
 * An instance that may well be alive is given up: it is told that its clients are gone, and the link ends when it
 * has had time to hear that.
 */
export function instanceRemoved(parts: GatewayParts, instance: InstancePins, cause: LinkLostCause): void {
  const pins = instance.all();
  const { service, instanceId } = instance;
  parts.events.emit({ type: "link-lost", service, instanceId, cause, pins: pins.length });
  for (const pin of pins) settleGivenUp(parts, pin);
  part(parts, instance, pins, ownCloses.instanceLost);
  parts.options.runtime.setTimer(farewellMs, () => instance.link.fail(cause));
}

/** What was told before by another event. */
function isPlanned(cause: LinkLostCause): boolean {
  return cause === "goodbye" || cause === "removed";
}

/** Ends pins whose messages are settled, and lets their clients go the way that the service declared. */
function part(parts: GatewayParts, instance: InstancePins, pins: readonly Pin[], tell?: PinClose): void {
  const { runtime, closeBatchSize } = parts.options;
  const { service, onInstanceLost } = instance.instance;
  const closing: EdgeSocket[] = [];
  for (const pin of pins) {
    const { edge } = pin;
    instance.end(pin, "instance-lost", tell);
    if (onInstanceLost === "close") closing.push(edge);
    else edge.sendError("SESSION_RESET", undefined, undefined, { details: { service } });
  }
  closeInBatches(runtime, closeBatchSize, closing, ownCloses.instanceLost);
}

/** Whether everything that was sent over the pin is still here and was certainly not handled there. */
function isUntouched(pin: Pin): boolean {
  const { link } = pin.instance;
  return (
    pin.state === "opening" &&
    pin.heldNumbers.every((number) => link.proofOf(pin.number, number) === "not-delivered")
  );
}
