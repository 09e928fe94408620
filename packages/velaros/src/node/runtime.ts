import { AsyncResource } from "node:async_hooks";
import { randomBytes, randomUUID } from "node:crypto";
import type { Runtime, Timer } from "velaros-protocol";
import { inOneGo } from "./deferral.ts";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
/** The largest multiple of the alphabet's size that fits a byte; larger bytes are drawn again to stay unbiased. */
const fairBytes = Math.floor(256 / alphabet.length) * alphabet.length;
/** Node turns longer delays into 1 ms. */
const maxDelayMs = 2 ** 31 - 1;

class NodeTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(delayMs: number, callback: () => void) {
    this.#timeout = setTimeout(callback, Math.min(delayMs, maxDelayMs)).unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

/**
 * What several callers defer runs together. Left to Node it would see the `AsyncLocalStorage` of whoever was first: that
 * of somebody else's request.
 */
const noContext = new AsyncResource("velaros.deferred");

function inNoContext(run: () => void): void {
  noContext.runInAsyncScope(run);
}

/**
 * The real world: Node's monotonic clock, timers that do not keep the process alive, `setImmediate` and
 * `node:crypto`. What is deferred runs in no caller's `AsyncLocalStorage`. Delays above 24.8 days, `Infinity` included,
 * fire after 24.8 days.
 */
export const nodeRuntime: Runtime = Object.freeze<Runtime>({
  nowMs: () => performance.now(),
  setTimer: (delayMs, callback) => new NodeTimer(delayMs, callback),
  defer: inOneGo((run) => void setImmediate(inNoContext, run)),
  random: () => Math.random(),
  // Node's is a chain of twenty pieces, half a kilobyte that lives as long as the socket; this makes it one string.
  randomUuid: () => randomUUID().toLowerCase(),
  randomToken(length) {
    let token = "";
    while (token.length < length) {
      for (const byte of randomBytes(length - token.length)) {
        if (byte < fairBytes) token += alphabet.charAt(byte % alphabet.length);
      }
    }
    return token;
  },
});
