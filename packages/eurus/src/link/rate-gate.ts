/** Lets something happen at most once per interval. */
export class RateGate {
  readonly #intervalMs: number;
  #lastMs = -Infinity;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  passes(nowMs: number): boolean {
    if (nowMs - this.#lastMs < this.#intervalMs) return false;
    this.#lastMs = nowMs;
    return true;
  }

  reset(): void {
    this.#lastMs = -Infinity;
  }
}
