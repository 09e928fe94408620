import type { ConnectionInfo, ConnectionInlet, ConnectionOutlet, ConnectOptions } from "velaros";
import type { Runtime } from "velaros-protocol";
import { Backlog } from "../backlog.ts";
import { ownCloses } from "../close-reasons.ts";
import { BusWatch } from "../bus-watch.ts";
import type { GatewayAnnouncement } from "../directory/announcement.ts";
import { tickMs } from "../directory/leases.ts";
import { startTicks } from "../directory/ticker.ts";
import { leaveBus } from "../delivery.ts";
import type { EventSource } from "../event-source.ts";
import type { ServiceEvent } from "../events.ts";
import { LinkAcceptor } from "../link/acceptor.ts";
import type { InstanceLink, LinkLostCause } from "../link/link.ts";
import { checkPayloadLimit } from "../link/payload-limit.ts";
import type { Transport, TransportStatus } from "../transport/transport.ts";
import { wireVersions } from "../wire-versions.ts";
import { ServiceAnnouncer } from "./announcer.ts";
import { drain } from "./drain.ts";
import { GatewayPins } from "./gateway-pins.ts";
import type { GatewayPinsHost } from "./gateway-pins.ts";
import type { RouterSetup } from "./router-setup.ts";
import type { ServiceSettings } from "./service-options.ts";
import type { VirtualConnection } from "./virtual-connection.ts";

/** What one run of a service gets from the service. */
export interface ServiceRunOptions {
  readonly name: string;
  readonly id: string;
  readonly transport: Transport;
  readonly settings: ServiceSettings;
  readonly events: EventSource<ServiceEvent>;
  readonly setup: RouterSetup;
  /** Told of each error that no handler dealt with. */
  readonly onError: ((error: Error) => void) | undefined;
  gatewayNames(): readonly string[];
}

/** A service from one start to the stop that follows; the next start makes another one. */
export class ServiceRun implements GatewayPinsHost {
  readonly runtime: Runtime;
  readonly events: EventSource<ServiceEvent>;
  readonly maxSockets: number;
  readonly backlog: Backlog<VirtualConnection>;
  socketCount = 0;
  opens = 0;
  draining = false;
  readonly #options: ServiceRunOptions;
  readonly #connectOptions: ConnectOptions;
  readonly #links: LinkAcceptor;
  readonly #announcer: ServiceAnnouncer;
  readonly #pins = new Set<GatewayPins>();
  #stopTicks: (() => void) | undefined;
  readonly #bus: BusWatch;
  #tickedAtMs = 0;
  #lagMs = 0;

