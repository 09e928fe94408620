import { AnnouncementGate } from "../directory/announcement-gate.ts";
import { readInstanceAnnouncement } from "../directory/announcement-codec.ts";
import type { InstanceAnnouncement, WireVersions } from "../directory/announcement.ts";
import { Directory } from "../directory/directory.ts";
import type { DirectoryEvent } from "../directory/directory.ts";
import type { Instance } from "../directory/instance.ts";
import type { PinnedClient } from "../directory/route-index.ts";
import type { Route } from "../directory/route.ts";
import type { EventSource } from "../event-source.ts";
import type { GatewayEvent, InstanceRemovedCause } from "../events.ts";
import type { LinkDialer } from "../link/dialer.ts";
import type { LinkLostCause } from "../link/link.ts";
import * as subjects from "../link/subjects.ts";
import type { Packet } from "../transport/transport.ts";
import type { GatewaySettings } from "./gateway-options.ts";
import { InstancePins } from "./instance-pins.ts";
import type { InstancePinsOwner } from "./instance-pins.ts";
import type { KnownInstance } from "./known.ts";

/** What a fleet is made of. */
export interface FleetOptions {
  readonly gatewayName: string;
  readonly gatewayId: string;
  readonly versions: WireVersions;
  readonly settings: GatewaySettings;
  readonly events: EventSource<GatewayEvent>;
  readonly dialer: LinkDialer;
  readonly owner: InstancePinsOwner;
  /** An instance was heard of for the first time, or something is to be asked or told: announce soon. */
  announceSoon(): void;
}

