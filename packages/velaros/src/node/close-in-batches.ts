import type { Runtime } from "velaros-protocol";
import { inBatches } from "velaros-protocol/internal";

const smallestBatch = 100;
const pauseMs = 20;

/**
 * Ends many connections a batch at a time with pauses of random length, so that their clients do not come back at
 * the same moment. Takes at most about half of `graceMs`.
 */
export function closeInBatches<Connection>(
  runtime: Runtime,
  connections: readonly Connection[],
  graceMs: number,
  end: (connection: Connection) => void,
): Promise<void> {
  const batches = Math.max(1, Math.floor(graceMs / 2 / pauseMs));
  const size = Math.max(smallestBatch, Math.ceil(connections.length / batches));
  return inBatches(runtime, connections, { size, pauseMs }, end);
}
