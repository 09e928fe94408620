import type { InstanceRemovedCause } from "../events.ts";
import { areCompatible, type InstanceAnnouncement, type InstanceDescriptor } from "./announcement.ts";
import { Balancer } from "./balancer.ts";
import type { DirectoryEvent } from "./directory-event.ts";
import type { DirectoryOptions } from "./directory-options.ts";
import { IgnoredInstances } from "./ignored-instances.ts";
import { Instance } from "./instance.ts";
import { Leases, ticksFor } from "./leases.ts";
import { Questions } from "./questions.ts";
import { type PinnedClient, RouteIndex } from "./route-index.ts";
import type { Route } from "./route.ts";
import { Tombstones } from "./tombstones.ts";

export type { DirectoryEvent } from "./directory-event.ts";
export type { DirectoryOptions } from "./directory-options.ts";

/** After a goodbye or a new epoch, late announcements of the old one are recognised for this long. */
const closedEpochMs = 60_000;

/**
 * Which instances exist and what they serve, from what they announce. Synchronous and without a clock: time passes
 * by {@link Directory.tick}.
 */
export class Directory {
  /** What to ask instances and to tell them. */
  readonly questions: Questions = new Questions();
  readonly #options: DirectoryOptions;
  readonly #tell: (event: DirectoryEvent) => void;
  readonly #instances = new Map<string, Instance>();
  readonly #balancers = new Map<string, { readonly balancer: Balancer; instances: number }>();
  readonly #routes: RouteIndex;
  readonly #leases: Leases<string>;
  readonly #tombstones = new Tombstones();
  readonly #ignored: IgnoredInstances;
  #tick = 0;
  #liveGateways = 1;

