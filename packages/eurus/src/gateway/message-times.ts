/** When the messages of a pin were sent that still owe their client an outcome. There is none unless somebody listens. */
export class MessageTimes {
  readonly #sentAtMs = new Map<number, number>();
  readonly #nowMs: () => number;
  readonly #settled: (durationMs: number) => void;

  /** @param settled - Called with the time that a message took. */
  constructor(nowMs: () => number, settled: (durationMs: number) => void) {
    this.#nowMs = nowMs;
    this.#settled = settled;
  }

  sent(number: number): void {
    this.#sentAtMs.set(number, this.#nowMs());
  }

  /** The message has its outcome. One that was sent before somebody listened is left out. */
  settled(number: number): void {
    const sentAtMs = this.#sentAtMs.get(number);
    if (sentAtMs === undefined) return;
    this.#sentAtMs.delete(number);
    this.#settled(this.#nowMs() - sentAtMs);
  }
}
