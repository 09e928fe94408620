/** Bytes that all links of a process share. */
export class ByteBudget {
  readonly limitBytes: number;
  #usedBytes = 0;
  #waiting = new Set<() => void>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#usedBytes + bytes <= this.limitBytes;
  }

  take(bytes: number): void {
    this.#usedBytes += bytes;
  }

  free(bytes: number): void {
    this.#usedBytes -= bytes;
    if (bytes <= 0 || this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    // In the order in which they began to wait; who still finds no room waits again, behind the others.
    for (const call of waiting) call();
  }

  /** Calls once when bytes were freed. The same function waits only once. */
  wait(call: () => void): void {
    this.#waiting.add(call);
  }

  stopWaiting(call: () => void): void {
    this.#waiting.delete(call);
  }
}
