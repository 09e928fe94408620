import type { InstanceAnnouncement } from "./announcement.ts";
import { Leases } from "./leases.ts";

/**
 * Instances whose announcements are of no use here, so that each is judged and reported once instead of every
 * second. Forgotten when they fall silent or change.
 */
export class IgnoredInstances {
  readonly #judged = new Map<string, string>();
  readonly #leases: Leases<string>;
  readonly #max: number;

  constructor(leaseMs: number, max: number) {
    this.#leases = new Leases(leaseMs);
    this.#max = max;
  }

  /** Whether this very announcer was judged before and has not changed since. */
  has(announcement: InstanceAnnouncement): boolean {
    if (this.#judged.get(announcement.instanceId) !== judgedPart(announcement)) return false;
    this.#leases.renew(announcement.instanceId);
    return true;
  }

  add(announcement: InstanceAnnouncement): void {
    const { instanceId } = announcement;
    if (this.#judged.size >= this.#max && !this.#judged.has(instanceId)) return;
    this.#judged.set(instanceId, judgedPart(announcement));
    this.#leases.renew(instanceId);
  }

  delete(instanceId: string): void {
    this.#judged.delete(instanceId);
    this.#leases.drop(instanceId);
  }

  tick(): void {
    for (const instanceId of this.#leases.tick()) this.#judged.delete(instanceId);
  }
}

/** What a judgement depends on; while it stays the same, so does the judgement. */
function judgedPart({ service, epoch, versions, descriptorHash }: InstanceAnnouncement): string {
  return `${service} ${epoch} ${versions.min} ${versions.max} ${descriptorHash}`;
}
