import type { Timer } from "velaros-protocol";
import { EurusError } from "../errors.ts";
import type { EventSource } from "../event-source.ts";
import type { GatewayEvent, InstanceRemovedCause, UnpinnedCause } from "../events.ts";
import { LinkDialer } from "../link/dialer.ts";
import type { InstanceToGatewayFrame } from "../link/frame.ts";
import { minimumPayloadBytes } from "../link/limits.ts";
import type { LinkLostCause } from "../link/link.ts";
import * as subjects from "../link/subjects.ts";
import type { Packet, Transport, Unsubscribe } from "../transport/transport.ts";
import { GatewayAnnouncer } from "./announcer.ts";
import { deliver } from "./deliver.ts";
import { closeAll, untilSettled } from "./drain.ts";
import type { EdgeSockets } from "./edge-sockets.ts";
import { Fleet } from "./fleet.ts";
import { Forwarder } from "./forward.ts";
import type { GatewaySettings } from "./gateway-options.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { instanceLost } from "./instance-lost.ts";
import { InstancePins } from "./instance-pins.ts";
import type { InstancePinsOwner } from "./instance-pins.ts";
import { decode } from "./interim.ts";
import type { KnownInstance } from "./known.ts";
import type { Pin } from "./pin.ts";
import { settleLost } from "./outcomes.ts";

/** What one run of a gateway gets from the gateway. */
export interface GatewayRunOptions {
  readonly name: string;
  readonly id: string;
  readonly transport: Transport;
  readonly settings: GatewaySettings;
  readonly sockets: EdgeSockets;
  readonly events: EventSource<GatewayEvent>;
}

const tickMs = 250;
const deliveryTimeoutMs = 2_000;

/** A gateway from one start to the stop that follows; the next start makes another one. */
export class GatewayRun implements GatewayParts, InstancePinsOwner {
  readonly options: GatewaySettings;
  readonly sockets: EdgeSockets;
  readonly events: EventSource<GatewayEvent>;
  readonly fleet: Fleet;
  readonly forwarder: Forwarder;
  readonly forwardHeaders: ReadonlySet<string>;
  readonly #name: string;
  readonly #transport: Transport;
  readonly #dialer: LinkDialer;
  readonly #announcer: GatewayAnnouncer;
  readonly #opening = new Set<Pin>();
  readonly #pings = new Map<string, (() => void)[]>();
  #bindings: Unsubscribe[] = [];
  #tick: Timer | undefined;
  #left = false;

