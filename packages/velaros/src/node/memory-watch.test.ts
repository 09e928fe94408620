import { expect, test } from "vitest";
import { ManualRuntime } from "../../../../test/support/manual-runtime.ts";
import { IncidentLog } from "./incident-log.ts";
import type { MemoryMarks } from "./memory-gauge.ts";
import type { MemorySource } from "./memory-source.ts";
import type { MemoryHolder, MemoryHolders } from "./memory-watch.ts";
import { MemoryWatch } from "./memory-watch.ts";

const mebibyte = 1024 * 1024;

/** Memory with limits of 100 MiB each, which shows what it is told to show. */
class Memory implements MemorySource {
  heapMebibytes = 10;
  processMebibytes = 10;
  readonly #listeners = new Set<() => void>();

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  heap(): { usedBytes: number; limitBytes: number } {
    return { usedBytes: this.heapMebibytes * mebibyte, limitBytes: 100 * mebibyte };
  }

  process(): { usedBytes: number; limitBytes: number } {
    return { usedBytes: this.processMebibytes * mebibyte, limitBytes: 100 * mebibyte };
  }

  onCollection(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A collection of the whole heap leaves so much. */
  collect(leavesMebibytes: number): void {
    this.heapMebibytes = leavesMebibytes;
    for (const listener of this.#listeners) listener();
  }
}

interface Holder extends MemoryHolder {
  readonly name: string;
}

interface Scene {
  readonly runtime: ManualRuntime;
  readonly memory: Memory;
  readonly watch: MemoryWatch<Holder>;
  readonly endpoint: MemoryHolders<Holder>;
  /** Who was ended, in order. */
  readonly ended: string[];
  readonly lines: string[];
  leave(name: string): void;
}

/** A watch over connections of a name that hold so many bytes each. */
function scene(held: Readonly<Record<string, number>>, marks: Partial<MemoryMarks> = {}): Scene {
  const runtime = new ManualRuntime();
  const memory = new Memory();
  const ended: string[] = [];
  const lines: string[] = [];
  const logger = {
    warn: (_details: unknown, message: string) => lines.push(message),
    error: () => undefined,
  };
  const holders = new Map<string, Holder>(
    Object.entries(held).map(([name, heldBytes]) => [
      name,
      { name, heldBytes, giveUpMemory: () => void ended.push(name) },
    ]),
  );
  const watch = new MemoryWatch<Holder>(
    { refuseAboveMemoryPercent: 80, closeAboveMemoryPercent: 90, ...marks },
    { runtime, source: memory },
  );
  const endpoint = { incidents: new IncidentLog(runtime, logger), members: () => holders.values() };
  watch.start(endpoint);
  return {
    runtime,
    memory,
    watch,
    endpoint,
    ended,
    lines,
    leave(name) {
      const holder = holders.get(name);
      holders.delete(name);
      if (holder !== undefined) watch.gone(holder);
    },
  };
}

const noneShort: readonly string[] = [];

test("The heap counts by what a collection leaves: garbage keeps nobody out", () => {
  const { runtime, memory, watch, lines } = scene({});

  memory.heapMebibytes = 99;
  runtime.jump(1_000);
  expect(watch.isShort).toBe(false);
  memory.collect(50);
  expect([watch.isShort, lines]).toEqual([false, noneShort]);
  memory.collect(81);
  expect([watch.isShort, lines]).toEqual([true, ["Memory is short: no new clients."]]);
});

test("New clients may come again when the heap is seen to be smaller, with or without a collection", () => {
  const { runtime, memory, watch, lines } = scene({});

  memory.collect(85);
  memory.collect(76);
  expect(watch.isShort).toBe(true);
  memory.collect(74);
  expect(watch.isShort).toBe(false);
  memory.collect(85);
  memory.heapMebibytes = 70; // some of it garbage
  runtime.jump(1_000);
  expect(watch.isShort).toBe(false);
  expect(lines).toEqual([
    "Memory is short: no new clients.",
    "Memory is no longer short: new clients may come.",
  ]);
});

test("However often memory becomes short and is enough again, the last line says what is true", () => {
  const { runtime, memory, lines } = scene({});
  const short = "Memory is short: no new clients.";
  const enough = "Memory is no longer short: new clients may come.";

  for (let round = 0; round < 5; round++) {
    memory.collect(85);
    memory.collect(70);
  }
  memory.collect(85);
  expect(lines).toEqual([short, enough]);

  for (let second = 0; second < 10; second++) {
    runtime.jump(1_000);
    memory.collect(85);
  }
  expect(lines).toEqual([short, enough, short]);
  memory.collect(70);
  expect(lines).toEqual([short, enough, short, enough]);
});

test("What no collection has confirmed for five seconds is not held against new clients", () => {
  const { runtime, memory, watch } = scene({});

  memory.collect(85);
  for (let second = 0; second < 5; second++) runtime.jump(1_000);
  expect(watch.isShort).toBe(true);
  runtime.jump(1_000);
  expect(watch.isShort).toBe(false);
  memory.collect(85);
  expect(watch.isShort).toBe(true);
});

test("The process counts by what it has, once a second and after each collection", () => {
  const { runtime, memory, watch, lines } = scene({});

  memory.processMebibytes = 81;
  expect(watch.isShort).toBe(false);
  runtime.jump(1_000);
  expect(watch.isShort).toBe(true);
  memory.processMebibytes = 70;
  memory.collect(10);
  expect(watch.isShort).toBe(false);
  expect(lines).toHaveLength(2);
});

test("What the process has and nobody collects for five seconds is garbage until a collection shows something else", () => {
  const { runtime, memory, watch, ended } = scene({ a: mebibyte });

  memory.processMebibytes = 85;
  for (let second = 0; second < 5; second++) runtime.jump(1_000);
  expect(watch.isShort).toBe(true);
  runtime.jump(1_000);
  expect(watch.isShort).toBe(false);
  memory.processMebibytes = 89;
  runtime.jump(1_000);
  expect(watch.isShort).toBe(false);
  memory.processMebibytes = 91; // more came than there was room for
  runtime.jump(1_000);
  expect(ended).toEqual(["a"]);
  memory.processMebibytes = 85;
  memory.collect(10);
  expect(watch.isShort).toBe(true);
});

test("When memory runs out those go that hold most, and no more than what is too much", () => {
  const { memory, ended, lines } = scene({ a: mebibyte, b: 4 * mebibyte, c: 3 * mebibyte, d: 2 * mebibyte });

  memory.collect(91); // 84.375 would do

  expect(ended).toEqual(["b", "c"]);
  expect(lines).toEqual([
    "Memory is short: no new clients.",
    "Memory has run out: the connections that hold most are closed.",
  ]);
});

test("What those held that are going, or whose garbage waits to be collected, is not taken from others", () => {
  const { runtime, memory, ended, leave } = scene({ a: 9 * mebibyte, b: 8 * mebibyte });

  memory.collect(92);
  memory.processMebibytes = 92;
  runtime.jump(1_000);
  leave("a");
  runtime.jump(1_000);
  expect(ended).toEqual(["a"]);

  memory.collect(92); // it was not enough
  expect(ended).toEqual(["a", "b"]);
});

test("Who holds less than a connection costs is not closed: that would bring nothing back", () => {
  const { memory, watch, ended, lines } = scene({ a: 16_383, b: 0 });

  memory.collect(99);

  expect(ended).toEqual([]);
  expect(watch.isShort).toBe(true);
  expect(lines.at(-1)).toBe("Memory has run out, and no connection holds enough of it to be closed.");
});

test("When the last connection is gone nobody is kept out, and nothing is watched", () => {
  const { runtime, memory, watch, endpoint } = scene({});

  memory.collect(99);
  watch.stop(endpoint);
  expect([watch.isShort, memory.isWatched, runtime.timers]).toEqual([false, false, 0]);

  watch.start(endpoint);
  watch.start(endpoint);
  expect([watch.isShort, memory.isWatched, runtime.timers]).toEqual([false, true, 1]);
  memory.collect(99);
  expect(watch.isShort).toBe(true);
});

test("Of the endpoints that share a process only those connections are closed that hold most of all", () => {
  const { runtime, memory, watch, endpoint, ended, lines } = scene({ a: mebibyte, b: 2 * mebibyte });
  const otherLines: string[] = [];
  const logger = {
    warn: (_details: unknown, message: string) => otherLines.push(message),
    error: () => undefined,
  };
  const large = { name: "c", heldBytes: 8 * mebibyte, giveUpMemory: () => void ended.push("c") };
  const other = { incidents: new IncidentLog(runtime, logger), members: () => [large] };
  watch.start(other);

  memory.collect(92);
  expect([ended, otherLines.length]).toEqual([["c"], 0]);

  watch.stop(endpoint);
  expect([watch.isShort, memory.isWatched]).toEqual([true, true]);
  memory.collect(50);
  expect(otherLines).toEqual(["Memory is no longer short: new clients may come."]);
  watch.stop(other);
  expect([memory.isWatched, runtime.timers]).toEqual([false, 0]);
  expect(lines).toHaveLength(2);
});

test("Without marks nothing is watched; one of them alone does its own part", () => {
  const off = scene({}, { refuseAboveMemoryPercent: Infinity, closeAboveMemoryPercent: Infinity });
  expect([off.memory.isWatched, off.runtime.timers]).toEqual([false, 0]);

  const closing = scene({ a: mebibyte }, { refuseAboveMemoryPercent: Infinity });
  closing.memory.collect(99);
  expect([closing.watch.isShort, closing.ended]).toEqual([false, ["a"]]);

  const refusing = scene({ a: mebibyte }, { closeAboveMemoryPercent: Infinity });
  refusing.memory.collect(99);
  expect([refusing.watch.isShort, refusing.ended]).toEqual([true, []]);
});
