/** A token bucket that may go into debt: who takes more than there is has to wait until it is paid back. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes `count` tokens and returns how long to wait before taking more, in milliseconds. */
  take(count: number, nowMs: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs) - count;
    this.#filledAtMs = nowMs;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs;
  }

  /** Takes one token if there is one. */
  tryTake(nowMs: number): boolean {
    if (this.take(1, nowMs) === 0) return true;
    this.#tokens += 1;
    return false;
  }
}
