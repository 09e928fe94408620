import { ticksFor } from "./leases.ts";

/**
 * Bounds the work that announcements can cause: per announcer and second only so many are read, and only so many
 * announcers are told apart. Asked before a packet is looked at.
 */
export class AnnouncementGate {
  readonly #counts = new Map<string, number>();
  readonly #perSecond: number;
  readonly #maxAnnouncers: number;
  #ticks = 0;

  constructor(perSecond: number = 20, maxAnnouncers: number = 10_000) {
    this.#perSecond = perSecond;
    this.#maxAnnouncers = maxAnnouncers;
  }

  /** Whether the packet that came from `subject` may be read. */
  allows(subject: string): boolean {
    const count = this.#counts.get(subject) ?? 0;
    if (count >= this.#perSecond || (count === 0 && this.#counts.size >= this.#maxAnnouncers)) return false;
    this.#counts.set(subject, count + 1);
    return true;
  }

  /** A tick of the owner's loop has passed. */
  tick(): void {
    this.#ticks += 1;
    if (this.#ticks % ticksFor(1_000) === 0) this.#counts.clear();
  }
}
