import type { InstanceAnnouncement } from "../directory/announcement.ts";
import type { Directory } from "../directory/directory.ts";
import type { Instance } from "../directory/instance.ts";
import type { EventSource } from "../event-source.ts";
import type { GatewayEvent, InstanceRemovedCause, UnpinnedCause } from "../events.ts";
import type { LinkDialer } from "../link/dialer.ts";
import type { LinkLostCause } from "../link/link.ts";
import type { GatewaySettings } from "./gateway-options.ts";
import { InstancePins } from "./instance-pins.ts";
import type { Deliverer, InstancePinsOwner } from "./instance-pins.ts";
import type { Pin } from "./pin.ts";

/** What {@link PinnedInstances} is made of, and who is told when clients lose their instance. */
export interface PinnedInstancesOptions {
  readonly gatewayId: string;
  readonly settings: GatewaySettings;
  readonly events: EventSource<GatewayEvent>;
  readonly dialer: LinkDialer;
  readonly deliverer: Deliverer;
  /** A link is lost, and the instance with it for everybody who was pinned over it. */
  lost(instance: InstancePins, cause: LinkLostCause): void;
  /** The instance is no longer wanted, though it may be alive. */
  removed(instance: InstancePins): void;
}

/**
 * The instances that clients are or were pinned to: dials an instance for its first client, tells the directory how
 * busy and how reachable each is, and parts from those that leave.
 */
export class PinnedInstances implements InstancePinsOwner {
  readonly forwardHeaders: ReadonlySet<string>;
  readonly deliverer: Deliverer;
  readonly #options: PinnedInstancesOptions;
  readonly #directory: Directory;
  readonly #instances = new Map<string, InstancePins>();
  #ticks = 0;
  #left = false;

  constructor(options: PinnedInstancesOptions, directory: Directory) {
    this.#options = options;
    this.#directory = directory;
    this.forwardHeaders = options.settings.forwardHeaders;
    this.deliverer = options.deliverer;
  }

  /** Every instance that is linked; one may be lost while walking. */
  all(): Iterable<InstancePins> {
    return this.#instances.values();
  }

  /** The instance with this id, if it is linked. */
  get(instanceId: string): InstancePins | undefined {
    return this.#instances.get(instanceId);
  }

  /** The same for whoever wants to pin a client there, so that there is a link in any case. */
  linked(instance: Instance): InstancePins {
    const known = this.#instances.get(instance.id);
    if (known !== undefined && known.link.state !== "lost") return known;
    const pins = new InstancePins(instance, this.#options.dialer, this);
    this.#instances.set(instance.id, pins);
    return pins;
  }

  /** An instance that twice does not name a link which it once answered on has lost it. */
  announced(announcement: InstanceAnnouncement): void {
    const instance = this.#directory.instance(announcement.instanceId);
    const pins = this.#instances.get(announcement.instanceId);
    // Late copies and other epochs say nothing about the link.
    if (pins === undefined || instance?.announcement !== announcement || pins.instance !== instance) return;
    // What was opened and is not yet accepted can't be in the totals that the instance just told.
    this.#directory.balancer(pins.service)?.pending(instance.load, pins.opening);
    if (announcement.links === undefined) return;
    pins.heartbeat(announcement.links.get(this.#options.gatewayId) === pins.link.linkId);
  }

  /** The instance is no longer in the directory. */
  part({ id }: Instance, cause: InstanceRemovedCause): void {
    const pins = this.#instances.get(id);
    if (pins === undefined) return;
    if (cause === "removed" || cause === "not-for-us" || cause === "incompatible") {
      this.#instances.delete(id);
      this.#options.removed(pins);
    } else {
      pins.link.fail(linkCauses[cause]);
    }
  }

  /** A tick of the gateway's loop has passed. */
  tick(): void {
    this.#ticks++;
  }

  get ticks(): number {
    return this.#ticks;
  }

  /** The gateway goes: from now on nobody needs to know which links are lost. */
  leave(): void {
    this.#left = true;
  }

  // What links and pins report.

  nowMs(): number {
    return this.#options.settings.runtime.nowMs();
  }

  pinned({ service, instance, edge }: Pin): void {
    const { instanceId } = instance;
    this.#directory.balancer(service)?.opened(instance.instance.load);
    this.#options.events.emit({ type: "pinned", service, instanceId, socketId: edge.id });
  }

  unpinned({ service, instance, edge }: Pin, cause: UnpinnedCause): void {
    const { instanceId } = instance;
    this.#directory.balancer(service)?.closed(instance.instance.load);
    this.#options.events.emit({ type: "unpinned", service, instanceId, socketId: edge.id, cause });
  }

  suspect({ instanceId }: InstancePins): void {
    this.#directory.suspect(instanceId);
  }

  restored({ instanceId }: InstancePins): void {
    this.#directory.restore(instanceId);
  }

  lost(pins: InstancePins, cause: LinkLostCause): void {
    if (this.#left) return;
    this.#forget(pins, cause);
    this.#options.lost(pins, cause);
  }

  /** Only an instance that answers nobody is given up with its link. */
  #forget(pins: InstancePins, cause: LinkLostCause): void {
    const { instanceId } = pins;
    // A link that was given up before says nothing about the instance that may have come after it.
    if (this.#instances.get(instanceId) !== pins) return;
    this.#instances.delete(instanceId);
    if (cause === "suspect-timeout") this.#directory.lose(instanceId);
    // The suspicion was this link's, which nobody can restore any more.
    else this.#directory.restore(instanceId);
  }
}

const linkCauses = {
  goodbye: "goodbye",
  "lease-expired": "lease-expired",
  "new-epoch": "new-epoch",
  unreachable: "suspect-timeout",
} as const satisfies Partial<Record<InstanceRemovedCause, LinkLostCause>>;
