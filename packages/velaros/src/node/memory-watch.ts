import type { Runtime, Timer } from "velaros-protocol";
import type { IncidentLog } from "./incident-log.ts";
import type { MemoryMarks, MemoryUse } from "./memory-gauge.ts";
import { MemoryGauge } from "./memory-gauge.ts";
import type { MemorySource } from "./memory-source.ts";

/** Something that can be ended to get memory back. */
export interface MemoryHolder {
  /** Bytes that wait here, on their way in or out. */
  readonly heldBytes: number;
  /** Ends it for want of memory. Does nothing when it is ending already. */
  giveUpMemory(): void;
}

/** Those of one endpoint. */
export interface MemoryHolders<Holder> {
  readonly incidents: IncidentLog;
  /** All that there are now. */
  members(): Iterable<Holder>;
}

/** What a {@link MemoryWatch} looks at. */
export interface MemoryScene {
  readonly runtime: Runtime;
  readonly source: MemorySource;
}

const lookEveryMs = 1_000;
const lookWhenNearEveryMs = 100;
/** V8 collects before much is allocated. When it has not for so long, there may be any amount of garbage. */
const knownForMs = 5_000;
/** Memory that becomes short again and again is a line no more often than this. */
const quietMs = 10_000;
/** A connection costs about as much as this: holding less is no reason to end it. */
const worthEndingBytes = 16 * 1024;

/**
 * Keeps endpoints from filling the memory of their process. New clients are refused above one mark; above a higher one
 * those that hold most are ended, until what they hold makes up for what is too much.
 *
 * The heap is judged by what a collection left, because before it most of it may be garbage. The process is judged by
 * what it has, because garbage counts as well for who ends processes. New clients wait for a collection no longer than
 * five seconds: they are what makes one necessary.
 */
export class MemoryWatch<Holder extends MemoryHolder> {
  readonly #scene: MemoryScene;
  readonly #isOff: boolean;
  readonly #heap: MemoryGauge;
  readonly #process: MemoryGauge;
  readonly #endpoints = new Set<MemoryHolders<Holder>>();
  /** Of the endpoint that has been there for longest, or was the last to go. */
  #incidents: IncidentLog | undefined;
  #collectedAtMs = 0;
  /** So much of what the process has is taken for garbage until it is collected. */
  #garbageBytes = 0;
  /** Ended, but not gone yet, with what they held. */
  readonly #ending = new Map<Holder, number>();
  /** What those held that are gone, as long as it may not have been collected. */
  #uncollectedBytes = 0;
  /** The last line says that memory is short. */
  #toldShort = false;
  #toldShortAtMs = -Infinity;
  #timer: Timer | undefined;
  #stopListening: (() => void) | undefined;

  constructor(marks: MemoryMarks, scene: MemoryScene) {
    this.#scene = scene;
    this.#isOff = Math.min(marks.refuseAboveMemoryPercent, marks.closeAboveMemoryPercent) === Infinity;
    this.#heap = new MemoryGauge(marks);
    this.#process = new MemoryGauge(marks);
  }

  /** Whether there is too little memory for more clients. */
  get isShort(): boolean {
    return this.#heap.refuses || this.#process.refuses;
  }

