import { Backlog } from "../backlog.ts";
import { BusWatch } from "../bus-watch.ts";
import { ownCloses } from "../close-reasons.ts";
import { ticksFor } from "../directory/leases.ts";
import { startTicks } from "../directory/ticker.ts";
import { leaveBus } from "../delivery.ts";
import type { EventSource } from "../event-source.ts";
import type { GatewayEvent, UnpinnedCause } from "../events.ts";
import { LinkDialer } from "../link/dialer.ts";
import type { InstanceToGatewayFrame } from "../link/frame.ts";
import type { LinkLostCause } from "../link/link.ts";
import { checkPayloadLimit } from "../link/payload-limit.ts";
import * as subjects from "../link/subjects.ts";
import type { Transport, TransportStatus, Unsubscribe } from "../transport/transport.ts";
import { wireVersions } from "../wire-versions.ts";
import { GatewayAnnouncer } from "./announcer.ts";
import { pathProblem } from "./canonical-path.ts";
import { deliver } from "./deliver.ts";
import { closeAll, untilSettled } from "./drain.ts";
import type { EdgeSocket } from "./edge-socket.ts";
import type { EdgeSockets } from "./edge-sockets.ts";
import { Fleet } from "./fleet.ts";
import { Forwarder } from "./forward.ts";
import type { GatewaySettings } from "./gateway-options.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { instanceLost, instanceRemoved } from "./instance-lost.ts";
import type { InstancePins, InstancePinsOwner } from "./instance-pins.ts";
import type { KnownInstance } from "./known.ts";
import { settleGivenUp, settleOverdue } from "./outcomes.ts";
import type { Pin } from "./pin.ts";

/** What one run of a gateway gets from the gateway. */
export interface GatewayRunOptions {
  readonly name: string;
  readonly id: string;
  readonly transport: Transport;
  readonly settings: GatewaySettings;
  readonly sockets: EdgeSockets;
  readonly events: EventSource<GatewayEvent>;
}

/** After this long without an acknowledgement the client is told that nobody knows. */
const unacknowledgedMs = 5_000;

/** A gateway from one start to the stop that follows; the next start makes another one. */
export class GatewayRun implements GatewayParts, InstancePinsOwner {
  readonly options: GatewaySettings;
  readonly sockets: EdgeSockets;
  readonly events: EventSource<GatewayEvent>;
  readonly fleet: Fleet;
  readonly forwarder: Forwarder;
  readonly backlog: Backlog<EdgeSocket>;
  readonly forwardHeaders: ReadonlySet<string>;
  /** Counts up every 250 ms. */
  ticks = 0;
  readonly #transport: Transport;
  readonly #dialer: LinkDialer;
  readonly #announcer: GatewayAnnouncer;
  readonly #opening = new Set<Pin>();
  readonly #bus: BusWatch;
  #bindings: Unsubscribe[] = [];
  #stopTicks: (() => void) | undefined;
  #left = false;

