/**
 * Waits for one's own announcements to come back. What a bus hands to its subscribers in order has then reached
 * the others too; after the second one, what they answered to the first is here.
 */
export class Rounds {
  #last = 0;
  #heard = 0;
  readonly #waiting: { readonly round: number; readonly resolve: () => void }[] = [];

  /** The number for an announcement that goes out now. */
  next(): number {
    return ++this.#last;
  }

  heard(round: number): void {
    if (round <= this.#heard) return;
    this.#heard = round;
    for (const entry of this.#waiting.splice(0)) {
      if (entry.round <= round) entry.resolve();
      else this.#waiting.push(entry);
    }
  }

  /** Resolves when the announcement with this number, or a later one, has come back. */
  until(round: number): Promise<void> {
    if (round <= this.#heard) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ round, resolve });
    });
  }
}
