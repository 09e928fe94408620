import type { Duplex } from "node:stream";
import type { CloseStatus } from "velaros-protocol";
import { ownCloses } from "../close-reasons.ts";
import { bytesTaken } from "./socket-progress.ts";

/** How long things may last, in ticks of the heartbeat. */
export interface WatchLimits {
  readonly stallTicks: number;
  readonly pauseTicks: number;
  readonly messageTicks: number;
  readonly idleTicks: number;
}

/** How a watched connection has to end; `cut` without a close frame. */
export type WatchVerdict = "cut" | CloseStatus;

/** Whether a connection ends so because an operator wants all of them to, and not because of what its client does. */
export function isRoutine(verdict: CloseStatus): boolean {
  return verdict === ownCloses.idle || verdict === ownCloses.tooOld;
}

/** What is unusual about a connection at the moment. Most connections have none. */
export class ConnectionWatch {
  /** When the connection is cut if it is still there. */
  cutAtTick: number | undefined;
  /** When the authentication of the client runs out, in milliseconds since 1970. */
  expiresAtMs: number | undefined;
  /** Since when handlers have kept it from being read. */
  pausedAtTick: number | undefined;
  /** The client sends too fast and is not read for a while. */
  pausedByPace = false;
  /** Frames that came and are no messages, and how often something was sent: what tells whether a connection is idle. */
  controlFrames = 0;
  flushes = 0;
  #oldAtTick: number | undefined;
  #quietSinceTick = 0;
  #activity = 0;
  #partialBytes = 0;
  #stalledSinceTick: number | undefined;
  #taken = "";
  #partialSinceTick: number | undefined;
  #partialFrames = 0;

  /** The connection has just begun, is never to be idle for long, and may last until then. */
  fromTheStart(tick: number, oldAtTick: number): void {
    this.#quietSinceTick = tick;
    this.#oldAtTick = oldAtTick;
  }

  /** Bytes have come in, but no whole frame; `frames` is how many there have been so far. */
  partial(tick: number, frames: number): void {
    if (this.#partialSinceTick !== undefined && this.#partialFrames === frames) return;
    this.#partialSinceTick = tick;
    this.#partialFrames = frames;
  }

  /**
   * Looks at the connection; returns what has to happen now, if anything.
   *
   * @param frames - How many have come.
   * @param partialBytes - How much has come of the message that is not there as a whole.
   */
  look(
    tick: number,
    socket: Duplex,
    frames: number,
    partialBytes: number,
    limits: WatchLimits,
  ): WatchVerdict | undefined {
    if (this.cutAtTick !== undefined) return tick >= this.cutAtTick ? "cut" : undefined;
    if (this.expiresAtMs !== undefined && Date.now() >= this.expiresAtMs) return ownCloses.expired;
    this.#lookAtSending(tick, socket);
    if (this.#partialFrames !== frames) this.#partialSinceTick = undefined;
    if (isOver(this.#stalledSinceTick, tick, limits.stallTicks)) return ownCloses.slowConsumer;
    if (isOver(this.pausedAtTick, tick, limits.pauseTicks)) return ownCloses.slowHandlers;
    if (isOver(this.#partialSinceTick, tick, limits.messageTicks)) return ownCloses.tooSlowMessage;
    if (this.#oldAtTick === undefined) return undefined;
    if (tick >= this.#oldAtTick) return ownCloses.tooOld;
    return this.#isIdle(tick, frames, partialBytes, limits) ? ownCloses.idle : undefined;
  }

  /** Nothing is unusual any more. */
  get isOver(): boolean {
    return (
      this.cutAtTick === undefined &&
      this.#oldAtTick === undefined &&
      this.expiresAtMs === undefined &&
      this.pausedAtTick === undefined &&
      this.#stalledSinceTick === undefined &&
      this.#partialSinceTick === undefined
    );
  }

  #isIdle(tick: number, frames: number, partialBytes: number, limits: WatchLimits): boolean {
    const activity = frames - this.controlFrames + this.flushes;
    // What is on its way counts. Each of these has a limit of its own.
    const isSending = this.#stalledSinceTick !== undefined;
    const isPaused = this.pausedAtTick !== undefined || this.pausedByPace;
    if (isSending || isPaused || activity !== this.#activity || partialBytes !== this.#partialBytes) {
      this.#activity = activity;
      this.#partialBytes = partialBytes;
      this.#quietSinceTick = tick;
    }
    const { idleTicks, messageTicks } = limits;
    const mayTakeTicks = partialBytes > 0 ? Math.max(idleTicks, messageTicks) : idleTicks;
    return isOver(this.#quietSinceTick, tick, mayTakeTicks);
  }

  #lookAtSending(tick: number, socket: Duplex): void {
    if (socket.writableLength === 0) {
      this.#stalledSinceTick = undefined;
      return;
    }
    const taken = bytesTaken(socket);
    if (this.#stalledSinceTick !== undefined && taken === this.#taken) return;
    this.#stalledSinceTick = tick;
    this.#taken = taken;
  }
}

function isOver(sinceTick: number | undefined, tick: number, limit: number): boolean {
  return sinceTick !== undefined && tick - sinceTick >= limit;
}
