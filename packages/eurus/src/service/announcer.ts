import { decode, encode } from "../gateway/interim.ts";
import type { EventSource } from "../event-source.ts";
import type { ServiceEvent } from "../events.ts";
import * as subjects from "../link/subjects.ts";
import { Rounds } from "../rounds.ts";
import type { Packet, Transport, Unsubscribe } from "../transport/transport.ts";
import type { Runtime, Timer } from "velaros-protocol";
import type { ServiceSettings } from "./service-options.ts";

/** What an instance says of itself, as it is now. */
export interface Presence {
  readonly service: string;
  readonly instanceId: string;
  readonly epoch: string;
  gatewayNames(): readonly string[];
  routes(): readonly string[];
  pins(): number;
  /** The gateway process is gone: nothing of it is to be expected any more. */
  gatewayGone(gatewayId: string): void;
}

interface KnownGateway {
  readonly name: string;
  epoch: string;
  heardMs: number;
}

const tickMs = 250;

/** Tells gateways that this instance lives and what it serves, and watches which gateways live. */
export class ServiceAnnouncer {
  readonly #transport: Transport;
  readonly #runtime: Runtime;
  readonly #settings: ServiceSettings;
  readonly #events: EventSource<ServiceEvent>;
  readonly #presence: Presence;
  readonly #rounds = new Rounds();
  readonly #gateways = new Map<string, KnownGateway>();
  #bindings: Unsubscribe[] = [];
  #beat: Timer | undefined;
  #tick: Timer | undefined;
  #state: "up" | "draining" | "gone" = "up";

  constructor(
    transport: Transport,
    settings: ServiceSettings,
    events: EventSource<ServiceEvent>,
    presence: Presence,
  ) {
    this.#transport = transport;
    this.#runtime = settings.runtime;
    this.#settings = settings;
    this.#events = events;
    this.#presence = presence;
  }

  async start(): Promise<void> {
    const { service, instanceId } = this.#presence;
    this.#bindings = [
      this.#transport.subscribe(subjects.gatewayAnnouncements(), (packet) => this.#hear(packet)),
      this.#transport.subscribe(subjects.serviceAnnouncement(service, instanceId), (packet) =>
        this.#hearSelf(packet),
      ),
    ];
    await this.#transport.flush();
    await this.#rounds.until(this.announce());
    await this.#rounds.until(this.announce());
    this.#scheduleBeat();
    this.#scheduleTick();
  }

  /** Says what is true now. */
  announce(): number {
    const round = this.#rounds.next();
    const { service, instanceId, epoch } = this.#presence;
    this.#transport.publish(
      subjects.serviceAnnouncement(service, instanceId),
      encode({
        kind: "service",
        service,
        instanceId,
        epoch,
        state: this.#state,
        gatewayNames: this.#presence.gatewayNames(),
        routes: this.#presence.routes(),
        onInstanceLost: this.#settings.onInstanceLost,
        pins: this.#presence.pins(),
        round,
      }),
    );
    return round;
  }

  draining(): void {
    this.#state = "draining";
    this.announce();
  }

  goodbye(): void {
    this.#state = "gone";
    this.announce();
    this.stop();
  }

  stop(): void {
    this.#beat?.cancel();
    this.#tick?.cancel();
    for (const unbind of this.#bindings.splice(0)) unbind();
    this.#gateways.clear();
  }

  #hearSelf(packet: Packet): void {
    const announcement = decode(packet.payload, "service");
    if (typeof announcement !== "string") this.#rounds.heard(announcement.round);
  }

  #hear(packet: Packet): void {
    const announcement = decode(packet.payload, "gateway");
    if (typeof announcement === "string") {
      this.#events.emit({ type: "announcement-refused", subject: packet.subject, problem: announcement });
      return;
    }
    const { gatewayId, gatewayName, epoch, state, wants } = announcement;
    const known = this.#gateways.get(gatewayId);
    if (state === "gone") {
      if (known !== undefined) this.#remove(gatewayId, known, "goodbye");
      return;
    }
    if (known !== undefined && known.epoch !== epoch) this.#remove(gatewayId, known, "new-epoch");
    const isNew = !this.#gateways.has(gatewayId);
    this.#gateways.set(gatewayId, { name: gatewayName, epoch, heardMs: this.#runtime.nowMs() });
    if (isNew) this.#events.emit({ type: "gateway-added", gateway: gatewayName, gatewayId });
    if (isNew || wants.includes(this.#presence.instanceId)) this.announce();
  }

  #remove(gatewayId: string, known: KnownGateway, cause: "goodbye" | "lease-expired" | "new-epoch"): void {
    this.#gateways.delete(gatewayId);
    this.#events.emit({ type: "gateway-removed", gateway: known.name, gatewayId, cause });
    this.#presence.gatewayGone(gatewayId);
  }

  #scheduleBeat(): void {
    this.#beat = this.#runtime.setTimer(this.#settings.heartbeatIntervalMs, () => {
      this.announce();
      this.#scheduleBeat();
    });
  }

  #scheduleTick(): void {
    this.#tick = this.#runtime.setTimer(Math.min(tickMs, this.#settings.gatewayLeaseMs / 4), () => {
      const endMs = this.#runtime.nowMs() - this.#settings.gatewayLeaseMs;
      for (const [gatewayId, known] of this.#gateways) {
        if (known.heardMs < endMs) this.#remove(gatewayId, known, "lease-expired");
      }
      this.#scheduleTick();
    });
  }
}
