import type { Runtime, Timer } from "velaros-protocol";

import type { LinkLimits } from "./limits.ts";

/** What {@link Reachability} needs of the link around it. */
export interface ReachabilityPort {
  readonly runtime: Runtime;
  readonly limits: LinkLimits;
  /** Tells the peer where both directions stand, and asks for the same. */
  sendSync(): void;
  /** The peer was not found; the link waits. */
  suspected(): void;
  /** The peer has answered: send again from where it stands. */
  answered(wasSuspect: boolean): void;
  /** The peer stayed away for too long. */
  expired(): void;
}

/**
 * Whether the other end can be reached, as far as one link can tell: our own bus is there, and nobody has said
 * that the peer is not.
 */
export class Reachability {
  readonly #port: ReachabilityPort;
  #isConnected: boolean;
  #isSuspect = false;
  #isResyncing = false;
  #reconnectedMs = -Infinity;
  #syncTimer: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(port: ReachabilityPort, isConnected: boolean) {
    this.#port = port;
    this.#isConnected = isConnected;
  }

  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Whether batches may be published now. */
  get mayPublish(): boolean {
    return this.#isConnected && !this.#isSuspect && !this.#isResyncing;
  }

  /** The bus found nobody at the other end. */
  suspect(): void {
    if (this.#isSuspect || !this.#isConnected) return;
    this.#isSuspect = true;
    const { runtime, limits } = this.#port;
    const isFresh = runtime.nowMs() - this.#reconnectedMs < limits.suspectAfterReconnectMs;
    const waitMs = isFresh ? limits.suspectAfterReconnectMs : limits.suspectMs;
    this.#deadline = runtime.setTimer(waitMs, () => this.#port.expired());
    this.#port.suspected();
    if (!this.#isResyncing) this.#syncNow();
  }

  /** Our own bus was lost: nothing is sent, and no time runs against the peer. */
  disconnected(): void {
    this.#isConnected = false;
    this.#cancel();
  }

  /** Our own bus is back. Whatever was on its way may be gone without a sign. */
  reconnected(): void {
    if (this.#isConnected) return;
    const { runtime, limits } = this.#port;
    this.#isConnected = true;
    this.#reconnectedMs = runtime.nowMs();
    this.#isResyncing = true;
    this.#cancel();
    if (this.#isSuspect) {
      this.#deadline = runtime.setTimer(limits.suspectAfterReconnectMs, () => this.#port.expired());
    }
    // Not all links of all processes in the same instant.
    this.#syncTimer = runtime.setTimer(runtime.random() * limits.resyncJitterMs, () => this.#syncNow());
  }

  /** The peer has answered our SYNC. */
  answer(): void {
    if (!this.#isConnected || (!this.#isSuspect && !this.#isResyncing)) return;
    const wasSuspect = this.#isSuspect;
    this.#isSuspect = false;
    this.#isResyncing = false;
    this.#cancel();
    this.#port.answered(wasSuspect);
  }

  stop(): void {
    this.#cancel();
  }

  #syncNow(): void {
    const { runtime, limits } = this.#port;
    this.#port.sendSync();
    this.#syncTimer = runtime.setTimer(limits.syncIntervalMs, () => this.#syncNow());
  }

  #cancel(): void {
    this.#syncTimer?.cancel();
    this.#deadline?.cancel();
    this.#syncTimer = undefined;
    this.#deadline = undefined;
  }
}
