import type { CloseSource } from "velaros-protocol";
import type { Instance } from "../directory/instance.ts";
import type { UnpinnedCause } from "../events.ts";
import type { LinkDialer } from "../link/dialer.ts";
import type { InstanceToGatewayFrame, SocketInfo } from "../link/frame.ts";
import type { GatewayLink, LinkListener, LinkLostCause } from "../link/link.ts";
import type { EdgeSocket } from "./edge-socket.ts";
import { Pin } from "./pin.ts";

/** Takes what instances say about clients that are pinned to them. */
export interface Deliverer {
  deliver(pin: Pin, frame: InstanceToGatewayFrame): void;
  /** It was said about nobody: the pin has ended (`socket-closed`), or the instance made it up (`foreign-pin`). */
  drop(instance: InstancePins, cause: "socket-closed" | "foreign-pin"): void;
}

/** Whoever chooses among instances, as their pins see it. */
export interface InstancePinsOwner {
  /** Upgrade headers that services may see, lower-case. */
  readonly forwardHeaders: ReadonlySet<string>;
  readonly deliverer: Deliverer;
  nowMs(): number;
  /** Counts up every 250 ms. */
  readonly ticks: number;
  pinned(pin: Pin): void;
  unpinned(pin: Pin, cause: UnpinnedCause): void;
  suspect(instance: InstancePins): void;
  restored(instance: InstancePins): void;
  lost(instance: InstancePins, cause: LinkLostCause): void;
}

/** How a pin ended, for the instance. */
export interface PinClose {
  readonly status: number;
  readonly reason: string;
  readonly source: CloseSource;
}

/**
 * One link to an instance, and the clients that are pinned over it. What clients send goes from their {@link Pin}
 * straight into the link; what the instance says about one of them comes here, and is handed on with its pin.
 */
export class InstancePins implements LinkListener<InstanceToGatewayFrame> {
  readonly instance: Instance;
  readonly link: GatewayLink;
  readonly #owner: InstancePinsOwner;
  readonly #pins = new Map<number, Pin>();
  /** The pins that the instance has not accepted yet, in the order in which they were opened. */
  readonly #opening = new Set<Pin>();
  #lastPin = 0;
  /** The instance has answered on this link, so it knows it. */
  #answered = false;
  /** Heartbeats in a row that did not name the link. */
  #unnamed = 0;

  constructor(instance: Instance, dialer: LinkDialer, owner: InstancePinsOwner) {
    this.instance = instance;
    this.#owner = owner;
    const { service, id, epoch } = instance;
    this.link = dialer.dial({ service, instanceId: id, instanceEpoch: epoch }, this);
  }

  /** The present tick of the gateway. */
  get tick(): number {
    return this.#owner.ticks;
  }

  get service(): string {
    return this.instance.service;
  }

  get instanceId(): string {
    return this.instance.id;
  }

  /** How many pins the instance has not accepted yet. */
  get opening(): number {
    return this.#opening.size;
  }

  get size(): number {
    return this.#pins.size;
  }

  /** Every pin; safe to end them while walking. */
  all(): readonly Pin[] {
    return [...this.#pins.values()];
  }

  /** Pins a client here. Messages may follow at once. */
  open(edge: EdgeSocket, refusedBy: readonly string[]): Pin {
    const number = this.#lastPin + 1;
    this.link.send({ type: "open", pin: number, info: socketInfo(edge, this.#owner.forwardHeaders) });
    this.#lastPin = number;
    const pin = new Pin(number, edge, this, this.#owner.nowMs(), refusedBy);
    this.#pins.set(number, pin);
    this.#opening.add(pin);
    edge.pinned(pin);
    this.#owner.pinned(pin);
    return pin;
  }

  /** The instance has accepted a pin. */
  accept(pin: Pin): void {
    this.#opening.delete(pin);
    pin.accepted();
  }

  /** The pins that were opened at `timeMs` or before and are not accepted; safe to end them while walking. */
  *openingSince(timeMs: number): Iterable<Pin> {
    for (const pin of this.#opening) {
      if (pin.openedAtMs > timeMs) break;
      yield pin;
    }
  }

  /**
   * Ends a pin. What is still open on it has to be settled before, or is forgotten.
   *
   * @param tell - How the socket was closed, if the instance doesn't know.
   */
  end(pin: Pin, cause: UnpinnedCause, tell?: PinClose): void {
    if (!this.#pins.delete(pin.number)) return;
    this.#opening.delete(pin);
    pin.takeOpen();
    pin.ended();
    pin.edge.forget(pin);
    if (tell !== undefined) {
      const { status, reason, source } = tell;
      this.link.send({ type: "close", pin: pin.number, status, reason, source });
    }
    this.link.release(pin.number);
    this.#owner.unpinned(pin, cause);
  }

  /** The instance announced itself, and said which links it has. */
  heartbeat(namesLink: boolean): void {
    this.#unnamed = namesLink ? 0 : this.#unnamed + 1;
    if (this.#answered && this.#unnamed >= 2) this.link.fail("missing-from-heartbeat");
  }

  frame(frame: InstanceToGatewayFrame): void {
    this.#answered = true;
    const { deliverer } = this.#owner;
    const pin = this.#pins.get(frame.pin);
    if (pin !== undefined) deliverer.deliver(pin, frame);
    else if (frame.type === "output") {
      deliverer.drop(this, frame.pin <= this.#lastPin ? "socket-closed" : "foreign-pin");
    }
  }

  writable(pin: number): void {
    this.#pins.get(pin)?.refreshFlow();
  }

  suspect(): void {
    this.#owner.suspect(this);
  }

  restored(): void {
    this.#owner.restored(this);
  }

  lost(cause: LinkLostCause): void {
    this.#owner.lost(this, cause);
  }
}

function socketInfo({ socket }: EdgeSocket, forwardHeaders: ReadonlySet<string>): SocketInfo {
  const headers: Record<string, string> = Object.create(null);
  for (const name of forwardHeaders) {
    const value = socket.info.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  return {
    socketId: socket.id,
    remoteAddress: socket.info.remoteAddress,
    headers,
    codec: socket.codec?.name,
    trusted: socket.trusted,
  };
}