/** The instances that a gateway knows, and its links to them. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #directory: Directory;
  readonly #gate = new AnnouncementGate();
  readonly #links = new Map<string, InstancePins>();
  readonly #listeners = new Map<string, Set<() => void>>();
  #away = false;
  #doubtful = false;

  constructor(options: FleetOptions) {
    const { gatewayName, versions, settings } = options;
    this.#options = options;
    this.#directory = new Directory(
      {
        gatewayName,
        versions,
        random: () => settings.runtime.random(),
        owners: settings.routeOwners,
        leaseMs: settings.instanceLeaseMs,
      },
      (event) => this.#tell(event),
    );
  }

  /** Whether the bus is away, and with it everybody on it. */
  get away(): boolean {
    return this.#away;
  }

  /**
   * The bus went away or came back, or may be about to.
   *
   * @param isDoubtful - Nobody is declared dead while it is away, nor while it may be.
   */
  setBus(away: boolean, isDoubtful: boolean): void {
    this.#away = away;
    this.#doubtful = isDoubtful;
    if (away || isDoubtful) this.#directory.freeze();
    else this.#directory.thaw();
  }

  /** The route that a message takes; a withdrawn one when nobody serves the path any more but somebody just did. */
  resolve(path: string, client?: PinnedClient): Route | undefined {
    return this.#directory.resolve(path, client);
  }

  canServe(path: string): boolean {
    return this.#directory.canServe(path);
  }

  /** The instance with the fewest clients among those that serve the route. */
  choose(route: Route, refusedBy: readonly string[]): InstancePins | undefined {
    const candidates = route.candidates().filter(({ id }) => !refusedBy.includes(id));
    const chosen = this.#directory.balancer(route.service)?.choose(candidates);
    return chosen === undefined ? undefined : this.#linkTo(chosen);
  }

  opened({ instance }: InstancePins): void {
    this.#directory.balancer(instance.service)?.opened(instance.load);
  }

  closed({ instance }: InstancePins): void {
    this.#directory.balancer(instance.service)?.closed(instance.load);
  }

  suspect(instanceId: string): void {
    this.#directory.suspect(instanceId);
  }

  restore(instanceId: string): void {
    this.#directory.restore(instanceId);
  }

  /** The link to an instance is lost. Only one that answers nobody is given up altogether. */
  lost(pins: InstancePins, cause: LinkLostCause): void {
    // A link that was given up before says nothing about the instance that may have come after it.
    if (this.#links.get(pins.instanceId) !== pins) return;
    this.#links.delete(pins.instanceId);
    if (cause === "suspect-timeout") this.#directory.lose(pins.instanceId);
    // The suspicion was this link's, which nobody can restore any more.
    else this.#directory.restore(pins.instanceId);
  }

  /**
   * Takes an instance out by the operator's wish. Refused while the bus is away, or may be: whoever found that the
   * instance does not answer then knows nothing of it, and its clients would be closed for nothing.
   */
  remove(instanceId: string): boolean {
    if (this.#away || this.#doubtful) return false;
    if (this.#directory.instance(instanceId) === undefined) return false;
    return this.#directory.remove(instanceId).length > 0;
  }

  /** Calls back, once, at the next announcement of the instance. Returns what takes that back. */
  onceHeard(instanceId: string, callback: () => void): () => void {
    const listeners = this.#listeners.get(instanceId) ?? new Set();
    this.#listeners.set(instanceId, listeners.add(callback));
    return () => {
      if (listeners.delete(callback) && listeners.size === 0) this.#listeners.delete(instanceId);
    };
  }

  /** Takes an announcement from the bus. */
  hear(packet: Packet): void {
    if (!this.#gate.allows(packet.subject)) return;
    const { announcement, problem } = readInstanceAnnouncement(
      packet.subject,
      packet.payload,
      (instanceId, epoch, hash) => this.#directory.isDescribed(instanceId, epoch, hash),
    );
    if (announcement === undefined) {
      this.#options.events.emit({ type: "announcement-refused", subject: packet.subject, problem });
      return;
    }
    this.#directory.apply(announcement);
    this.#checkLink(announcement);
    if (announcement.links !== undefined) {
      this.#directory.expectGateways(Math.max(1, announcement.links.size));
    }
    if (this.#directory.hasQuestions) this.#options.announceSoon();

    const listeners = this.#listeners.get(announcement.instanceId);
    this.#listeners.delete(announcement.instanceId);
    for (const callback of listeners ?? []) callback();
  }

  /** A tick of the gateway's loop has passed. */
  tick(): void {
    this.#gate.tick();
    this.#directory.tick();
  }

  /** What the gateway's next announcement has to ask and to tell. */
  takeQuestions(): {
    readonly wanted: readonly string[];
    readonly claims: ReturnType<Directory["takeClaims"]>;
  } {
    return { wanted: this.#directory.takeWanted(), claims: this.#directory.takeClaims() };
  }

  /** The instances that are known, each with the number of the link to it; 0 without one. */
  linkIds(): ReadonlyMap<string, number> {
    const ids = new Map<string, number>();
    for (const { id } of this.#directory.instances()) ids.set(id, this.#links.get(id)?.link.linkId ?? 0);
    return ids;
  }

  list(): readonly KnownInstance[] {
    return [...this.#directory.instances()].map((instance) => ({
      id: instance.id,
      name: instance.service,
      routes: routesOf(instance),
      draining: instance.isDraining,
      suspect: instance.isSuspect,
      pins: this.#links.get(instance.id)?.size ?? 0,
    }));
  }

  #linkTo(instance: Instance): InstancePins {
    const known = this.#links.get(instance.id);
    if (known !== undefined && known.link.state !== "lost") return known;
    const pins = new InstancePins(instance, this.#options.dialer, this.#options.owner);
    this.#links.set(instance.id, pins);
    return pins;
  }

  /** An instance that twice does not name a link which it once answered on has lost it. */
  #checkLink(announcement: InstanceAnnouncement): void {
    const instance = this.#directory.instance(announcement.instanceId);
    const pins = this.#links.get(announcement.instanceId);
    // Late copies and other epochs say nothing about the link.
    if (pins === undefined || instance?.announcement !== announcement || pins.instance !== instance) return;
    // What was opened and is not yet accepted can't be in the totals that the instance just told.
    this.#directory.balancer(pins.service)?.pending(instance.load, pins.opening);
    if (announcement.links === undefined) return;
    pins.heartbeat(announcement.links.get(this.#options.gatewayId) === pins.link.linkId);
  }

  #part({ id }: Instance, cause: InstanceRemovedCause): void {
    const pins = this.#links.get(id);
    if (pins === undefined) return;
    if (cause === "removed" || cause === "not-for-us" || cause === "incompatible") {
      this.#links.delete(id);
      this.#options.owner.removed(pins);
    } else {
      pins.link.fail(linkCauses[cause]);
    }
  }

  #tell(event: DirectoryEvent): void {
    const { events } = this.#options;
    switch (event.type) {
      case "instance-added":
        events.emit({ type: event.type, ...nameOf(event.instance), routes: routesOf(event.instance) });
        this.#options.announceSoon();
        break;
      case "instance-changed":
        events.emit({ type: event.type, ...nameOf(event.instance), routes: routesOf(event.instance) });
        break;
      case "instance-draining":
      case "instance-suspect":
      case "instance-restored":
        events.emit({ type: event.type, ...nameOf(event.instance) });
        break;
      case "instance-removed":
        events.emit({ type: event.type, ...nameOf(event.instance), cause: event.cause });
        this.#part(event.instance, event.cause);
        break;
      case "route-conflict":
        events.emit(event);
        break;
      case "announcement-refused": {
        const subject = subjects.serviceAnnouncement(event.service, event.instanceId);
        events.emit({ type: event.type, subject, problem: event.problem });
        break;
      }
    }
  }
}

const linkCauses = {
  goodbye: "goodbye",
  "lease-expired": "lease-expired",
  "new-epoch": "new-epoch",
  unreachable: "suspect-timeout",
} as const satisfies Partial<Record<InstanceRemovedCause, LinkLostCause>>;

function nameOf({ service, id }: Instance): { readonly service: string; readonly instanceId: string } {
  return { service, instanceId: id };
}

function routesOf({ descriptor }: Instance): readonly string[] {
  return descriptor.routes.map(({ pattern }) => pattern);
}
