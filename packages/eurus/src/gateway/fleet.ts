import type { EventSource } from "../event-source.ts";
import type { GatewayEvent, InstanceRemovedCause } from "../events.ts";
import type { Runtime } from "velaros-protocol";
import { compile } from "./interim.ts";
import type { Known, ServiceAnnouncement } from "./interim.ts";
import type { EdgeSocket } from "./edge-socket.ts";
import type { InstancePins } from "./instance-pins.ts";
import type { GatewaySettings } from "./gateway-options.ts";
import type { KnownInstance } from "./known.ts";

const holdMs = 10_000;

export class Fleet {
  reachable = true;
  readonly #gatewayName: string;
  readonly #runtime: Runtime;
  readonly #settings: GatewaySettings;
  readonly #events: EventSource<GatewayEvent>;
  readonly #known = new Map<string, Known>();
  readonly #links = new Map<string, InstancePins>();
  readonly #removed = new Map<string, { epoch: string; untilMs: number }>();
  readonly #withdrawn: { known: Known; untilMs: number }[] = [];
  readonly #dial: (known: Known) => InstancePins;
  readonly #lost: (instanceId: string, cause: InstanceRemovedCause) => void;
  readonly #conflicts = new Set<string>();
  #order = 0;

  constructor(
    gatewayName: string,
    settings: GatewaySettings,
    events: EventSource<GatewayEvent>,
    dial: (known: Known) => InstancePins,
    lost: (instanceId: string, cause: InstanceRemovedCause) => void,
  ) {
    this.#gatewayName = gatewayName;
    this.#runtime = settings.runtime;
    this.#settings = settings;
    this.#events = events;
    this.#dial = dial;
    this.#lost = lost;
  }

