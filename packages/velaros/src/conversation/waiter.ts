import type { Runtime, Timer } from "velaros-protocol";
import { ignore } from "../promises.ts";
import type { WaitOptions } from "../socket.ts";
import type { Delivered } from "./delivered.ts";

/** The connection whose close ends every wait. */
export interface WaitingRoom {
  readonly runtime: Runtime;
  addWaiter(waiter: Waiter): void;
  removeWaiter(waiter: Waiter): void;
}

/** What else a {@link Waiter} needs to know. */
export interface WaiterHooks {
  /** Whether a message without data is what was waited for; else it is passed over. */
  readonly mayBeEmpty: boolean;
  timedOut(timeoutMs: number): Error;
  /** Called once, before the promise settles. */
  ended(delivered: boolean): void;
}

/** Somebody who waits for one message of the client: until it comes, time is up, the signal aborts or the socket closes. */
export class Waiter {
  readonly promise: Promise<Delivered>;
  readonly #socket: WaitingRoom;
  readonly #hooks: WaiterHooks;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = (): void => this.fail(this.#signal?.reason);
  readonly #timer: Timer | undefined;
  #resolve: (message: Delivered) => void = ignore;
  #reject: (reason: unknown) => void = ignore;
  #ended = false;

  constructor(socket: WaitingRoom, options: WaitOptions | undefined, hooks: WaiterHooks) {
    this.#socket = socket;
    this.#hooks = hooks;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(ignore);
    const timeoutMs = options?.timeoutMs ?? 0;
    if (timeoutMs > 0 && timeoutMs !== Infinity) {
      this.#timer = socket.runtime.setTimer(timeoutMs, () => this.fail(hooks.timedOut(timeoutMs)));
    }
    this.#signal = options?.signal;
    this.#signal?.addEventListener("abort", this.#aborted, { once: true });
    socket.addWaiter(this);
  }

  get mayBeEmpty(): boolean {
    return this.#hooks.mayBeEmpty;
  }

  deliver(message: Delivered): void {
    if (this.#end(true)) this.#resolve(message);
  }

  fail(reason: unknown): void {
    if (this.#end(false)) this.#reject(reason);
  }

  #end(delivered: boolean): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#timer?.cancel();
    this.#signal?.removeEventListener("abort", this.#aborted);
    this.#socket.removeWaiter(this);
    this.#hooks.ended(delivered);
    return true;
  }
}
