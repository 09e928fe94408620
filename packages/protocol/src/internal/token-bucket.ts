/** A token bucket that may go into debt: who takes more than there is has to wait until it is paid back. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #maxDebt: number;
  #tokens: number;
  #filledAtMs: number;

  /** @param maxDebt - What is taken beyond that is forgiven. */
  constructor(perSecond: number, burst: number, nowMs: number, maxDebt: number = Infinity) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#maxDebt = maxDebt;
    this.#tokens = burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes `count` tokens and returns how long to wait before taking more, in milliseconds. */
  take(count: number, nowMs: number): number {
    const tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledAtMs) * this.#perMs) - count;
    this.#tokens = Math.max(-this.#maxDebt, tokens);
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
