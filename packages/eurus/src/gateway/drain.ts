import type { Runtime } from "velaros-protocol";
import { ownCloses } from "../close-reasons.ts";
import { closeInBatches } from "./close-in-batches.ts";
import type { EdgeSockets } from "./edge-sockets.ts";

const checkIntervalMs = 10;
/** How long close handlers may take before the gateway leaves without them. */
const closeTimeoutMs = 2_000;

/** Resolves when no client waits for an outcome any more, or after `timeoutMs`. */
export function untilSettled(runtime: Runtime, sockets: EdgeSockets, timeoutMs: number): Promise<void> {
  const endMs = runtime.nowMs() + timeoutMs;
  return new Promise((resolve) => {
    const check = (): void => {
      // Whoever is asked something by a service is in a conversation, which ends when its client is closed.
      const waits = sockets.all().some((edge) => edge.openMessages > 0 && !edge.hasRequests);
      if (waits && runtime.nowMs() < endMs) runtime.setTimer(checkIntervalMs, check);
      else resolve();
    };
    check();
  });
}

/** Closes every client and resolves when their close chains have run, so that services are told how each ended. */
export function closeAll(runtime: Runtime, sockets: EdgeSockets, batchSize: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = runtime.setTimer(closeTimeoutMs, resolve);
    sockets.whenEmpty(() => {
      timer.cancel();
      resolve();
    });
    closeInBatches(runtime, batchSize, sockets.all(), ownCloses.gatewayStopping);
  });
}
