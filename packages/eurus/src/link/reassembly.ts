import type { Runtime, Timer } from "velaros-protocol";

import type { ByteBudget } from "./byte-budget.ts";
import type { ChunkFrame } from "./frame-codec.ts";

/** What {@link Reassembly} needs of the link around it. */
export interface ReassemblyPort {
  readonly runtime: Runtime;
  readonly stallMs: number;
  /** Memory for large bodies, of all links of the process. */
  readonly budget: ByteBudget;
  /** The sender may send this many bytes more. */
  grant(pin: number, bytes: number): void;
  /** Whether a whole body of the pin has been handed over that its owner has not consumed. */
  hasUnconsumed(pin: number): boolean;
  /** The transfer can't be finished; nothing more of the pin can be. */
  abort(pin: number, problem: string): void;
}

interface Transfer {
  readonly pin: number;
  readonly totalBytes: number;
  readonly chunks: Uint8Array[];
  receivedBytes: number;
  /** Received while the budget had no room. */
  ungrantedBytes: number;
  isAdmitted: boolean;
  lastChunkMs: number;
}

/**
 * Puts large frames together. A transfer that the budget has no room for is simply not granted more than the
 * first window: it waits at its sender, first come first served.
 */
export class Reassembly {
  readonly #port: ReassemblyPort;
  readonly #transfers = new Map<number, Transfer>();
  /** Budget taken by pins: for the transfer under way, and for a whole body that nobody consumed yet. */
  readonly #heldBytes = new Map<number, number>();
  readonly #retry = (): void => this.#admitAll();
  #timer: Timer | undefined;

  constructor(port: ReassemblyPort) {
    this.#port = port;
  }

  /** Nothing large is on its way in or waits to be consumed. */
  get isIdle(): boolean {
    return this.#transfers.size === 0 && this.#heldBytes.size === 0;
  }

  /** Takes a piece. Returns the whole frame with its last piece, and a text when something is wrong. */
  take(chunk: ChunkFrame): Uint8Array | string | undefined {
    const { pin } = chunk;
    let transfer = this.#transfers.get(pin);
    if (chunk.totalBytes > 0) {
      if (transfer !== undefined) return "a transfer begins before the one before it has ended";
      if (chunk.totalBytes > this.#port.budget.limitBytes) {
        this.#port.abort(
          pin,
          `a message of ${chunk.totalBytes} bytes is larger than all memory for such messages`,
        );
        return undefined;
      }
      transfer = this.#begin(pin, chunk.totalBytes);
    }
    if (transfer === undefined) return "a transfer goes on that has not begun";
    const received = transfer.receivedBytes + chunk.bytes.length;
    if (received > transfer.totalBytes || chunk.isLast !== (received === transfer.totalBytes)) {
      return `a transfer of ${transfer.totalBytes} bytes does not end where it said`;
    }
    transfer.receivedBytes = received;
    transfer.chunks.push(chunk.bytes);
    transfer.lastChunkMs = this.#port.runtime.nowMs();
    transfer.ungrantedBytes += chunk.bytes.length;
    if (this.#admit(transfer)) this.#grant(transfer);
    return chunk.isLast ? this.#finish(transfer) : undefined;
  }

  /** The owner has consumed all of the pin that was handed over whole. */
  consumed(pin: number): void {
    this.#free(pin);
    const next = this.#transfers.get(pin);
    if (next !== undefined && this.#admit(next)) this.#grant(next);
  }

  release(pin: number): void {
    this.#transfers.delete(pin);
    this.#free(pin);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#port.budget.stopWaiting(this.#retry);
    for (const pin of [...this.#heldBytes.keys()]) this.#free(pin);
    this.#transfers.clear();
  }

  #begin(pin: number, totalBytes: number): Transfer {
    const transfer: Transfer = {
      pin,
      totalBytes,
      chunks: [],
      receivedBytes: 0,
      ungrantedBytes: 0,
      isAdmitted: false,
      lastChunkMs: this.#port.runtime.nowMs(),
    };
    this.#transfers.set(pin, transfer);
    this.#armTimer();
    return transfer;
  }

  /** Whether the transfer has its memory. Nothing more of a pin comes in while a whole body waits there. */
  #admit(transfer: Transfer): boolean {
    if (transfer.isAdmitted) return true;
    if (this.#port.hasUnconsumed(transfer.pin)) return false;
    const { budget } = this.#port;
    if (!budget.hasRoom(transfer.totalBytes)) {
      budget.wait(this.#retry);
      return false;
    }
    budget.take(transfer.totalBytes);
    this.#heldBytes.set(transfer.pin, transfer.totalBytes);
    transfer.isAdmitted = true;
    transfer.lastChunkMs = this.#port.runtime.nowMs();
    return true;
  }

  #admitAll(): void {
    for (const transfer of this.#transfers.values()) {
      if (!transfer.isAdmitted && this.#admit(transfer)) this.#grant(transfer);
    }
  }

  #grant(transfer: Transfer): void {
    const bytes = transfer.ungrantedBytes;
    transfer.ungrantedBytes = 0;
    if (bytes > 0) this.#port.grant(transfer.pin, bytes);
  }

  #finish(transfer: Transfer): Uint8Array {
    this.#transfers.delete(transfer.pin);
    const whole = new Uint8Array(transfer.totalBytes);
    let at = 0;
    for (const chunk of transfer.chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    // One that fitted into the first window is here, whether it got its memory or not.
    this.#grant(transfer);
    return whole;
  }

  #free(pin: number): void {
    const held = this.#heldBytes.get(pin);
    if (held === undefined) return;
    this.#heldBytes.delete(pin);
    this.#port.budget.free(held);
  }

  #armTimer(): void {
    if (this.#timer !== undefined) return;
    const { runtime, stallMs } = this.#port;
    this.#timer = runtime.setTimer(stallMs / 4, () => {
      this.#timer = undefined;
      const nowMs = runtime.nowMs();
      for (const { pin, isAdmitted, lastChunkMs } of [...this.#transfers.values()]) {
        if (!isAdmitted || nowMs - lastChunkMs < stallMs) continue;
        this.release(pin);
        this.#port.abort(pin, `nothing more of a large message came for ${stallMs} ms`);
      }
      if (this.#transfers.size > 0) this.#armTimer();
    });
  }
}
