import type { Runtime, Timer } from "velaros-protocol";
import {
  encodeInstanceAnnouncement,
  readGatewayAnnouncement,
  readInstanceAnnouncement,
} from "../directory/announcement-codec.ts";
import { AnnouncementGate } from "../directory/announcement-gate.ts";
import { AnnouncementPace } from "../directory/announcement-pace.ts";
import { hashDescriptor } from "../directory/announcement.ts";
import type {
  GatewayAnnouncement,
  InstanceAnnouncement,
  InstanceDescriptor,
  WireVersions,
} from "../directory/announcement.ts";
import { RouteClaims } from "../directory/claims.ts";
import { GatewayList } from "../directory/gateway-list.ts";
import type { GatewayListEvent } from "../directory/gateway-list.ts";
import { LinkListTurns } from "../directory/link-list-turns.ts";
import type { EventSource } from "../event-source.ts";
import type { ServiceEvent } from "../events.ts";
import * as subjects from "../link/subjects.ts";
import { OwnEcho } from "../own-echo.ts";
import type { Packet, Transport, Unsubscribe } from "../transport/transport.ts";
import type { ServiceSettings } from "./service-options.ts";

/** What an instance says of itself, as it is now. */
export interface InstancePresence {
  readonly service: string;
  readonly instanceId: string;
  readonly epoch: string;
  readonly versions: WireVersions;
  gatewayNames(): readonly string[];
  routes(): readonly string[];
  /** Virtual sockets that are open now, and all that were ever opened. */
  sockets(): { readonly pins: number; readonly opens: number };
  /** How late our event loop runs, in whole milliseconds. */
  lagMs(): number;
  /** Numbers of the open links, by id of the gateway. */
  linkIds(): ReadonlyMap<string, number>;
  /** A gateway says that it lives. */
  heard(gateway: GatewayAnnouncement): void;
  /** Nothing of this gateway process is to be expected any more. */
  gone(gatewayId: string, cause: "goodbye" | "lease-expired" | "new-epoch"): void;
}

/** Tells gateways that this instance lives and what it serves, and watches which of them live. */
export class ServiceAnnouncer {
  /** Whether our own announcements come back to us. */
  readonly echo: OwnEcho;
  readonly #transport: Transport;
  readonly #runtime: Runtime;
  readonly #settings: ServiceSettings;
  readonly #events: EventSource<ServiceEvent>;
  readonly #presence: InstancePresence;
  readonly #subject: string;
  readonly #gateways: GatewayList;
  readonly #gate: AnnouncementGate;
  readonly #claims = new RouteClaims();
  readonly #linkLists = new LinkListTurns();
  readonly #pace: AnnouncementPace;
  #bindings: Unsubscribe[] = [];
  #beat: Timer | undefined;
  #sequence = 0;
  #draining = false;
  /** Of what gateways were told last. */
  #descriptorHash = "";

