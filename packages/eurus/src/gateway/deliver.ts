import { CloseCode, isSendableCloseCode } from "velaros-protocol";
import { ownCloses } from "../close-reasons.ts";
import { bodySize } from "../link/frame.ts";
import type { InstanceToGatewayFrame, OutputFrame, UnpinFrame } from "../link/frame.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import type { InstancePins } from "./instance-pins.ts";
import { settleUnpinned } from "./outcomes.ts";
import type { Pin } from "./pin.ts";

/** Does what an instance says about one of its clients. It can name no other: pins belong to its link. */
export function deliver(parts: GatewayParts, instance: InstancePins, frame: InstanceToGatewayFrame): void {
  const pin = instance.get(frame.pin);
  if (pin === undefined) {
    const cause = instance.hasOpened(frame.pin) ? "socket-closed" : "foreign-pin";
    if (frame.type === "output") drop(parts, instance, cause);
    return;
  }
  switch (frame.type) {
    case "opened":
      pin.accepted();
      break;
    case "refused":
      parts.forwarder.move(pin, "refused", frame.code);
      break;
    case "output":
      deliverOutput(parts, pin, frame);
      break;
    case "end":
      for (const number of frame.numbers) pin.settle(number);
      break;
    case "request-done":
      pin.edge.requestDone(frame.requestId, pin);
      break;
    case "close":
      // The pin ends first: the instance needs no word of the close that it began.
      instance.end(pin, "service-closed");
      pin.edge.socket.close(sendableStatus(frame.status), frame.reason);
      break;
    case "unpin":
      unpin(parts, pin, frame);
      break;
    case "credit":
      // The link keeps the books.
      break;
  }
}

function deliverOutput(parts: GatewayParts, pin: Pin, frame: OutputFrame): void {
  const { edge, instance } = pin;
  const { socket } = edge;
  const { link } = instance;
  const bytes = bodySize(frame.body);
  const isLate = comesTooLate(pin, frame);
  if (isLate || socket.closed) {
    link.consumed(pin.number, bytes);
    drop(parts, instance, isLate ? "message-settled" : "socket-closed");
    return;
  }
  if (frame.requestId !== undefined) edge.requestOpened(frame.requestId, pin);

  try {
    const written = socket.write(frame.body, frame.messageType);
    if (written === undefined) link.consumed(pin.number, bytes);
    else whenWritten(parts, pin, bytes, written);
  } catch {
    failedToWrite(pin);
  }
}

/** Whether this answers a message that was settled before. A last reply settles its message. */
function comesTooLate(pin: Pin, { purpose, number }: OutputFrame): boolean {
  if (purpose === "last-reply") return !pin.settle(number);
  return purpose === "reply" && !pin.accepts(number);
}

/** The client is slow: what it was sent counts as waiting until it takes it, which holds up the service. */
function whenWritten({ backlog }: GatewayParts, pin: Pin, bytes: number, written: Promise<void>): void {
  const { edge, instance } = pin;
  written.then(
    () => {
      backlog.remove(edge, bytes);
      instance.link.consumed(pin.number, bytes);
    },
    () => {
      backlog.release(edge);
      failedToWrite(pin);
    },
  );
  backlog.add(edge, bytes);
}

function failedToWrite({ edge }: Pin): void {
  const { sendFailed } = ownCloses;
  if (!edge.socket.closed) edge.socket.close(sendFailed.status, sendFailed.reason);
}

/** What an instance says may be anything; a code that must not be sent would leave the client open. */
function sendableStatus(status: number): number {
  return isSendableCloseCode(status) ? status : CloseCode.INTERNAL_ERROR;
}

/** The instance stops and lets its client stay: it only has to know that its state is gone. */
function unpin({ options, events }: GatewayParts, pin: Pin, { lastNumber }: UnpinFrame): void {
  settleUnpinned({ options, events }, pin, lastNumber);
  pin.instance.end(pin, "drained");
  pin.edge.sendError("SESSION_RESET", undefined, undefined, { details: { service: pin.service } });
}

function drop(
  { events }: GatewayParts,
  { service, instanceId }: InstancePins,
  cause: "socket-closed" | "message-settled" | "foreign-pin",
): void {
  if (events.active) events.emit({ type: "output-dropped", service, instanceId, cause });
}
