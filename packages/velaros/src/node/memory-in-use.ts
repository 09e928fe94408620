/** What `process.memoryUsage()` says, as far as it is needed. All in bytes. */
export interface MemoryUsage {
  /** What the system has given to the process. */
  readonly rss: number;
  readonly heapTotal: number;
  readonly external: number;
}

/**
 * Tells what a process uses from what its allocator keeps for later, which nothing says outright.
 *
 * Heap and buffers of this isolate are known. What else there is may be in use elsewhere, by threads and addons, or may
 * be left from buffers that are gone. There can't be more left than heap and buffers have shrunk by since they were
 * largest; and what was there when there was least of it can't be left from anything.
 */
export class MemoryInUse {
  #leastElsewhereBytes = Infinity;
  #mostOwnBytes = 0;

  /** How much of what the process has now is in use, as far as can be told from this look and those before. */
  of({ rss, heapTotal, external }: MemoryUsage): number {
    // A buffer that nobody has written to belongs to the process without being anywhere.
    const ownBytes = Math.min(rss, heapTotal + external);
    this.#mostOwnBytes = Math.max(this.#mostOwnBytes, ownBytes);
    this.#leastElsewhereBytes = Math.min(this.#leastElsewhereBytes, rss - ownBytes);
    return Math.max(ownBytes + this.#leastElsewhereBytes, ownBytes + rss - this.#mostOwnBytes);
  }
}
