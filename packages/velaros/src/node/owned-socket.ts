import type { Duplex } from "node:stream";

/** The socket of a connection, with the way back to it. */
export interface OwnedSocket extends Duplex {
  [owner]?: SocketOwner;
}

export const owner: unique symbol = Symbol("velaros.owner");

export interface SocketOwner {
  /** The peer has finished sending; what is to reach it must be written now. */
  onEnd(): void;
  /** Everything that was buffered has been sent. */
  onDrain(): void;
}

export function socketEnded(this: OwnedSocket): void {
  this[owner]?.onEnd();
}

export function socketDrained(this: OwnedSocket): void {
  this[owner]?.onDrain();
}
