import type { CloseStatus, Runtime } from "velaros-protocol";
import { inBatches } from "velaros-protocol/internal";
import type { EdgeSocket } from "./edge-socket.ts";

const pauseMs = 50;

/**
 * Closes many clients a few at a time, with random pauses between: each of them comes back at once, and they
 * had better not all do so in the same moment. The first batch is closed before this returns.
 */
export function closeInBatches(
  runtime: Runtime,
  size: number,
  edges: readonly EdgeSocket[],
  { status, reason }: CloseStatus,
): void {
  for (const edge of edges) edge.closing = true;
  void inBatches(runtime, edges, { size, pauseMs }, ({ socket }) => socket.close(status, reason));
}
