import type { Duplex } from "node:stream";
import { Socket } from "node:net";

/** How many bytes have come in; `0` for streams that don't count. */
export function bytesRead(socket: Duplex): number {
  return socket instanceof Socket ? socket.bytesRead : 0;
}

/**
 * Changes whenever the peer has taken some of what waits to be sent. Finished writes alone would not tell: a large
 * write counts as unfinished for as long as its last byte waits.
 */
export function bytesTaken(socket: Duplex): string {
  if (!(socket instanceof Socket)) return String(socket.writableLength);
  // Node's own socket time-out looks at the same number; without it only whole writes count as progress.
  const { _handle: handle } = socket as { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return `${socket.bytesWritten - socket.writableLength}/${handle?.writeQueueSize ?? 0}`;
}
