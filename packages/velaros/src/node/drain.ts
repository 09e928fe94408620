import type { Runtime } from "velaros-protocol";

const smallestBatch = 100;
const pauseMs = 20;

/**
 * Ends many connections a batch at a time with pauses of random length, so that their clients do not come back at
 * the same moment. Takes at most about half of `graceMs`.
 */
export async function drain<Connection>(
  runtime: Runtime,
  connections: readonly Connection[],
  graceMs: number,
  end: (connection: Connection) => void,
): Promise<void> {
  const batches = Math.max(1, Math.floor(graceMs / 2 / pauseMs));
  const batchSize = Math.max(smallestBatch, Math.ceil(connections.length / batches));
  for (let start = 0; start < connections.length; start += batchSize) {
    if (start > 0) await pause(runtime, pauseMs * (0.5 + runtime.random()));
    for (const connection of connections.slice(start, start + batchSize)) end(connection);
  }
}

function pause(runtime: Runtime, durationMs: number): Promise<void> {
  return new Promise((resolve) => void runtime.setTimer(durationMs, resolve));
}
