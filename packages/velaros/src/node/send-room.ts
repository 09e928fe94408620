import { harmless } from "velaros-protocol/internal";
import type { OwnedSocket } from "./owned-socket.ts";
import { socketDrained } from "./owned-socket.ts";

interface Sender {
  resolve(): void;
  reject(error: Error): void;
}

/** Those who wait until a client has taken what is buffered for it. */
export class SendRoom {
  readonly #socket: OwnedSocket;
  readonly #senders: Sender[] = [];

  constructor(socket: OwnedSocket) {
    this.#socket = socket;
    socket.on("drain", socketDrained);
  }

  wait(): Promise<void> {
    // Who does not wait for the room does not care either that it never came.
    return harmless(new Promise((resolve, reject) => void this.#senders.push({ resolve, reject })));
  }

  /** There is room. */
  open(): void {
    this.#socket.removeListener("drain", socketDrained);
    for (const { resolve } of this.#senders) resolve();
  }

  /** There will be none. */
  fail(error: Error): void {
    this.#socket.removeListener("drain", socketDrained);
    for (const { reject } of this.#senders) reject(error);
  }
}
