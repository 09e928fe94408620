import { nodeRuntime } from "velaros";
import type { Runtime } from "velaros-protocol";

/** Time that passes when told to. */
export class ManualRuntime implements Runtime {
  readonly #timers = new Map<object, { readonly atMs: number; readonly callback: () => void }>();
  #nowMs = 0;

  get timers(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): { cancel(): void } {
    const timer = { cancel: () => void this.#timers.delete(timer) };
    this.#timers.set(timer, { atMs: this.#nowMs + delayMs, callback });
    return timer;
  }

  /** Each timer fires at most once in here, however far time jumps: the process stood still. */
  jump(durationMs: number): void {
    this.#nowMs += durationMs;
    for (const [timer, { atMs, callback }] of [...this.#timers]) {
      if (atMs <= this.#nowMs && this.#timers.delete(timer)) callback();
    }
  }

  defer(callback: () => void): void {
    callback();
  }

  random(): number {
    return 0;
  }

  randomUuid(): string {
    return nodeRuntime.randomUuid();
  }

  randomToken(length: number): string {
    return nodeRuntime.randomToken(length);
  }
}
