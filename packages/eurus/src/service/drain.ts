import type { Runtime } from "velaros-protocol";
import { ownCloses } from "../close-reasons.ts";
import type { VirtualConnection } from "./virtual-connection.ts";

/** How virtual sockets end at a planned stop. */
export interface DrainPlan {
  readonly runtime: Runtime;
  /** After this long handlers are not waited for any more. */
  readonly timeoutMs: number;
  /** Whether clients stay connected to their gateway. */
  readonly keepClients: boolean;
}

const checkIntervalMs = 10;
const closeTimeoutMs = 5_000;

/**
 * Ends each connection as soon as its handlers are done, at once if they only wait for the client, and all of them
 * in time. Resolves when every close chain has run, or 5 s after the last one began.
 */
export async function drain(connections: readonly VirtualConnection[], plan: DrainPlan): Promise<void> {
  const { runtime, timeoutMs, keepClients } = plan;
  const endMs = runtime.nowMs() + timeoutMs;
  let remaining = connections;
  const check = (): void => {
    const late = runtime.nowMs() >= endMs;
    remaining = remaining.filter((connection) => {
      if (!late && !connection.idle) return true;
      connection.keepsClient = keepClients;
      const { status, reason, source } = ownCloses.serviceStopping;
      connection.end(status, reason, source);
      return false;
    });
    if (remaining.length > 0) runtime.setTimer(checkIntervalMs, check);
  };
  const finished = Promise.all(connections.map((connection) => connection.finished));
  check();
  // Close handlers may take their time, but one that never ends must not keep the service for ever.
  const tooLate = new Promise<void>((resolve) => {
    runtime.setTimer(timeoutMs + closeTimeoutMs, resolve);
  });
  await Promise.race([finished, tooLate]);
}
