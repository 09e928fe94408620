/**
 * Bytes that have arrived for sockets that do not take them yet, over all sockets of a process. Each socket's
 * own window is small; a bound on the sum keeps thousands of slow ones from adding up. Above it the fullest
 * sockets are shed, one by one, until the rest fits.
 */
export class Backlog<Holder> {
  readonly #limitBytes: number;
  readonly #shed: (holder: Holder) => void;
  /** Only holders that hold something. */
  readonly #bytes = new Map<Holder, number>();
  #totalBytes = 0;

  /** @param shed - Ends the socket, at once or soon; what it holds no longer counts. */
  constructor(limitBytes: number, shed: (holder: Holder) => void) {
    this.#limitBytes = limitBytes;
    this.#shed = shed;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** The holder has to keep this many bytes more. */
  add(holder: Holder, bytes: number): void {
    this.#bytes.set(holder, (this.#bytes.get(holder) ?? 0) + bytes);
    this.#totalBytes += bytes;
    while (this.#totalBytes > this.#limitBytes) {
      const fullest = this.#fullest();
      this.release(fullest);
      this.#shed(fullest);
    }
  }

  /** So many bytes were taken. */
  remove(holder: Holder, bytes: number): void {
    const held = this.#bytes.get(holder);
    // A holder that was shed, or released, is done with.
    if (held === undefined) return;
    const removed = Math.min(held, bytes);
    this.#totalBytes -= removed;
    if (removed === held) this.#bytes.delete(holder);
    else this.#bytes.set(holder, held - removed);
  }

  /** The holder has ended. */
  release(holder: Holder): void {
    this.#totalBytes -= this.#bytes.get(holder) ?? 0;
    this.#bytes.delete(holder);
  }

  /** Looked for only when the bound is exceeded, which may take a walk over all holders. */
  #fullest(): Holder {
    let fullest: [Holder, number] | undefined;
    for (const entry of this.#bytes) if (fullest === undefined || entry[1] > fullest[1]) fullest = entry;
    if (fullest === undefined) throw new Error("A backlog without holders can't exceed its bound.");
    return fullest[0];
  }
}