  constructor(options: DirectoryOptions, tell: (event: DirectoryEvent) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#routes = new RouteIndex(options.owners ?? {}, (conflict) => {
      tell({ type: "route-conflict", ...conflict });
    });
    const leaseMs = options.leaseMs ?? 5_000;
    this.#leases = new Leases(leaseMs);
    this.#ignored = new IgnoredInstances(leaseMs, options.maxInstances ?? 10_000);
  }

  /** All instances that are known, draining and suspect ones included. */
  instances(): Iterable<Instance> {
    return this.#instances.values();
  }

  instance(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  /** The balancer of a service that has instances. */
  balancer(service: string): Balancer | undefined {
    return this.#balancers.get(service)?.balancer;
  }

  /**
   * The route that a message to `path` takes. `isWithdrawn` tells that nobody serves it any more, but somebody did
   * until a moment ago.
   *
   * @param client - Services that it is pinned to already are preferred among equally specific routes.
   */
  resolve(path: string, client?: PinnedClient): Route | undefined {
    return this.#routes.resolve(path, client);
  }

  /**
   * The instance for a new pin: of those that serve the route, the one with the fewest sockets in the cluster.
   *
   * @param refusedBy - Ids of instances that have refused already.
   */
  choose(route: Route, refusedBy: readonly string[] = []): Instance | undefined {
    const candidates = route.candidates().filter(({ id }) => !refusedBy.includes(id));
    return this.balancer(route.service)?.choose(candidates);
  }

  /** Whether somebody serves `path` right now. */
  canServe(path: string): boolean {
    return this.#routes.resolve(path)?.isWithdrawn === false;
  }

  /** Whether the descriptor with this hash has been taken in, from this start of the instance. */
  isDescribed(instanceId: string, epoch: string, descriptorHash: string): boolean {
    const instance = this.#instances.get(instanceId);
    return instance?.epoch === epoch && instance.descriptorHash === descriptorHash;
  }

  /** Takes in one announcement that has been read and checked. */
  apply(announcement: InstanceAnnouncement): void {
    const { instanceId: id, service, epoch } = announcement;
    const known = this.#instances.get(id);
    if (known !== undefined && known.service !== service) {
      this.#ignore(announcement, `the id belongs to an instance of the service "${known.service}"`);
      return;
    }
    if (this.#tombstones.has(id, epoch, this.#tick) || known?.pastEpochs.includes(epoch) === true) return;
    if (known?.epoch === epoch && announcement.sequence <= known.announcement.sequence) return;
    if (announcement.goodbye) {
      this.#tombstones.add(id, epoch, this.#tick + ticksFor(closedEpochMs));
      if (known !== undefined) this.#remove(known, "goodbye");
      return;
    }
    const isSameEpoch = known?.epoch === epoch;
    const descriptor = announcement.descriptor ?? (isSameEpoch ? known.descriptor : undefined);
    if (known !== undefined && !isSameEpoch) {
      this.#tombstones.add(id, known.epoch, this.#tick + ticksFor(closedEpochMs));
      this.#remove(known, "new-epoch");
    }
    if (this.#ignored.has(announcement)) return;
    if (descriptor === undefined) {
      this.questions.want(id);
      return;
    }
    const problem = this.#problemWith(announcement, isSameEpoch);
    if (problem !== undefined || !this.#isForUs(descriptor)) {
      if (isSameEpoch) this.#remove(known, "not-for-us");
      this.#ignore(announcement, problem);
      return;
    }
    if (isSameEpoch) this.#refresh(known, announcement);
    else this.#add(new Instance(announcement, descriptor, known));
  }

  /**
   * A tick of the owner's loop (250 ms) has passed. Ends leases, and forgets what was kept for a while.
   */
  tick(): void {
    this.#tick += 1;
    for (const id of this.#leases.tick()) {
      const instance = this.#instances.get(id);
      if (instance !== undefined) this.#remove(instance, "lease-expired");
    }
    this.#ignored.tick();
    this.#routes.forget(this.#tick - ticksFor(this.#options.withdrawnMs ?? 10_000));
    this.#tombstones.expire(this.#tick);
  }

  /** The bus is away: nobody is declared dead until it has been back for a while. */
  freeze(): void {
    this.#leases.freeze();
  }

  /** The bus is back. */
  thaw(): void {
    this.#leases.thaw();
  }

  /** How many gateways are alive, this one included: the balancers' first guess. */
  expectGateways(liveGateways: number): void {
    this.#liveGateways = liveGateways;
    for (const { balancer } of this.#balancers.values()) balancer.expectGateways(liveGateways);
  }

  /** The bus found nobody at the instance: it takes no new pins until {@link restore}. */
  suspect(id: string): void {
    const instance = this.#instances.get(id);
    if (instance === undefined || instance.isSuspect) return;
    instance.isSuspect = true;
    this.#tell({ type: "instance-suspect", instance });
  }

  /** A suspect instance answered. */
  restore(id: string): void {
    const instance = this.#instances.get(id);
    if (instance === undefined || !instance.isSuspect) return;
    instance.isSuspect = false;
    this.#tell({ type: "instance-restored", instance });
  }

  /** A suspect instance did not answer in time. Its next heartbeat brings it back. */
  lose(id: string): void {
    const instance = this.#instances.get(id);
    if (instance !== undefined) this.#remove(instance, "unreachable");
  }

  /**
   * Takes an instance, or all of a service, out by the operator's wish, and keeps it out for a while or until it
   * starts anew. Returns what was removed.
   */
  remove(idOrService: string): readonly Instance[] {
    const removed = [...this.#instances.values()].filter(
      ({ id, service }) => id === idOrService || service === idOrService,
    );
    for (const instance of removed) {
      const until = this.#tick + ticksFor(this.#options.removedMs ?? 10_000);
      this.#tombstones.add(instance.id, instance.epoch, until);
      this.#remove(instance, "removed");
    }
    return removed;
  }

  #isForUs({ gatewayNames }: InstanceDescriptor): boolean {
    return gatewayNames.length === 0 || gatewayNames.includes(this.#options.gatewayName);
  }

  #problemWith({ versions, descriptor }: InstanceAnnouncement, isKnown: boolean): string | undefined {
    const { versions: own, maxInstances = 10_000, maxRoutes = 100_000 } = this.#options;
    if (!areCompatible(versions, own)) {
      return `it speaks versions ${versions.min} to ${versions.max}, this gateway ${own.min} to ${own.max}`;
    }
    if (!isKnown && this.#instances.size >= maxInstances) {
      return `there are ${maxInstances} instances already`;
    }
    if (descriptor !== undefined && this.#routes.size >= maxRoutes) {
      return `there are ${maxRoutes} routes already`;
    }
    return undefined;
  }

  #ignore(announcement: InstanceAnnouncement, problem: string | undefined): void {
    if (this.#ignored.has(announcement)) return;
    this.#ignored.add(announcement);
    const { instanceId, service } = announcement;
    if (problem !== undefined) this.#tell({ type: "announcement-refused", service, instanceId, problem });
  }

  #add(instance: Instance): void {
    this.#instances.set(instance.id, instance);
    this.#ignored.delete(instance.id);
    this.#leases.renew(instance.id);
    const service = this.#balancers.get(instance.service);
    if (service !== undefined) {
      service.instances += 1;
    } else {
      const balancer = new Balancer(this.#options.random, this.#liveGateways);
      this.#balancers.set(instance.service, { balancer, instances: 1 });
    }
    this.#attachRoutes(instance);
    this.#tell({ type: "instance-added", instance });
  }

  #refresh(instance: Instance, announcement: InstanceAnnouncement): void {
    const before = instance.announcement;
    instance.announcement = announcement;
    this.#leases.renew(instance.id);
    this.balancer(instance.service)?.report(instance.load, announcement.pins, announcement.opens);

    if (announcement.descriptorHash !== instance.descriptorHash) {
      if (announcement.descriptor === undefined) {
        this.questions.want(instance.id);
      } else {
        instance.descriptor = announcement.descriptor;
        instance.descriptorHash = announcement.descriptorHash;
        this.#attachRoutes(instance);
        this.#tell({ type: "instance-changed", instance });
      }
    }
    if (announcement.draining && !before.draining) this.#tell({ type: "instance-draining", instance });
  }

  #attachRoutes(instance: Instance): void {
    const served = new Set<Route>();
    for (const { pattern, claimedAt } of instance.descriptor.routes) {
      const route = this.#routes.attach(instance, pattern, claimedAt);
      served.add(route);
      if (route.claimedAt < claimedAt) {
        this.questions.remind(instance.service, { pattern, claimedAt: route.claimedAt });
      }
    }
    for (const route of [...instance.routes]) {
      if (!served.has(route)) this.#routes.detach(instance, route, this.#tick);
    }
  }

  #remove(instance: Instance, cause: InstanceRemovedCause): void {
    this.#instances.delete(instance.id);
    this.#leases.drop(instance.id);
    this.questions.forget(instance.id);
    for (const route of [...instance.routes]) this.#routes.detach(instance, route, this.#tick);
    const service = this.#balancers.get(instance.service);
    if (service !== undefined) {
      service.instances -= 1;
      if (service.instances === 0) this.#balancers.delete(instance.service);
    }
    this.#tell({ type: "instance-removed", instance, cause });
  }
}
