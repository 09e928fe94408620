// A clock finer than timers, which count in whole milliseconds: a thread that sleeps on an atomic and posts.
// The generator's own thread stays free to read replies as they come.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

if (!isMainThread) {
  const { everyMs, stopped } = workerData as { readonly everyMs: number; readonly stopped: Int32Array };
  while (Atomics.wait(stopped, 0, 0, everyMs) === "timed-out") parentPort?.postMessage(0);
}

/** Calls `tick` about every `everyMs`, which may be a fraction. Returns how to end it. */
export function startTicker(everyMs: number, tick: () => void): () => void {
  const stopped = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { everyMs, stopped } });
  worker.on("message", tick);
  return () => {
    worker.off("message", tick);
    Atomics.store(stopped, 0, 1);
    Atomics.notify(stopped, 0);
  };
}