  constructor({ name, id, transport, settings, sockets, events }: GatewayRunOptions) {
    const { runtime } = settings;
    const epoch = runtime.randomToken(12);
    this.options = settings;
    this.sockets = sockets;
    this.events = events;
    this.forwardHeaders = settings.forwardHeaders;
    this.#transport = transport;
    this.#dialer = new LinkDialer({
      transport,
      runtime,
      gatewayName: name,
      gatewayId: id,
      gatewayEpoch: epoch,
      onProblem: (error) => events.emit({ type: "error", error }),
    });
    this.fleet = new Fleet({
      gatewayName: name,
      gatewayId: id,
      versions: wireVersions,
      settings,
      events,
      dialer: this.#dialer,
      owner: this,
      announceSoon: () => this.#announcer.announceSoon(),
    });
    this.#announcer = new GatewayAnnouncer(transport, runtime, settings.heartbeatIntervalMs, {
      gatewayName: name,
      gatewayId: id,
      epoch,
      versions: wireVersions,
      linkIds: () => this.fleet.linkIds(),
      takeQuestions: () => this.fleet.takeQuestions(),
    });
    this.#bus = new BusWatch({
      transport,
      runtime,
      echo: this.#announcer.echo,
      onStatus: (status) => events.emit({ type: "bus", status }),
      onError: (error) => events.emit({ type: "error", error }),
    });
    this.forwarder = new Forwarder(this);
    this.backlog = new Backlog(settings.maxBacklogBytes, ({ socket }) => {
      const { status, reason } = ownCloses.slowClientsBacklog;
      socket.close(status, reason);
    });
  }

  async start(): Promise<void> {
    checkPayloadLimit(this.#transport);
    this.#dialer.start();
    this.#bindings = [
      this.#transport.subscribe(subjects.serviceAnnouncements(), (packet) => this.fleet.hear(packet)),
    ];
    this.#bus.start(() => this.#checkBus());
    await this.#announcer.start();
    this.forwarder.state = "running";
    this.#stopTicks = startTicks(this.options.runtime, () => this.#tick());
  }

  get busStatus(): TransportStatus {
    return this.#bus.status;
  }

  nowMs(): number {
    return this.options.runtime.nowMs();
  }

  canServePath(path: string): boolean {
    return pathProblem(path, this.options) === undefined && this.fleet.canServe(path);
  }

  services(): readonly KnownInstance[] {
    return this.fleet.list();
  }

  remove(instanceId: string): boolean {
    return this.fleet.remove(instanceId);
  }

  ping(instanceId: string, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.options.runtime.setTimer(timeoutMs, () => {
        giveUp();
        resolve(false);
      });
      const giveUp = this.fleet.onceHeard(instanceId, () => {
        timer.cancel();
        resolve(true);
      });
      this.#announcer.announce([instanceId]);
    });
  }

  /** Takes nothing new and lets what began finish. */
  async finish(): Promise<void> {
    this.forwarder.state = "draining";
    await untilSettled(this.options.runtime, this.sockets, this.options.drainTimeoutMs);
  }

  closeClients(): Promise<void> {
    return closeAll(this.options.runtime, this.sockets, this.options.closeBatchSize);
  }

  /** Says goodbye once everything else was said. */
  async leave(): Promise<void> {
    const links = this.#dialer.links();
    await leaveBus(this.#transport, this.options.runtime, links, () => this.#announcer.goodbye());
    this.abandon();
  }

  /** Lets go of everything at once. */
  abandon(): void {
    this.#left = true;
    this.#stopTicks?.();
    this.#announcer.stop();
    this.#bus.stop();
    for (const unbind of this.#bindings.splice(0)) unbind();
    this.#dialer.stop();
  }

  frame(instance: InstancePins, frame: InstanceToGatewayFrame): void {
    if (frame.type === "opened" || frame.type === "refused") {
      const pin = instance.get(frame.pin);
      if (pin !== undefined) this.#opening.delete(pin);
    }
    deliver(this, instance, frame);
  }

  pinned(pin: Pin): void {
    const { service, instance, edge } = pin;
    this.#opening.add(pin);
    this.fleet.opened(instance);
    this.events.emit({ type: "pinned", service, instanceId: instance.instanceId, socketId: edge.id });
  }

  unpinned(pin: Pin, cause: UnpinnedCause): void {
    const { service, instance, edge } = pin;
    this.#opening.delete(pin);
    this.fleet.closed(instance);
    this.events.emit({
      type: "unpinned",
      service,
      instanceId: instance.instanceId,
      socketId: edge.id,
      cause,
    });
  }

  suspect({ instanceId }: InstancePins): void {
    this.fleet.suspect(instanceId);
  }

  restored({ instanceId }: InstancePins): void {
    this.fleet.restore(instanceId);
  }

  lost(instance: InstancePins, cause: LinkLostCause): void {
    if (this.#left) return;
    this.fleet.lost(instance, cause);
    instanceLost(this, instance, cause);
  }

  removed(instance: InstancePins): void {
    instanceRemoved(this, instance, "removed");
  }

  #tick(): void {
    this.ticks++;
    this.#announcer.echo.tick();
    this.#checkBus();
    this.fleet.tick();
    this.#endStalled();
    // A bus within the process acknowledges nothing, and loses nothing.
    if (!this.#transport.reliable && this.ticks % ticksFor(1_000) === 0) this.#settleOverdue();
  }

  /** The bus is away when it says so, and also when it says nothing but does not bring back what we announce. */
  #checkBus(): void {
    this.#bus.check();
    this.fleet.setBus(this.#bus.status !== "connected", this.#bus.isDoubtful);
  }

  #settleOverdue(): void {
    const tick = this.ticks - ticksFor(unacknowledgedMs);
    for (const edge of this.sockets.all()) {
      if (edge.openMessages === 0) continue;
      for (const pin of edge.pins) settleOverdue(this, pin, tick);
    }
  }

  #endStalled(): void {
    const nowMs = this.nowMs();
    for (const pin of this.#opening) {
      if (pin.openedAtMs > nowMs - this.options.openTimeoutMs) break;
      settleGivenUp(this, pin);
      pin.instance.end(pin, "open-timeout", ownCloses.instanceLost);
    }
    for (const [edge, sinceMs] of this.sockets.waiting) {
      // Nobody is slow because the bus is away: the time begins anew when it is back.
      if (this.fleet.away) this.sockets.waiting.set(edge, nowMs);
      else if (sinceMs <= nowMs - this.options.stallTimeoutMs) {
        const { status, reason } = ownCloses.serviceTooSlow;
        edge.socket.close(status, reason);
      }
    }
  }
}