  /** There is something that can hold memory. May be called again. */
  start(endpoint: MemoryHolders<Holder>): void {
    if (this.#isOff) return;
    this.#endpoints.add(endpoint);
    if (this.#timer !== undefined) return;
    this.#incidents = endpoint.incidents;
    const { runtime, source } = this.#scene;
    this.#collectedAtMs = runtime.nowMs();
    this.#timer = runtime.setTimer(lookEveryMs, this.#onTimer);
    this.#stopListening = source.onCollection(this.#onCollection);
  }

  /** Whatever it held is no longer held by it. */
  gone(holder: Holder): void {
    this.#uncollectedBytes += this.#ending.get(holder) ?? 0;
    this.#ending.delete(holder);
  }

  /** Nothing is left there that holds anything; when that is so everywhere, nobody has to be kept out either. */
  stop(endpoint: MemoryHolders<Holder>): void {
    if (!this.#endpoints.delete(endpoint)) return;
    const [oldest] = this.#endpoints;
    if (oldest !== undefined) {
      this.#incidents = oldest.incidents;
      return;
    }
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopListening?.();
    this.#heap.forget();
    this.#process.forget();
    this.#uncollectedBytes = 0;
    this.#garbageBytes = 0;
    this.#act();
  }

  readonly #onTimer = (): void => {
    const { runtime } = this.#scene;
    this.#lookAtProcess();
    const nextMs = this.#process.isNear ? lookWhenNearEveryMs : lookEveryMs;
    this.#timer = runtime.setTimer(nextMs, this.#onTimer);
    if (this.#heap.use !== undefined) this.#lookAtHeapAgain(this.#heap.use);
    this.#act();
  };

  readonly #onCollection = (): void => {
    this.#uncollectedBytes = 0;
    this.#garbageBytes = 0;
    const { runtime, source } = this.#scene;
    this.#collectedAtMs = runtime.nowMs();
    this.#heap.see(source.heap());
    this.#process.see(source.process());
    this.#act();
  };

  /** Without a collection it can only be seen that there is less than before. */
  #lookAtHeapAgain(before: MemoryUse): void {
    const use = this.#scene.source.heap();
    if (use.usedBytes < before.usedBytes) this.#heap.see(use);
    else if (this.#isQuiet) this.#heap.forget();
  }

  #lookAtProcess(): void {
    const use = this.#scene.source.process();
    this.#process.see(use, this.#garbageBytes);
    if (!this.#process.refuses || !this.#isQuiet) return;
    this.#garbageBytes = this.#process.refusedForBytes;
    this.#process.see(use, this.#garbageBytes);
  }

  get #isQuiet(): boolean {
    return this.#scene.runtime.nowMs() - this.#collectedAtMs > knownForMs;
  }

  #act(): void {
    this.#tell();
    const excessBytes = Math.max(this.#heap.excessBytes, this.#process.excessBytes) - this.#expectedBytes();
    if (excessBytes > 0) this.#giveBack(excessBytes);
  }

  /** Whatever was left out before, the last line says what is true, ten seconds later at the latest. */
  #tell(): void {
    const { runtime } = this.#scene;
    if (this.isShort === this.#toldShort) return;
    if (!this.isShort) {
      this.#toldShort = false;
      this.#incidents?.tell({}, "Memory is no longer short: new clients may come.");
    } else if (runtime.nowMs() - this.#toldShortAtMs >= quietMs) {
      this.#toldShort = true;
      this.#toldShortAtMs = runtime.nowMs();
      this.#incidents?.tell(this.#details(), "Memory is short: no new clients.");
    }
  }

  /** Ends those that hold most, until all of them together held as much as this. */
  #giveBack(excessBytes: number): void {
    const found: (readonly [Holder, number])[] = [];
    for (const endpoint of this.#endpoints) {
      for (const holder of endpoint.members()) {
        const { heldBytes } = holder;
        if (heldBytes >= worthEndingBytes && !this.#ending.has(holder)) found.push([holder, heldBytes]);
      }
    }
    let leftBytes = excessBytes;
    let ended = 0;
    for (const [holder, heldBytes] of found.toSorted(([, one], [, other]) => other - one)) {
      if (leftBytes <= 0) break;
      this.#ending.set(holder, heldBytes);
      holder.giveUpMemory();
      leftBytes -= heldBytes;
      ended++;
    }
    const message =
      ended > 0
        ? "Memory has run out: the connections that hold most are closed."
        : "Memory has run out, and no connection holds enough of it to be closed.";
    this.#incidents?.warn("memory out", { closed: ended, ...this.#details() }, message);
  }

  /** What comes back by itself. */
  #expectedBytes(): number {
    let bytes = this.#uncollectedBytes;
    for (const held of this.#ending.values()) bytes += held;
    return bytes;
  }

  #details(): Readonly<Record<string, unknown>> {
    return { heap: this.#heap.use, process: this.#process.use };
  }
}
