import type { CloseStatus, Runtime } from "velaros-protocol";
import type { EdgeSocket } from "./edge-socket.ts";

const betweenBatchesMs = 50;

/**
 * Closes many clients a few at a time, with random pauses between: each of them comes back at once, and they
 * had better not all do so in the same moment. The first batch is closed before this returns.
 */
export function closeInBatches(
  runtime: Runtime,
  batchSize: number,
  edges: readonly EdgeSocket[],
  { status, reason }: CloseStatus,
): void {
  for (const edge of edges) edge.closing = true;
  const closeFrom = (start: number): void => {
    for (const { socket } of edges.slice(start, start + batchSize)) socket.close(status, reason);
    if (start + batchSize >= edges.length) return;
    runtime.setTimer(betweenBatchesMs * (0.5 + runtime.random()), () => closeFrom(start + batchSize));
  };
  closeFrom(0);
}