  constructor(
    transport: Transport,
    settings: ServiceSettings,
    events: EventSource<ServiceEvent>,
    presence: InstancePresence,
  ) {
    this.#transport = transport;
    this.#runtime = settings.runtime;
    this.#settings = settings;
    this.#gate = new AnnouncementGate(
      settings.announcements.maxPerSecond,
      settings.announcements.maxAnnouncers,
    );
    this.#events = events;
    this.#presence = presence;
    this.#subject = subjects.serviceAnnouncement(presence.service, presence.instanceId);
    this.#gateways = new GatewayList(
      {
        versions: presence.versions,
        leaseMs: settings.gatewayLeaseMs,
        maxGateways: settings.maxGateways,
      },
      (event) => this.#tell(event),
    );
    this.echo = new OwnEcho(transport, this.#runtime, this.#subject, () => this.announce(true));
    this.#pace = new AnnouncementPace(this.#runtime, () => {
      if (this.#bindings.length > 0) this.#announceOrReport(true);
    });
  }

  /**
   * Resolves after one round: gateways that are there can route to us.
   *
   * @throws {@link EurusError} (as a rejection) `EURUS_ANNOUNCEMENT_INVALID` when there is more to announce than gateways accept.
   */
  async start(): Promise<void> {
    const { service } = this.#presence;
    this.#bindings = [
      this.#transport.subscribe(subjects.gatewayAnnouncements(), (packet) => this.#hearGateway(packet)),
      this.#transport.subscribe(subjects.serviceAnnouncements(service), (packet) =>
        this.#hearSibling(packet),
      ),
    ];
    await this.#transport.flush();
    await this.echo.round();
    this.#scheduleBeat();
  }

  /**
   * Says what is true now. Returns the number of the announcement.
   *
   * @param complete - Also what changes rarely; said anyway when it has changed.
   * @throws {@link EurusError} `EURUS_ANNOUNCEMENT_INVALID` when there is more to say than gateways accept.
   */
  announce(complete: boolean, goodbye: boolean = false): number {
    const { service, instanceId, epoch, versions } = this.#presence;
    const descriptor = this.#describe();
    const descriptorHash = hashDescriptor(descriptor);
    const tellAll = complete || descriptorHash !== this.#descriptorHash;
    const sequence = this.#sequence + 1;
    const announcement: InstanceAnnouncement = {
      service,
      instanceId,
      epoch,
      sequence,
      versions,
      descriptorHash,
      descriptor: tellAll ? descriptor : undefined,
      draining: this.#draining,
      goodbye,
      ...this.#presence.sockets(),
      lagMs: this.#presence.lagMs(),
      links: this.#linkLists.next(this.#links()),
    };
    const payload = encodeInstanceAnnouncement(this.#subject, announcement, this.#settings.announcements);
    this.#sequence = sequence;
    this.#descriptorHash = descriptorHash;
    this.#transport.publish(this.#subject, payload);
    this.echo.sent(sequence);
    return sequence;
  }

  /**
   * Announces at the end of this turn, behind what links still have to send, or a little later in a crowd; what
   * several gateways ask is said once.
   */
  announceSoon(): void {
    this.#pace.soon();
  }

  /** From now on gateways choose other instances. */
  drain(): void {
    this.#draining = true;
    this.#announceOrReport(false);
  }

  goodbye(): void {
    this.#announceOrReport(false, true);
    this.stop();
  }

  stop(): void {
    this.#beat?.cancel();
    this.#pace.stop();
    for (const unbind of this.#bindings.splice(0)) unbind();
    this.echo.stop();
  }

  /** The bus went away or came back. While it is away no gateway is declared dead. */
  setAway(away: boolean): void {
    if (away) this.#gateways.freeze();
    else this.#gateways.thaw();
  }

  /** A tick of the service's loop has passed. */
  tick(): void {
    this.echo.tick();
    this.#gate.tick();
    this.#gateways.tick();
  }

  #describe(): InstanceDescriptor {
    const now = Date.now();
    return {
      gatewayNames: this.#presence.gatewayNames(),
      routes: this.#presence
        .routes()
        .map((pattern) => ({ pattern, claimedAt: this.#claims.claim(pattern, now) })),
      onInstanceLost: this.#settings.onInstanceLost,
    };
  }

  #links(): ReadonlyMap<string, number> {
    const links = new Map(this.#presence.linkIds());
    for (const { gatewayId } of this.#gateways.gateways()) if (!links.has(gatewayId)) links.set(gatewayId, 0);
    return links;
  }

  /** A router that was given more routes than can be announced must not end the heartbeats. */
  #announceOrReport(complete: boolean, goodbye: boolean = false): void {
    try {
      this.announce(complete, goodbye);
    } catch (error) {
      this.#events.emit({ type: "error", error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #hearSibling(packet: Packet): void {
    const isOwn = packet.subject === this.#subject;
    if (!isOwn && !this.#gate.allows(packet.subject)) return;
    const { announcements } = this.#settings;
    const { announcement } = readInstanceAnnouncement(
      packet.subject,
      packet.payload,
      () => false,
      announcements,
    );
    if (announcement === undefined) return;
    if (isOwn && announcement.epoch === this.#presence.epoch) this.echo.heard(announcement.sequence);
    for (const { pattern, claimedAt } of announcement.descriptor?.routes ?? []) {
      this.#claims.observe(pattern, claimedAt);
    }
  }

  #hearGateway(packet: Packet): void {
    if (!this.#gate.allows(packet.subject)) return;
    const { announcements } = this.#settings;
    const { announcement, problem } = readGatewayAnnouncement(packet.subject, packet.payload, announcements);
    if (announcement === undefined) {
      this.#events.emit({ type: "announcement-refused", subject: packet.subject, problem });
      return;
    }
    const { service, instanceId } = this.#presence;
    for (const claim of announcement.claims) {
      if (claim.service === service) this.#claims.observe(claim.pattern, claim.claimedAt);
    }
    this.#gateways.apply(announcement);
    if (announcement.wanted.includes(instanceId)) this.announceSoon();
  }

  #tell(event: GatewayListEvent): void {
    const { gateway } = event;
    const { gatewayId } = gateway;
    switch (event.type) {
      case "gateway-added":
        this.#events.emit({ type: event.type, gateway: gateway.gateway, gatewayId });
        // A gateway that answers our own announcement knows us already.
        if (gateway.links?.has(this.#presence.instanceId) !== true) this.announceSoon();
        this.#presence.heard(gateway);
        break;
      case "gateway-heard":
        this.#presence.heard(gateway);
        break;
      case "gateway-removed":
        this.#events.emit({ type: event.type, gateway: gateway.gateway, gatewayId, cause: event.cause });
        this.#presence.gone(gatewayId, event.cause);
        break;
    }
  }

  #scheduleBeat(): void {
    this.#beat = this.#runtime.setTimer(this.#settings.heartbeatIntervalMs, () => {
      // Behind what links still have to send, so that totals never count what gateways don't know to be accepted.
      this.#runtime.defer(() => {
        if (this.#bindings.length > 0) this.#announceOrReport(false);
      });
      this.#scheduleBeat();
    });
  }
}