  constructor(options: ServiceRunOptions) {
    const { name, id, transport, settings, events, setup, onError } = options;
    this.#options = options;
    this.#connectOptions = {
      publicOnly: true,
      allowsPath: (path) => setup.allows(path),
      beforeWaiting: () => this.#links.checkStandstill(),
      onError,
    };
    this.runtime = settings.runtime;
    this.events = events;
    this.maxSockets = settings.maxSockets;
    this.backlog = new Backlog(settings.maxBacklogBytes, (connection) => {
      const { status, reason, source } = ownCloses.busyHandlersBacklog;
      connection.end(status, reason, source);
    });
    const epoch = this.runtime.randomToken(12);
    this.#links = new LinkAcceptor({
      transport,
      runtime: this.runtime,
      service: name,
      instanceId: id,
      instanceEpoch: epoch,
      accept: (link) => this.#accept(link),
      // Nobody waits here for news of a gateway, and one that reconnects to the bus is away for a moment: its lease
      // decides, so that its clients keep their pins.
      limits: { suspectMs: settings.gatewayLeaseMs, suspectAfterReconnectMs: settings.gatewayLeaseMs },
      onProblem: (error) => events.emit({ type: "error", error }),
    });
    this.#announcer = new ServiceAnnouncer(transport, settings, events, {
      service: name,
      instanceId: id,
      epoch,
      versions: wireVersions,
      gatewayNames: () => options.gatewayNames(),
      routes: () => setup.routes().map(({ pattern }) => pattern),
      sockets: () => ({ pins: this.socketCount, opens: this.opens }),
      lagMs: () => this.#lagMs,
      linkIds: () => this.#linkIds(),
      heard: (gateway) => this.#heard(gateway),
      gone: (gatewayId, cause) => this.#gone(gatewayId, cause),
    });
    this.#bus = new BusWatch({
      transport,
      runtime: this.runtime,
      echo: this.#announcer.echo,
      onStatus: (status) => events.emit({ type: "bus", status }),
      onError: (error) => events.emit({ type: "error", error }),
    });
  }

  async start(): Promise<void> {
    checkPayloadLimit(this.#options.transport);
    this.#links.start();
    this.#bus.start(() => this.#checkBus());
    await this.#announcer.start();
    this.#tickedAtMs = this.runtime.nowMs();
    this.#stopTicks = startTicks(this.runtime, () => this.#tick());
  }

  get busStatus(): TransportStatus {
    return this.#bus.status;
  }

  /** What gateways may know has changed. */
  announceChange(): void {
    this.#announcer.announceSoon();
  }

  async stop(): Promise<void> {
    const { settings, transport } = this.#options;
    this.draining = true;
    this.events.emit({ type: "draining" });
    this.#announcer.drain();
    const connections = [...this.#pins].flatMap((pins) => [...pins.connections]);
    await drain(connections, {
      runtime: this.runtime,
      timeoutMs: settings.drainTimeoutMs,
      keepClients: settings.onInstanceLost === "repin",
    });
    await leaveBus(transport, this.runtime, this.#links.links(), () => this.#announcer.goodbye());
    this.abandon();
  }

  /** Lets go of everything at once. */
  abandon(): void {
    this.#stopTicks?.();
    this.#bus.stop();
    this.#announcer.stop();
    this.#links.stop();
  }

  connect(info: ConnectionInfo, outlet: ConnectionOutlet): ConnectionInlet {
    return this.#options.setup.router.connect(info, outlet, this.#connectOptions);
  }

  admits(gatewayName: string): boolean {
    const names = this.#options.gatewayNames();
    return names.length === 0 || names.includes(gatewayName);
  }

  speaks(codec: string): boolean {
    const known = this.#options.setup.router.codecNames();
    // A service without any codec reads the bytes by itself.
    return known.length === 0 || known.includes(codec);
  }

  gone(pins: GatewayPins): void {
    this.#pins.delete(pins);
  }

  #accept(link: InstanceLink): GatewayPins {
    const pins = new GatewayPins(link, this);
    this.#pins.add(pins);
    return pins;
  }

  #linkIds(): ReadonlyMap<string, number> {
    return new Map([...this.#pins].map(({ link }) => [link.identity.gatewayId, link.linkId]));
  }

  #heard({ gatewayId, epoch, links }: GatewayAnnouncement): void {
    if (links === undefined) return;
    for (const pins of this.#pins) {
      const { identity } = pins.link;
      if (identity.gatewayId !== gatewayId || identity.gatewayEpoch !== epoch) continue;
      pins.heartbeat(links.get(this.#options.id) === identity.linkId);
    }
  }

  #gone(gatewayId: string, cause: LinkLostCause): void {
    for (const { link } of this.#pins) {
      if (link.identity.gatewayId === gatewayId) link.fail(cause);
    }
  }

  #tick(): void {
    const nowMs = this.runtime.nowMs();
    this.#lagMs = Math.max(0, Math.round(nowMs - this.#tickedAtMs - tickMs));
    this.#tickedAtMs = nowMs;
    this.#announcer.tick();
    this.#checkBus();
  }

  /** As the gateway does it: leases also rest when our own announcements don't come back. */
  #checkBus(): void {
    this.#bus.check();
    this.#announcer.setAway(this.#bus.isDoubtful);
  }
}
