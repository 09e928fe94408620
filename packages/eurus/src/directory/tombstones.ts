/** Epochs of instances that are over, kept for a while so that a late copy of an announcement can't revive them. */
export class Tombstones {
  readonly #until = new Map<string, number>();
  readonly #max: number;

  constructor(max: number = 10_000) {
    this.#max = max;
  }

  /** The epoch of `id` stays out until `tick`. When there are too many, the oldest goes. */
  add(id: string, epoch: string, tick: number): void {
    const key = `${id} ${epoch}`;
    this.#until.delete(key);
    if (this.#until.size >= this.#max) {
      const [oldest] = this.#until.keys();
      if (oldest !== undefined) this.#until.delete(oldest);
    }
    this.#until.set(key, tick);
  }

  has(id: string, epoch: string, tick: number): boolean {
    const until = this.#until.get(`${id} ${epoch}`);
    return until !== undefined && until > tick;
  }

  /** Drops what has run out by `tick`. */
  expire(tick: number): void {
    for (const [key, until] of this.#until) if (until <= tick) this.#until.delete(key);
  }
}
