const intervalMs = 60_000;
const maxKeys = 256;

/** Lets each thing be said once a minute, however often it happens; and bounds how many different ones are. */
export class Seldom {
  /** When each was last said, oldest first. */
  readonly #saidAtMs = new Map<string, number>();

  /** Whether `key` may be said now, which counts as saying it. */
  allows(key: string, nowMs: number): boolean {
    const last = this.#saidAtMs.get(key);
    if (last !== undefined && nowMs - last < intervalMs) return false;
    if (last === undefined && this.#saidAtMs.size >= maxKeys && !this.#forgetOldest(nowMs)) return false;
    this.#saidAtMs.delete(key);
    this.#saidAtMs.set(key, nowMs);
    return true;
  }

  #forgetOldest(nowMs: number): boolean {
    for (const [key, last] of this.#saidAtMs) {
      return nowMs - last >= intervalMs && this.#saidAtMs.delete(key);
    }
    return false;
  }
}
