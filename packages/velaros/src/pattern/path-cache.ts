/** Bounds of a {@link PathCache}. */
export interface PathCacheLimits {
  /** Most entries. */
  readonly entries: number;
  /** Most memory, roughly, in bytes. */
  readonly bytes: number;
  /** Longer paths are not kept, in characters. */
  readonly pathLength: number;
}

const defaultLimits: PathCacheLimits = { entries: 4096, bytes: 2 * 1024 * 1024, pathLength: 1024 };

/** What an entry costs beside the characters of its path. */
const entryOverheadBytes = 160;

/**
 * Remembers what was found for a path. Paths are chosen by clients, so it is bounded in entries and bytes. Two
 * generations replace each other: a hit in the older one moves to the younger, so that what is asked for stays, and
 * a hit costs no bookkeeping at all.
 */
export class PathCache<Value> {
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  #youngBytes = 0;
  readonly #limits: PathCacheLimits;

  constructor(limits?: Partial<PathCacheLimits>) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** Entries held now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(path: string): Value | undefined {
    const value = this.#young.get(path);
    if (value !== undefined || this.#old.size === 0) return value;
    const older = this.#old.get(path);
    if (older !== undefined) {
      this.#old.delete(path);
      this.set(path, older);
    }
    return older;
  }

  /** `path` should not be a slice of a larger string, which it would keep alive. */
  set(path: string, value: Value): void {
    if (path.length > this.#limits.pathLength) return;
    const bytes = path.length * 2 + entryOverheadBytes;
    if (this.#young.size >= this.#limits.entries / 2 || this.#youngBytes + bytes > this.#limits.bytes / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(path, value);
    this.#youngBytes += bytes;
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#youngBytes = 0;
  }
}
