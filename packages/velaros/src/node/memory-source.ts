import { totalmem } from "node:os";
import { PerformanceObserver, constants } from "node:perf_hooks";
import type { PerformanceEntry } from "node:perf_hooks";
import process from "node:process";
import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import type { MemoryUse } from "./memory-gauge.ts";
import { MemoryInUse } from "./memory-in-use.ts";

/** Where a {@link MemoryWatch} looks. */
export interface MemorySource {
  /** The heap of JavaScript. Right after a collection this is what lives; later there is garbage among it. */
  heap(): MemoryUse;
  /** Everything that the process has, buffers outside of the heap included. */
  process(): MemoryUse;
  /** Calls back soon after each collection of the whole heap, until the returned function is called. */
  onCollection(listener: () => void): () => void;
}

const mebibyte = 1024 * 1024;
/** What V8 has for young objects unless it is told otherwise; its limit of the heap includes that. */
const youngBytes = 48 * mebibyte;
/**
 * From four fifths of its limit on V8 ends a process that spends most of its time collecting. Ninety percent of this
 * share come before that.
 */
const usableShare = 7 / 8;
/** What has to stay free whatever the limit is: so much may come in before anybody can look. */
const spareBytes = 48 * mebibyte;

/** The memory of this process. */
export function nodeMemory(maxProcessBytes: number): MemorySource {
  const heapBytes = usableBytes(oldSpaceBytes());
  const inUse = new MemoryInUse();
  inUse.of(process.memoryUsage());
  return {
    heap: () => ({ usedBytes: oldBytes(), limitBytes: heapBytes }),
    process() {
      const usage = process.memoryUsage();
      // What buffers took is kept by the allocator for those to come: new clients need not be refused for it.
      return { usedBytes: inUse.of(usage), keptBytes: usage.rss, limitBytes: maxProcessBytes };
    },
    onCollection(listener) {
      const observer = new PerformanceObserver((list) => {
        if (list.getEntries().some(isMajor)) listener();
      });
      observer.observe({ entryTypes: ["gc"] });
      return () => observer.disconnect();
    },
  };
}

/** What the container may have, or what there is. */
export function memoryOfMachine(): number {
  // Without a limit it is unknown, zero or larger than any machine, by version and system.
  return Math.min(process.constrainedMemory() || Infinity, totalmem());
}

function isMajor(entry: PerformanceEntry): boolean {
  const { detail } = entry as { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

/** Young objects come and go too fast to mean anything. */
function oldBytes(): number {
  let bytes = 0;
  for (const { space_name: name, space_used_size: used } of getHeapSpaceStatistics()) {
    if (!name.startsWith("new_")) bytes += used;
  }
  return bytes;
}

function usableBytes(limitBytes: number): number {
  return Math.max(limitBytes / 2, Math.min(limitBytes * usableShare, limitBytes - spareBytes));
}

/** V8 tells its limit with a part for young objects, which an option can make larger than all the rest. */
function oldSpaceBytes(): number {
  const { heap_size_limit: all } = getHeapStatistics();
  const flags = [process.env["NODE_OPTIONS"] ?? "", ...process.execArgv].join(" ");
  return Math.min(oldSpaceOptionBytes(flags), Math.max(all - youngBytes, all / 2));
}

/** What the last of the options says that V8 may have for old objects; Infinity without one, and for 0, as with V8. */
export function oldSpaceOptionBytes(flags: string): number {
  const mebibytes = Number(/^.*--max[-_]old[-_]space[-_]size=(\d+)/u.exec(flags)?.[1] ?? 0);
  return mebibytes === 0 ? Infinity : mebibytes * mebibyte;
}
