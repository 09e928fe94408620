/** One tick of every lease: how often the owner's loop calls `tick`, in milliseconds. */
export const tickMs = 250;

/** A number of ticks for a duration, rounded up. */
export function ticksFor(durationMs: number): number {
  return Math.ceil(durationMs / tickMs);
}

/**
 * Who has been heard of recently. Time is counted in ticks of the observer's own event loop, so a loop that was
 * blocked, a process that was stopped or a clock that jumped never ends anybody's lease. While the bus is away
 * nobody can be heard and no lease ends.
 */
export class Leases<Key> {
  /** The tick at which each lease ends; the one renewed longest ago comes first. */
  readonly #ends = new Map<Key, number>();
  readonly #durationTicks: number;
  #now = 0;
  #isFrozen = false;
  #graceTicks = 0;

  constructor(durationMs: number) {
    this.#durationTicks = ticksFor(durationMs);
  }

  /** Starts a lease or begins it anew. */
  renew(key: Key): void {
    this.#ends.delete(key);
    this.#ends.set(key, this.#now + this.#durationTicks);
  }

  /** Ends a lease without reporting it. */
  drop(key: Key): void {
    this.#ends.delete(key);
  }

  /** The bus is away: no lease ends until {@link thaw}. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** The bus is back. Leases stay frozen for `graceMs` more, so that everybody has time to be heard again. */
  thaw(graceMs: number = 3_000): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#graceTicks = ticksFor(graceMs);
  }

  /** One tick has passed, and all input that was waiting has been taken. Returns whose lease has ended. */
  tick(): Key[] {
    if (this.#isFrozen) return [];
    if (this.#graceTicks > 0) {
      this.#graceTicks -= 1;
      return [];
    }
    this.#now += 1;
    const ended: Key[] = [];
    for (const [key, end] of this.#ends) {
      if (end > this.#now) break;
      ended.push(key);
    }
    for (const key of ended) this.#ends.delete(key);
    return ended;
  }
}