  /** @returns Whether it was not known before. */
  hear(announcement: ServiceAnnouncement): boolean {
    const { instanceId, service, epoch, routes } = announcement;
    const known = this.#known.get(instanceId);
    const forUs =
      announcement.gatewayNames.length === 0 || announcement.gatewayNames.includes(this.#gatewayName);
    if (announcement.state === "gone" || !forUs) {
      if (known !== undefined) this.drop(instanceId, forUs ? "goodbye" : "not-for-us");
      return false;
    }
    const hold = this.#removed.get(instanceId);
    if (hold !== undefined && hold.epoch === epoch && hold.untilMs > this.#runtime.nowMs()) return false;
    if (known !== undefined && known.announcement.epoch !== epoch) this.drop(instanceId, "new-epoch");
    const previous = this.#known.get(instanceId);
    const heardMs = this.#runtime.nowMs();
    if (previous === undefined) {
      const order = this.#order++;
      this.#known.set(instanceId, {
        announcement,
        patterns: compile(announcement),
        heardMs,
        order,
        own: 0,
        suspect: false,
      });
      this.#events.emit({ type: "instance-added", service, instanceId, routes });
      for (const pattern of routes) {
        const others = [...this.#known.values()].filter(
          (other) => other.announcement.service !== service && other.announcement.routes.includes(pattern),
        );
        const owner = others.toSorted((a, b) => a.order - b.order)[0];
        if (owner !== undefined && !this.#conflicts.has(pattern)) {
          this.#conflicts.add(pattern);
          this.#events.emit({
            type: "route-conflict",
            pattern,
            owner: owner.announcement.service,
            others: [service],
          });
        }
      }
      return true;
    }
    const before = previous.announcement;
    previous.announcement = announcement;
    previous.heardMs = heardMs;
    previous.suspect = false;
    if (before.routes.join() !== routes.join()) {
      previous.patterns = compile(announcement);
      this.#events.emit({ type: "instance-changed", service, instanceId, routes });
    }
    if (announcement.state === "draining" && before.state !== "draining") {
      this.#events.emit({ type: "instance-draining", service, instanceId });
    }
    return false;
  }

  drop(instanceId: string, cause: InstanceRemovedCause): boolean {
    const known = this.#known.get(instanceId);
    if (known === undefined) return false;
    this.#known.delete(instanceId);
    if (cause === "removed") {
      this.#removed.set(instanceId, {
        epoch: known.announcement.epoch,
        untilMs: this.#runtime.nowMs() + holdMs,
      });
    }
    this.#withdrawn.push({ known, untilMs: this.#runtime.nowMs() + holdMs });
    const { service } = known.announcement;
    this.#events.emit({ type: "instance-removed", service, instanceId, cause });
    this.#lost(instanceId, cause);
    this.#links.delete(instanceId);
    return true;
  }

  tick(): void {
    const nowMs = this.#runtime.nowMs();
    for (const [instanceId, known] of this.#known) {
      if (known.heardMs < nowMs - this.#settings.instanceLeaseMs) this.drop(instanceId, "lease-expired");
    }
  }

  serviceFor(path: string, edge?: EdgeSocket): string | undefined {
    const found = this.#matching(path, this.#known.values());
    if (found !== undefined || edge === undefined) return found;
    const nowMs = this.#runtime.nowMs();
    return this.#matching(
      path,
      this.#withdrawn.filter(({ untilMs }) => untilMs > nowMs).map(({ known }) => known),
    );
  }

  #matching(path: string, all: Iterable<Known>): string | undefined {
    let best: { rank: string; order: number; service: string } | undefined;
    for (const known of all) {
      for (const [index, pattern] of known.patterns.entries()) {
        if (pattern.match(path) === null) continue;
        const rank = (known.announcement.routes[index] ?? "")
          .split("/")
          .slice(1)
          .map((chunk) =>
            chunk.startsWith("**") ? "3" : chunk.startsWith("*") ? "2" : chunk.startsWith(":") ? "1" : "0",
          )
          .join("");
        if (best === undefined || rank < best.rank || (rank === best.rank && known.order < best.order)) {
          best = { rank, order: known.order, service: known.announcement.service };
        }
      }
    }
    return best?.service;
  }

  choose(service: string, path: string | undefined, refusedBy: readonly string[]): InstancePins | undefined {
    let best: Known | undefined;
    for (const known of this.#known.values()) {
      const { announcement } = known;
      if (announcement.service !== service || announcement.state !== "up" || known.suspect) continue;
      if (refusedBy.includes(announcement.instanceId)) continue;
      if (path !== undefined && !known.patterns.some((pattern) => pattern.match(path) !== null)) continue;
      if (best === undefined || known.own < best.own) best = known;
    }
    return best === undefined ? undefined : this.#linkTo(best);
  }

  #linkTo(known: Known): InstancePins {
    const { instanceId } = known.announcement;
    const existing = this.#links.get(instanceId);
    if (existing !== undefined && existing.link.state !== "lost") return existing;
    const link = this.#dial(known);
    this.#links.set(instanceId, link);
    return link;
  }

  opened(instanceId: string): void {
    const known = this.#known.get(instanceId);
    if (known !== undefined) known.own++;
  }

  closed(instanceId: string): void {
    const known = this.#known.get(instanceId);
    if (known !== undefined) known.own--;
  }

  suspect(instanceId: string, suspect: boolean): void {
    const known = this.#known.get(instanceId);
    if (known !== undefined) known.suspect = suspect;
  }

  policyOf(instanceId: string): "close" | "repin" {
    return this.#policies.get(instanceId) ?? "close";
  }
  get #policies(): Map<string, "close" | "repin"> {
    const all = [...this.#withdrawn.map(({ known }) => known), ...this.#known.values()];
    return new Map(all.map(({ announcement }) => [announcement.service, announcement.onInstanceLost]));
  }

  linkOf(instanceId: string): InstancePins | undefined {
    return this.#links.get(instanceId);
  }

  list(): readonly KnownInstance[] {
    return [...this.#known.values()].map(({ announcement, suspect }) => ({
      id: announcement.instanceId,
      name: announcement.service,
      routes: announcement.routes,
      draining: announcement.state === "draining",
      suspect,
      pins: this.#links.get(announcement.instanceId)?.size ?? 0,
    }));
  }
}
