import type { LinkLostCause } from "../link/link.ts";
import { closeInBatches } from "./close-batches.ts";
import type { EdgeSocket } from "./edge-socket.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import type { InstancePins } from "./instance-pins.ts";
import { settleLost } from "./outcomes.ts";
import type { Pin } from "./pin.ts";

/**
 * An instance is lost. First every message gets its outcome, at once and for all clients; then each client goes
 * the way that the service declared, except those whose messages the instance certainly never got: they are
 * moved and notice nothing.
 */
export function instanceLost(parts: GatewayParts, instance: InstancePins, cause: LinkLostCause): void {
  const { events, forwarder, options } = parts;
  const { service, instanceId } = instance;
  const pins = instance.all();
  if (cause !== "goodbye") events.emit({ type: "link-lost", service, instanceId, cause, pins: pins.length });

  const untouched: Pin[] = [];
  const touched: Pin[] = [];
  for (const pin of pins) (isUntouched(pin) ? untouched : touched).push(pin);
  for (const pin of touched) settleLost(parts, pin);

  const keepClients = instance.instance.onInstanceLost === "repin";
  const closing: EdgeSocket[] = [];
  for (const pin of touched) {
    const { edge } = pin;
    instance.end(pin, "instance-lost");
    if (keepClients) edge.sendError("SESSION_RESET", undefined, undefined, { details: { service } });
    else closing.push(edge);
  }
  closeInBatches(options.runtime, options.closeBatchSize, closing, 1001, "Service unreachable");
  for (const pin of untouched) forwarder.move(pin, "instance-lost");
}

/** Whether everything that was sent over the pin is still here and was certainly not handled there. */
function isUntouched(pin: Pin): boolean {
  const { link } = pin.instance;
  return (
    pin.state === "opening" &&
    pin.heldNumbers.every((number) => link.proofOf(pin.number, number) === "not-delivered")
  );
}
