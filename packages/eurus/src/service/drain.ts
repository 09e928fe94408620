import type { Runtime } from "velaros-protocol";
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

/**
 * Ends each connection as soon as its handlers are done, at once if they only wait for the client, and all of them
 * in time. Resolves when every close chain has run.
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
      connection.end(1001, "Service is stopping", "server");
      return false;
    });
    if (remaining.length > 0) runtime.setTimer(checkIntervalMs, check);
  };
  const finished = connections.map((connection) => connection.finished);
  check();
  await Promise.all(finished);
}
