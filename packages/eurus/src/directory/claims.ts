/**
 * What an instance knows about how long its service has been claiming each pattern. It announces the smallest value
 * that it heard from siblings and gateways, so that a rolling deploy does not hand a route to another service.
 */
export class RouteClaims {
  readonly #earliest = new Map<string, number>();
  readonly #maxPatterns: number;

  constructor(maxPatterns: number = 4_096) {
    this.#maxPatterns = maxPatterns;
  }

  /** Somebody says that the service has been claiming `pattern` since `claimedAt`. Returns whether that was news. */
  observe(pattern: string, claimedAt: number): boolean {
    const known = this.#earliest.get(pattern);
    if (known !== undefined ? known <= claimedAt : this.#earliest.size >= this.#maxPatterns) return false;
    this.#earliest.set(pattern, claimedAt);
    return true;
  }

  /** Since when the service claims `pattern`: what is known, else from `now` on. */
  claim(pattern: string, now: number): number {
    this.observe(pattern, now);
    return this.#earliest.get(pattern) ?? now;
  }
}
