import { compareSpecificity, Pattern, PatternIndex } from "velaros";
import type { Instance } from "./instance.ts";
import { compareRoutes, Route, shapeOf } from "./route.ts";

/** Services claim the same paths, and none of them more specifically: who gets the messages. */
export interface RouteConflict {
  /** The pattern as the owner writes it. */
  readonly pattern: string;
  readonly owner: string;
  readonly others: readonly string[];
}

/** A client for whom a route is looked for. */
export interface PinnedClient {
  isPinnedTo(service: string): boolean;
}

/** Which service an operator wants to own a pattern, by the text of the pattern. */
export type RouteOwners = Readonly<Record<string, string>>;

/** A gateway sees the paths of all services: more than a router remembers by itself. */
const rememberedPaths = { entries: 32_768, bytes: 8 * 1024 * 1024 } as const;

/** The routes of all services, and the index that finds them. */
export class RouteIndex {
  readonly #owners: RouteOwners;
  readonly #onConflict: (conflict: RouteConflict) => void;
  readonly #routes = new Map<string, Route>();
  readonly #byShape = new Map<string, Set<Route>>();
  readonly #withdrawn = new Set<Route>();
  readonly #reported = new Map<string, string>();
  #index = new PatternIndex<Route>(rememberedPaths);
  #forgotten = 0;

  constructor(owners: RouteOwners, onConflict: (conflict: RouteConflict) => void) {
    this.#owners = owners;
    this.#onConflict = onConflict;
  }

  /** Routes that are known, withdrawn ones included. */
  get size(): number {
    return this.#routes.size;
  }

  /** The instance serves the pattern from now on. Returns the route, with the earliest claim known. */
  attach(instance: Instance, text: string, claimedAt: number): Route {
    const key = keyOf(instance.service, text);
    let route = this.#routes.get(key);
    if (route === undefined) {
      const isOwned = Object.hasOwn(this.#owners, text) && this.#owners[text] === instance.service;
      route = new Route(instance.service, new Pattern(text), claimedAt, isOwned);
      this.#routes.set(key, route);
      this.#index.add(route.pattern, route);
    }
    const isNewClaim = route.isWithdrawn || claimedAt < route.claimedAt;
    route.claimedAt = Math.min(route.claimedAt, claimedAt);
    route.instances.add(instance);
    instance.routes.add(route);
    this.#withdrawn.delete(route);
    if (isNewClaim) this.#claimsChanged(route, true);
    return route;
  }

  /** The instance no longer serves the route. */
  detach(instance: Instance, route: Route, tick: number): void {
    instance.routes.delete(route);
    if (!route.instances.delete(instance) || route.instances.size > 0) return;
    route.withdrawnAt = tick;
    this.#withdrawn.add(route);
    this.#claimsChanged(route, false);
  }

  /** Forgets the routes that were withdrawn at `tick` or before. */
  forget(tick: number): void {
    for (const route of this.#withdrawn) {
      if (route.withdrawnAt > tick) break; // a set keeps the order in which they were withdrawn
      this.#withdrawn.delete(route);
      this.#routes.delete(keyOf(route.service, route.text));
      this.#forgotten += 1;
    }
    if (this.#forgotten > 1_000 || (this.#forgotten > 0 && this.#forgotten >= this.#routes.size))
      this.#rebuild();
  }

  /**
   * The route that a message takes; a withdrawn one when nobody serves the path but somebody just did.
   *
   * @param client - Services that it is pinned to are preferred among equally specific routes.
   */
  resolve(path: string, client?: PinnedClient): Route | undefined {
    const matches = this.#index.lookup(path);
    let best: Route | undefined;
    for (const { value: route } of matches) {
      if (!this.#isKnown(route)) continue;
      if (best === undefined || compareChoices(route, best, client) < 0) best = route;
    }
    return best;
  }

  #isKnown(route: Route): boolean {
    return route.instances.size > 0 || this.#withdrawn.has(route);
  }

  #rebuild(): void {
    this.#forgotten = 0;
    this.#index = new PatternIndex(rememberedPaths);
    for (const route of this.#routes.values()) this.#index.add(route.pattern, route);
  }

  #claimsChanged(route: Route, isLive: boolean): void {
    const shape = shapeOf(route.pattern);
    const claimants = this.#byShape.get(shape) ?? new Set();
    if (isLive) claimants.add(route);
    else claimants.delete(route);
    if (claimants.size === 0) this.#byShape.delete(shape);
    else this.#byShape.set(shape, claimants);

    const ordered = [...claimants].sort(compareRoutes);
    const [owner, ...others] = new Set(ordered.map(({ service }) => service));
    const conflict = JSON.stringify([owner, ...others]);
    if (owner === undefined || others.length === 0) {
      this.#reported.delete(shape);
    } else if (this.#reported.get(shape) !== conflict) {
      this.#reported.set(shape, conflict);
      this.#onConflict({ pattern: ordered[0]?.text ?? "", owner, others });
    }
  }
}

function keyOf(service: string, text: string): string {
  return `${service} ${text}`;
}

/**
 * As {@link compareRoutes}, but what somebody serves comes first; and among equally specific routes a pin, and an
 * instance that stays, count more than a claim.
 */
function compareChoices(left: Route, right: Route, client: PinnedClient | undefined): number {
  return (
    Number(left.isWithdrawn) - Number(right.isWithdrawn) ||
    compareSpecificity(left.pattern, right.pattern) ||
    (client === undefined
      ? 0
      : Number(client.isPinnedTo(right.service)) - Number(client.isPinnedTo(left.service))) ||
    Number(right.isStaying) - Number(left.isStaying) ||
    compareRoutes(left, right)
  );
}
