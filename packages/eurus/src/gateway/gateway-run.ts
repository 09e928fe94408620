import { Backlog } from "../backlog.ts";
import { BusWatch } from "../bus-watch.ts";
import { ownCloses } from "../close-reasons.ts";
import { ticksFor } from "../directory/leases.ts";
import { startTicks } from "../directory/ticker.ts";
import { leaveBus } from "../delivery.ts";
import type { EventSource } from "../event-source.ts";
import type { GatewayEvent } from "../events.ts";
import { LinkDialer } from "../link/dialer.ts";
import { checkPayloadLimit } from "../link/payload-limit.ts";
import * as subjects from "../link/subjects.ts";
import type { Transport, TransportStatus, Unsubscribe } from "../transport/transport.ts";
import { wireVersions } from "../wire-versions.ts";
import { GatewayAnnouncer } from "./announcer.ts";
import { pathProblem } from "./canonical-path.ts";
import { ClientDeliverer } from "./deliver.ts";
import { closeAll, untilSettled } from "./drain.ts";
import type { EdgeSocket } from "./edge-socket.ts";
import type { EdgeSockets } from "./edge-sockets.ts";
import { Fleet } from "./fleet.ts";
import { Forwarder } from "./forward.ts";
import type { GatewaySettings } from "./gateway-options.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { instanceLost, instanceRemoved } from "./instance-lost.ts";
import { closeStalled, endUnopened, settleUnacknowledged } from "./overdue.ts";

/** What one run of a gateway gets from the gateway. */
export interface GatewayRunOptions {
  readonly name: string;
  readonly id: string;
  readonly transport: Transport;
  readonly settings: GatewaySettings;
  readonly sockets: EdgeSockets;
  readonly events: EventSource<GatewayEvent>;
}

/**
 * A gateway from one start to the stop that follows; the next start makes another one. Puts the parts together and
 * keeps their time:
 *
 * - A message of a client goes {@link Forwarder} → {@link Fleet}, which knows its route and instance → `Pin` → link.
 * - What a service says goes link → `InstancePins`, which knows the pin → {@link ClientDeliverer} → the client's socket.
 * - Who loses an instance comes here, and goes to `instance-lost.ts`; who waits too long is found by `overdue.ts`.
 */
export class GatewayRun implements GatewayParts {
  readonly options: GatewaySettings;
  readonly sockets: EdgeSockets;
  readonly events: EventSource<GatewayEvent>;
  readonly fleet: Fleet;
  readonly forwarder: Forwarder;
  readonly #transport: Transport;
  readonly #dialer: LinkDialer;
  readonly #announcer: GatewayAnnouncer;
  readonly #bus: BusWatch;
  #bindings: Unsubscribe[] = [];
  #stopTicks: (() => void) | undefined;

  constructor({ name, id, transport, settings, sockets, events }: GatewayRunOptions) {
    const { runtime } = settings;
    const epoch = runtime.randomToken(12);
    this.options = settings;
    this.sockets = sockets;
    this.events = events;
    this.#transport = transport;
    this.#dialer = new LinkDialer({
      transport,
      runtime,
      gatewayName: name,
      gatewayId: id,
      gatewayEpoch: epoch,
      onProblem: (error) => events.emit({ type: "error", error }),
    });
    this.forwarder = new Forwarder(this);
    const backlog = new Backlog<EdgeSocket>(settings.maxBacklogBytes, ({ socket }) => {
      const { status, reason } = ownCloses.slowClientsBacklog;
      socket.close(status, reason);
    });
    this.fleet = new Fleet({
      gatewayName: name,
      gatewayId: id,
      versions: wireVersions,
      settings,
      events,
      dialer: this.#dialer,
      deliverer: new ClientDeliverer(this, this.forwarder, backlog),
      lost: (instance, cause) => instanceLost(this, this.forwarder, instance, cause),
      removed: (instance) => instanceRemoved(this, instance, "removed"),
      announceSoon: () => this.#announcer.announceSoon(),
    });
    this.#announcer = new GatewayAnnouncer(transport, runtime, settings.heartbeatIntervalMs, {
      gatewayName: name,
      gatewayId: id,
      epoch,
      versions: wireVersions,
      limits: settings.announcements,
      linkIds: () => this.fleet.linkIds(),
      takeQuestions: (asked) => this.fleet.takeQuestions(asked),
      onProblem: (error) => events.emit({ type: "error", error }),
    });
    this.#bus = new BusWatch({
      transport,
      runtime,
      echo: this.#announcer.echo,
      onStatus: (status) => events.emit({ type: "bus", status }),
      onError: (error) => events.emit({ type: "error", error }),
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

  canServePath(path: string): boolean {
    return pathProblem(path, this.options) === undefined && this.fleet.canServe(path);
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
    this.fleet.leave();
    this.#stopTicks?.();
    this.#announcer.stop();
    this.#bus.stop();
    for (const unbind of this.#bindings.splice(0)) unbind();
    this.#dialer.stop();
  }

  #tick(): void {
    this.#announcer.echo.tick();
    this.#checkBus();
    this.fleet.tick();
    endUnopened(this);
    closeStalled(this);
    // A bus within the process acknowledges nothing, and loses nothing.
    if (!this.#transport.reliable && this.fleet.ticks % ticksFor(1_000) === 0) settleUnacknowledged(this);
  }

  /** The bus is away when it says so, and also when it says nothing but does not bring back what we announce. */
  #checkBus(): void {
    this.#bus.check();
    this.fleet.setBus(this.#bus.status !== "connected", this.#bus.isDoubtful);
  }
}
