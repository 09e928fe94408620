import type { MemoryHolder } from "./memory-watch.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { nodeMemory } from "./memory-source.ts";
import type { Settings } from "./settings.ts";

type Limits = Pick<
  Settings,
  "refuseAboveMemoryPercent" | "closeAboveMemoryPercent" | "maxProcessMemoryBytes" | "runtime"
>;

interface Watched {
  readonly limits: Limits;
  readonly watch: MemoryWatch<MemoryHolder>;
}

/**
 * The watches over the endpoints of a router. Those with the same limits have one together: they share the memory, and
 * each of two would close as much as both have to.
 */
export class MemoryWatches {
  readonly #watched: Watched[] = [];

  /** The one for these limits. */
  of(limits: Limits): MemoryWatch<MemoryHolder> {
    const known = this.#watched.find((watched) => isSame(watched.limits, limits));
    if (known !== undefined) return known.watch;
    const { refuseAboveMemoryPercent, closeAboveMemoryPercent, maxProcessMemoryBytes, runtime } = limits;
    const marks = { refuseAboveMemoryPercent, closeAboveMemoryPercent };
    const watch = new MemoryWatch(marks, { runtime, source: nodeMemory(maxProcessMemoryBytes) });
    this.#watched.push({ limits: { ...marks, maxProcessMemoryBytes, runtime }, watch });
    return watch;
  }
}

function isSame(one: Limits, other: Limits): boolean {
  return (
    one.refuseAboveMemoryPercent === other.refuseAboveMemoryPercent &&
    one.closeAboveMemoryPercent === other.closeAboveMemoryPercent &&
    one.maxProcessMemoryBytes === other.maxProcessMemoryBytes &&
    one.runtime === other.runtime
  );
}