  constructor({ name, id, transport, settings, sockets, events }: GatewayRunOptions) {
    const { runtime } = settings;
    const epoch = runtime.randomToken(12);
    this.options = settings;
    this.sockets = sockets;
    this.events = events;
    this.forwardHeaders = settings.forwardHeaders;
    this.#name = name;
    this.#transport = transport;
    this.#dialer = new LinkDialer({
      transport,
      runtime,
      gatewayName: name,
      gatewayId: id,
      gatewayEpoch: epoch,
      onProblem: (error) => events.emit({ type: "error", error }),
    });
    this.#announcer = new GatewayAnnouncer(transport, runtime, settings.heartbeatIntervalMs, {
      gatewayName: name,
      gatewayId: id,
      epoch,
    });
    this.fleet = new Fleet(
      name,
      settings,
      events,
      ({ announcement }) =>
        new InstancePins({ ...announcement, instanceEpoch: announcement.epoch }, this.#dialer, this),
      (instanceId, cause) => this.#instanceGone(instanceId, cause),
    );
    this.forwarder = new Forwarder(this);
  }

  async start(): Promise<void> {
    const { maxPayloadBytes } = this.#transport;
    if (maxPayloadBytes < minimumPayloadBytes) {
      const details = { maxPayloadBytes, minimumBytes: minimumPayloadBytes };
      throw new EurusError("EURUS_PAYLOAD_LIMIT_TOO_SMALL", details);
    }
    this.#dialer.start();
    this.#bindings = [
      this.#transport.subscribe(subjects.serviceAnnouncements(), (packet) => this.#hear(packet)),
      this.#transport.onStatus((status) => {
        this.fleet.reachable = status === "connected";
        this.events.emit({ type: "bus", status });
      }),
    ];
    this.fleet.reachable = this.#transport.status === "connected";
    await this.#announcer.start();
    this.#scheduleTick();
  }

  nowMs(): number {
    return this.options.runtime.nowMs();
  }

  canServePath(path: string): boolean {
    return this.fleet.serviceFor(path) !== undefined;
  }

  services(): readonly KnownInstance[] {
    return this.fleet.list();
  }

  remove(instanceId: string): boolean {
    return this.fleet.drop(instanceId, "removed");
  }

  ping(instanceId: string, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.options.runtime.setTimer(timeoutMs, () => resolve(false));
      const answered = (): void => {
        timer.cancel();
        resolve(true);
      };
      this.#pings.set(instanceId, [...(this.#pings.get(instanceId) ?? []), answered]);
      this.#announcer.announce([instanceId]);
    });
  }

  /** Takes nothing new and lets what began finish. */
  async finish(): Promise<void> {
    this.forwarder.draining = true;
    await untilSettled(this.options.runtime, this.sockets, this.options.drainTimeoutMs);
  }

  closeClients(): Promise<void> {
    return closeAll(this.options.runtime, this.sockets, this.options.closeBatchSize);
  }

  /** Says goodbye once everything else was said. */
  async leave(): Promise<void> {
    await this.#delivered();
    this.#announcer.goodbye();
    await this.#delivered();
    this.abandon();
  }

  /** Lets go of everything at once. */
  abandon(): void {
    this.#left = true;
    this.#tick?.cancel();
    this.#announcer.stop();
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
    this.fleet.opened(instance.instanceId);
    this.events.emit({ type: "pinned", service, instanceId: instance.instanceId, socketId: edge.id });
  }

  unpinned(pin: Pin, cause: UnpinnedCause): void {
    const { service, instance, edge } = pin;
    this.#opening.delete(pin);
    this.fleet.closed(instance.instanceId);
    this.events.emit({
      type: "unpinned",
      service,
      instanceId: instance.instanceId,
      socketId: edge.id,
      cause,
    });
  }

  suspect({ service, instanceId }: InstancePins): void {
    this.fleet.suspect(instanceId, true);
    this.events.emit({ type: "instance-suspect", service, instanceId });
  }

  restored({ service, instanceId }: InstancePins): void {
    this.fleet.suspect(instanceId, false);
    this.events.emit({ type: "instance-restored", service, instanceId });
  }

  lost(instance: InstancePins, cause: LinkLostCause): void {
    if (this.#left) return;
    if (cause === "suspect-timeout") this.fleet.drop(instance.instanceId, "unreachable");
    instanceLost(this, instance, cause);
  }

  #instanceGone(instanceId: string, cause: InstanceRemovedCause): void {
    this.fleet.linkOf(instanceId)?.link.fail(linkCause[cause]);
  }

  #hear(packet: Packet): void {
    const announcement = decode(packet.payload, "service");
    if (typeof announcement === "string") {
      this.events.emit({ type: "announcement-refused", subject: packet.subject, problem: announcement });
      return;
    }
    for (const answered of this.#pings.get(announcement.instanceId) ?? []) answered();
    this.#pings.delete(announcement.instanceId);
    if (this.fleet.hear(announcement)) this.#announcer.announce();
  }

  #scheduleTick(): void {
    this.#tick = this.options.runtime.setTimer(tickMs, () => {
      this.fleet.tick();
      this.#endStalled();
      this.#scheduleTick();
    });
  }

  #endStalled(): void {
    const nowMs = this.nowMs();
    for (const pin of this.#opening) {
      if (pin.openedAtMs > nowMs - this.options.openTimeoutMs) break;
      settleLost(this, pin);
      pin.instance.end(pin, "open-timeout", {
        status: 1001,
        reason: "Service unreachable",
        source: "server",
      });
    }
    for (const [edge, sinceMs] of this.sockets.waiting) {
      if (sinceMs <= nowMs - this.options.stallTimeoutMs)
        edge.socket.close(1013, "Service is not keeping up");
    }
  }

  /** Resolves when what was said so far has reached the bus, or can't. */
  #delivered(): Promise<void> {
    const { runtime } = this.options;
    return new Promise((resolve) => {
      const timer = runtime.setTimer(deliveryTimeoutMs, resolve);
      const done = (): void => {
        timer.cancel();
        resolve();
      };
      // Links write at the end of the turn; what they write has to be in front of the flush.
      runtime.defer(() => this.#transport.flush().then(done, done));
    });
  }
}

const linkCause: { readonly [Cause in InstanceRemovedCause]: LinkLostCause } = {
  goodbye: "goodbye",
  "lease-expired": "lease-expired",
  "new-epoch": "new-epoch",
  removed: "removed",
  "not-for-us": "removed",
  unreachable: "suspect-timeout",
};
