import type { Runtime, Timer } from "velaros-protocol";

/** What has to be looked after as time passes. None of these throws. */
export interface Beating {
  /** Belongs to the heartbeat; `-1` while there is none. */
  bucket: number;
  /** The time has come to see whether the peer is alive. */
  beat(tick: number): void;
  /** The time to answer the last beat is over. */
  checkBeat(tick: number): void;
  /** Once per tick while watched; returns whether to go on watching. */
  watch(tick: number): boolean;
}

export interface HeartbeatTimes {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  /** The shortest time that anything is watched for. */
  readonly shortestWatchMs: number;
}

/** No interval is longer; a number of milliseconds that a timer can still wait. */
const maxBuckets = 2 ** 31 - 1;

/**
 * One timer for all connections of an endpoint. Time is counted in ticks, and each tick leaves the event loop one
 * chance to read what has arrived: however long the process stands still, no peer is blamed for it.
 *
 * Connections lie in one bucket per tick of the interval, so that their pings are spread evenly.
 */
export class Heartbeat<Member extends Beating> {
  readonly #runtime: Runtime;
  readonly #tickMs: number;
  readonly #pings: boolean;
  readonly #pongTicks: number;
  /** By their index; only those that a member was ever in, since an interval may have millions. */
  readonly #buckets = new Map<number, Set<Member>>();
  readonly #length: number;
  readonly #watched = new Set<Member>();
  #tick = 0;
  #size = 0;
  #timer: Timer | undefined;

  constructor(runtime: Runtime, times: HeartbeatTimes) {
    this.#runtime = runtime;
    this.#pings = times.pingIntervalMs > 0;
    const shortestMs = Math.min(
      times.shortestWatchMs,
      times.pongTimeoutMs,
      this.#pings ? times.pingIntervalMs : Infinity,
    );
    this.#tickMs = Math.max(1, Math.min(1_000, shortestMs));
    this.#pongTicks = this.ticks(times.pongTimeoutMs);
    this.#length = this.#pings ? Math.min(maxBuckets, this.ticks(times.pingIntervalMs)) : 1;
  }

  /** How many ticks pass in this time, at least one. */
  ticks(durationMs: number): number {
    return Math.max(1, Math.ceil(durationMs / this.#tickMs));
  }

  get now(): number {
    return this.#tick;
  }

  get size(): number {
    return this.#size;
  }

  *members(): Generator<Member> {
    for (const bucket of this.#buckets.values()) yield* bucket;
  }

  add(member: Member): void {
    const length = this.#length;
    // Up to a tenth earlier than a whole interval from now: clients that came together need not be pinged together.
    const early = Math.floor(this.#runtime.random() * (length / 10));
    const index = (this.#tick + length - early) % length;
    const bucket = this.#buckets.get(index);
    if (bucket === undefined) this.#buckets.set(index, new Set([member]));
    else bucket.add(member);
    member.bucket = index;
    this.#size++;
    this.#timer ??= this.#runtime.setTimer(this.#tickMs, this.#onTimer);
  }

  delete(member: Member): void {
    if (member.bucket === -1) return;
    this.#buckets.get(member.bucket)?.delete(member);
    this.#watched.delete(member);
    member.bucket = -1;
    if (--this.#size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Calls {@link Beating.watch} on each tick from now on, until that returns false. */
  watch(member: Member): void {
    if (member.bucket !== -1) this.#watched.add(member);
  }

  /** Timers fire before sockets are read: what has arrived while the process stood still gets its chance first. */
  readonly #onTimer = (): void => {
    this.#timer = this.#runtime.setTimer(this.#tickMs, this.#onTimer);
    this.#runtime.defer(this.#onTick);
  };

  readonly #onTick = (): void => {
    const tick = ++this.#tick;
    for (const member of this.#watched) {
      if (!member.watch(tick)) this.#watched.delete(member);
    }
    if (!this.#pings) return;
    const length = this.#length;
    const beaten = (tick - this.#pongTicks) % length;
    for (const member of this.#buckets.get((beaten + length) % length) ?? []) member.checkBeat(tick);
    for (const member of this.#buckets.get(tick % length) ?? []) member.beat(tick);
  };
}
