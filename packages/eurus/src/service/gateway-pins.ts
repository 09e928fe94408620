import type { ConnectionInfo, ConnectionInlet, ConnectionOutlet } from "velaros";
import type { CloseSource, Runtime } from "velaros-protocol";
import type { Backlog } from "../backlog.ts";
import { ownCloses } from "../close-reasons.ts";
import type { EventSource } from "../event-source.ts";
import type { ServiceEvent } from "../events.ts";
import type { GatewayToInstanceFrame, OpenFrame, RefusedFrame, SocketInfo } from "../link/frame.ts";
import type { InstanceLink, LinkListener, LinkLostCause } from "../link/link.ts";
import type { VirtualConnectionOwner } from "./virtual-connection.ts";
import { VirtualConnection } from "./virtual-connection.ts";

/** What the pins of all gateways share. */
export interface GatewayPinsHost {
  readonly runtime: Runtime;
  readonly events: EventSource<ServiceEvent>;
  /** More virtual sockets than this are refused, and opened elsewhere. */
  readonly maxSockets: number;
  /** Messages that wait for busy handlers. */
  readonly backlog: Backlog<VirtualConnection>;
  /** How many virtual sockets there are over all gateways. */
  socketCount: number;
  /** How many there have ever been. */
  opens: number;
  /** No new virtual sockets: the service is about to stop. */
  draining: boolean;
  /** Whether gateways of this name may open sockets here. */
  admits(gatewayName: string): boolean;
  /** Whether the router can read what clients with this codec send. */
  speaks(codec: string): boolean;
  /** Opens a socket in the service's router. */
  connect(info: ConnectionInfo, outlet: ConnectionOutlet): ConnectionInlet;
  /** The link is gone, and with it these pins. */
  gone(pins: GatewayPins): void;
}

/**
 * One link to a gateway, and the clients that it has pinned here: turns what arrives into virtual connections and their
 * messages. Answers go from the connections to the link, and here only what is said of several messages at once.
 */
export class GatewayPins implements LinkListener<GatewayToInstanceFrame>, VirtualConnectionOwner {
  readonly link: InstanceLink;
  readonly #host: GatewayPinsHost;
  readonly #connections = new Map<number, VirtualConnection>();
  /** Whose handlers have ended since the gateway was last told, which happens once per turn. */
  #ended: VirtualConnection[] = [];
  readonly #tellEnded = (): void => this.#sendEnded();
  #tellScheduled = false;
  /** Heartbeats of the gateway in a row that did not name the link. */
  #unnamed = 0;

  constructor(link: InstanceLink, host: GatewayPinsHost) {
    this.link = link;
    this.#host = host;
  }

  get connections(): Iterable<VirtualConnection> {
    return this.#connections.values();
  }

  /** The gateway announced itself, and said which links it has. */
  heartbeat(namesLink: boolean): void {
    this.#unnamed = namesLink ? 0 : this.#unnamed + 1;
    if (this.#unnamed >= 2) this.link.fail("missing-from-heartbeat");
  }

  frame(frame: GatewayToInstanceFrame): void {
    this.stirred();
    switch (frame.type) {
      case "open":
        this.#open(frame);
        break;
      case "message":
        this.#connections.get(frame.pin)?.message(frame);
        break;
      case "close":
        this.#connections.get(frame.pin)?.closedByGateway(frame.status, frame.reason, frame.source);
        break;
      case "credit":
        // The link keeps the books.
        break;
    }
  }

  writable(pin: number): void {
    this.#connections.get(pin)?.writable();
  }

  suspect(): void {
    // What is sent now waits in the link; it is settled when the link is restored or lost.
  }

  restored(): void {
    // Nothing was given up meanwhile.
  }

  lost(cause: LinkLostCause): void {
    const pins = this.#connections.size;
    const { status, reason, source } = ownCloses.gatewayLost;
    for (const connection of [...this.#connections.values()]) {
      connection.closedByGateway(status, reason, source);
    }
    this.#host.gone(this);
    if (cause === "stopped") return;
    const { gatewayId } = this.link.identity;
    this.#host.events.emit({ type: "gateway-link-lost", gatewayId, cause, pins });
  }

  get backlog(): Backlog<VirtualConnection> {
    return this.#host.backlog;
  }

  received({ info: { socketId } }: VirtualConnection, path: string | undefined): void {
    const { events } = this.#host;
    if (events.active) events.emit({ type: "received", socketId, path });
  }

  failed({ info: { socketId } }: VirtualConnection, path: string | undefined, code: string): void {
    const { events } = this.#host;
    if (events.active) events.emit({ type: "failed", socketId, path, code });
  }

  settled(connection: VirtualConnection, number: number): void {
    if (this.link.endWithReply(connection.pin, number)) return;
    if (connection.ended === undefined) {
      connection.ended = [number];
      this.#ended.push(connection);
    } else connection.ended.push(number);
    this.stirred();
  }

  /**
   * Plans the report of ended handlers for this turn. Done before the link plans its own flush where possible:
   * the report then leaves in the batch of the replies instead of one of its own.
   */
  stirred(): void {
    if (this.#tellScheduled) return;
    this.#tellScheduled = true;
    this.#host.runtime.defer(this.#tellEnded);
  }

  tellEnded(connection: VirtualConnection): void {
    const numbers = connection.ended;
    if (numbers === undefined) return;
    connection.ended = undefined;
    this.link.send({ type: "end", pin: connection.pin, numbers });
  }

  finished(connection: VirtualConnection, status: number, reason: string, source: CloseSource): void {
    if (!this.#connections.delete(connection.pin)) return;
    connection.ended = undefined;
    this.#host.socketCount--;
    const { socketId } = connection.info;
    const { gatewayId } = this.link.identity;
    this.#host.events.emit({ type: "virtual-socket-closed", socketId, gatewayId, status, reason, source });
  }

  #open({ pin, info }: OpenFrame): void {
    const { events } = this.#host;
    const { socketId } = info;
    const { gatewayId } = this.link.identity;
    const code = this.#refusal(info);
    if (code !== undefined) {
      this.link.send({ type: "refused", pin, code });
      this.link.release(pin);
      events.emit({ type: "open-refused", socketId, gatewayId, code });
      return;
    }

    this.link.send({ type: "opened", pin });
    const connection = new VirtualConnection(pin, info, this);
    this.#connections.set(pin, connection);
    this.#host.socketCount++;
    this.#host.opens++;
    events.emit({ type: "virtual-socket-opened", socketId, gatewayId });
    connection.connect(this.#host.connect(info, connection));
  }

  #refusal({ codec }: SocketInfo): RefusedFrame["code"] | undefined {
    const host = this.#host;
    if (host.draining) return "DRAINING";
    if (!host.admits(this.link.identity.gatewayName)) return "INVALID";
    if (codec !== undefined && !host.speaks(codec)) return "WRONG_CODEC";
    return host.socketCount >= host.maxSockets ? "OVERLOADED" : undefined;
  }

  #sendEnded(): void {
    this.#tellScheduled = false;
    const ended = this.#ended;
    if (ended.length === 0) return;
    this.#ended = [];
    for (const connection of ended) this.tellEnded(connection);
  }
}
