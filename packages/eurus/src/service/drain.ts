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

/** Ends each connection as soon as its handlers are done, and all of them in time. Resolves when every close chain has run. */
export async function drain(connections: readonly VirtualConnection[], plan: DrainPlan): Promise<void> {
  const end = (connection: VirtualConnection): void => {
    connection.keepsClient = plan.keepClients;
    connection.end(1001, "Service is stopping", "server");
  };
  const busy = new Set(connections.filter((connection) => !connection.idle));
  const timer = plan.runtime.setTimer(plan.timeoutMs, () => {
    for (const connection of busy) end(connection);
  });
  for (const connection of connections) {
    if (busy.has(connection)) connection.whenIdle(() => end(connection));
    else end(connection);
  }
  await Promise.all(connections.map((connection) => connection.finished));
  timer.cancel();
}
