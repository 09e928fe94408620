import { AnnouncementGate } from "../directory/announcement-gate.ts";
import { readInstanceAnnouncement } from "../directory/announcement-codec.ts";
import type { WireVersions } from "../directory/announcement.ts";
import { Directory } from "../directory/directory.ts";
import type { DirectoryEvent } from "../directory/directory.ts";
import type { Instance } from "../directory/instance.ts";
import type { TakenQuestions } from "../directory/questions.ts";
import type { PinnedClient } from "../directory/route-index.ts";
import type { Route } from "../directory/route.ts";
import type { InstanceName } from "../events.ts";
import * as subjects from "../link/subjects.ts";
import type { Packet } from "../transport/transport.ts";
import type { InstancePins } from "./instance-pins.ts";
import type { KnownInstance } from "./known.ts";
import { PinnedInstances } from "./pinned-instances.ts";
import type { PinnedInstancesOptions } from "./pinned-instances.ts";

/** What a fleet is made of. */
export interface FleetOptions extends PinnedInstancesOptions {
  readonly gatewayName: string;
  readonly versions: WireVersions;
  /** An instance was heard of for the first time, or something is to be asked or told: announce soon. */
  announceSoon(): void;
}

/** The instances that a gateway knows: who is there, which route leads where, who gets the next client. */
export class Fleet {
  /** Those that clients are pinned to. */
  readonly pinned: PinnedInstances;
  readonly #options: FleetOptions;
  readonly #directory: Directory;
  readonly #gate: AnnouncementGate;
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
        maxInstances: settings.maxInstances,
        maxRoutes: settings.maxRoutes,
      },
      (event) => this.#tell(event),
    );
    const { maxPerSecond, maxAnnouncers } = settings.announcements;
    this.#gate = new AnnouncementGate(maxPerSecond, maxAnnouncers);
    this.pinned = new PinnedInstances(options, this.#directory);
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

  /** How many ticks of the gateway's loop have passed. */
  get ticks(): number {
    return this.pinned.ticks;
  }

  /** The instance with the fewest clients among those that serve the route. */
  choose(route: Route, refusedBy: readonly string[]): InstancePins | undefined {
    const chosen = this.#directory.choose(route, refusedBy);
    return chosen === undefined ? undefined : this.pinned.linked(chosen);
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
      this.#options.settings.announcements,
    );
    if (announcement === undefined) {
      this.#options.events.emit({ type: "announcement-refused", subject: packet.subject, problem });
      return;
    }
    this.#directory.apply(announcement);
    this.pinned.announced(announcement);
    if (announcement.links !== undefined) {
      this.#directory.expectGateways(Math.max(1, announcement.links.size));
    }
    if (!this.#directory.questions.isEmpty) this.#options.announceSoon();

    const listeners = this.#listeners.get(announcement.instanceId);
    this.#listeners.delete(announcement.instanceId);
    for (const callback of listeners ?? []) callback();
  }

  /** A tick of the gateway's loop has passed. */
  tick(): void {
    this.pinned.tick();
    this.#gate.tick();
    this.#directory.tick();
  }

  /** The gateway goes: from now on lost links are no news. */
  leave(): void {
    this.pinned.leave();
  }

  /**
   * What the gateway's next announcement has to ask and to tell.
   *
   * @param asked - How many ids of instances it names besides.
   */
  takeQuestions(asked: number): TakenQuestions {
    return this.#directory.questions.take(this.#options.settings.announcements, asked);
  }

  /** The instances that are known, each with the number of the link to it; 0 without one. */
  linkIds(): ReadonlyMap<string, number> {
    const ids = new Map<string, number>();
    for (const { id } of this.#directory.instances()) ids.set(id, this.pinned.get(id)?.link.linkId ?? 0);
    return ids;
  }

  list(): readonly KnownInstance[] {
    return [...this.#directory.instances()].map((instance) => ({
      id: instance.id,
      name: instance.service,
      routes: routesOf(instance),
      draining: instance.isDraining,
      suspect: instance.isSuspect,
      pins: this.pinned.get(instance.id)?.size ?? 0,
    }));
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
        this.pinned.part(event.instance, event.cause);
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

function nameOf({ service, id }: Instance): InstanceName {
  return { service, instanceId: id };
}

function routesOf({ descriptor }: Instance): readonly string[] {
  return descriptor.routes.map(({ pattern }) => pattern);
}
