import { CloseCode, isSendableCloseCode } from "velaros-protocol";
import type { Backlog } from "../backlog.ts";
import { ownCloses } from "../close-reasons.ts";
import type { GatewayEvent } from "../events.ts";
import { bodySize } from "../link/frame.ts";
import type { InstanceToGatewayFrame, OutputFrame, UnpinFrame } from "../link/frame.ts";
import type { EdgeSocket } from "./edge-socket.ts";
import type { Forwarder } from "./forward.ts";
import type { Deliverer, InstancePins } from "./instance-pins.ts";
import { settleUnpinned } from "./outcomes.ts";
import type { OutcomeParts } from "./outcomes.ts";
import type { Pin } from "./pin.ts";

type DropCause = Extract<GatewayEvent, { readonly type: "output-dropped" }>["cause"];

/**
 * The way from services to clients: does what an instance says about one of its clients. It can name no other, because
 * pins belong to its link. {@link Forwarder} is the way there.
 */
export class ClientDeliverer implements Deliverer {
  readonly #parts: OutcomeParts;
  readonly #forwarder: Forwarder;
  /** Output of services for clients that do not take it yet. */
  readonly #backlog: Backlog<EdgeSocket>;

  constructor(parts: OutcomeParts, forwarder: Forwarder, backlog: Backlog<EdgeSocket>) {
    this.#parts = parts;
    this.#forwarder = forwarder;
    this.#backlog = backlog;
  }

  deliver(pin: Pin, frame: InstanceToGatewayFrame): void {
    switch (frame.type) {
      case "opened":
        pin.instance.accept(pin);
        break;
      case "refused":
        this.#forwarder.move(pin, "refused", frame.code);
        break;
      case "output":
        this.#output(pin, frame);
        break;
      case "end":
        for (const number of frame.numbers) pin.settle(number);
        break;
      case "request-done":
        pin.edge.requestDone(frame.requestId, pin);
        break;
      case "close":
        // The pin ends first: the instance needs no word of the close that it began.
        pin.instance.end(pin, "service-closed");
        pin.edge.socket.close(sendableStatus(frame.status), frame.reason);
        break;
      case "unpin":
        this.#unpin(pin, frame);
        break;
      case "credit":
        // The link keeps the books.
        break;
    }
  }

  drop({ service, instanceId }: InstancePins, cause: DropCause): void {
    const { events } = this.#parts;
    if (events.active) events.emit({ type: "output-dropped", service, instanceId, cause });
  }

  #output(pin: Pin, frame: OutputFrame): void {
    const { edge, instance } = pin;
    const { socket } = edge;
    const { link } = instance;
    const bytes = bodySize(frame.body);
    const isLate = comesTooLate(pin, frame);
    if (isLate || socket.closed) {
      link.consumed(pin.number, bytes);
      this.drop(instance, isLate ? "message-settled" : "socket-closed");
      return;
    }
    if (frame.requestId !== undefined) edge.requestOpened(frame.requestId, pin);

    try {
      const written = socket.write(frame.body, frame.messageType);
      if (written === undefined) link.consumed(pin.number, bytes);
      else this.#whenWritten(pin, bytes, written);
    } catch {
      failedToWrite(pin);
    }
  }

  /** The client is slow: what it was sent counts as waiting until it takes it, which holds up the service. */
  #whenWritten(pin: Pin, bytes: number, written: Promise<void>): void {
    const { edge, instance } = pin;
    written.then(
      () => {
        this.#backlog.remove(edge, bytes);
        instance.link.consumed(pin.number, bytes);
      },
      () => {
        this.#backlog.release(edge);
        failedToWrite(pin);
      },
    );
    this.#backlog.add(edge, bytes);
  }

  /** The instance stops and lets its client stay: it only has to know that its state is gone. */
  #unpin(pin: Pin, { lastNumber }: UnpinFrame): void {
    settleUnpinned(this.#parts, pin, lastNumber);
    pin.instance.end(pin, "drained");
    pin.edge.sendError("SESSION_RESET", undefined, undefined, { details: { service: pin.service } });
  }
}

/** Whether this answers a message that was settled before. A last reply settles its message. */
function comesTooLate(pin: Pin, { purpose, number }: OutputFrame): boolean {
  if (purpose === "last-reply") return !pin.settle(number);
  return purpose === "reply" && !pin.accepts(number);
}

function failedToWrite({ edge }: Pin): void {
  const { sendFailed } = ownCloses;
  if (!edge.socket.closed) edge.socket.close(sendFailed.status, sendFailed.reason);
}

/** What an instance says may be anything; a code that must not be sent would leave the client open. */
function sendableStatus(status: number): number {
  return isSendableCloseCode(status) ? status : CloseCode.INTERNAL_ERROR;
}
