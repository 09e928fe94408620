import type { Duplex } from "node:stream";
import { frameHeaderLength, writeFrameHeader } from "./frame.ts";

/** Bodies up to this length are copied next to each other; larger ones cost less as a buffer of their own. */
const copyUpToBytes = 8 * 1024;

/** Frames lie in the queue as body and head, alternating; a head is length × 16 + opcode. */
type Entry = Uint8Array | string | number;

/**
 * Collects the frames of one connection and writes them to its socket at once. One system call per frame is what
 * most of a WebSocket server's time goes into.
 */
export class Outbox {
  readonly #socket: Duplex;
  #queue: Entry[] | undefined;
  /** Bytes of all headers and of the bodies that will be copied. */
  #copiedBytes = 0;
  #otherBytes = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Bytes that wait for {@link flush}. */
  get byteLength(): number {
    return this.#copiedBytes + this.#otherBytes;
  }

  /** The body must not change before it is flushed. */
  add(body: Uint8Array | string, opcode: number): void {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    this.#copiedBytes += frameHeaderLength(length);
    if (length <= copyUpToBytes) this.#copiedBytes += length;
    else this.#otherBytes += length;
    if (this.#queue === undefined) this.#queue = [body, length * 16 + opcode];
    else this.#queue.push(body, length * 16 + opcode);
  }

  /** Hands everything to the socket, in order. Drops it when the socket no longer takes anything. */
  flush(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    const copied = Buffer.allocUnsafe(this.#copiedBytes);
    const hasOthers = this.#otherBytes > 0;
    this.#queue = undefined;
    this.#copiedBytes = 0;
    this.#otherBytes = 0;
    if (!this.#socket.writable) return;
    if (hasOthers) {
      this.#socket.cork();
      this.#writeParts(queue, copied);
      this.#socket.uncork();
    } else {
      this.#writeParts(queue, copied);
    }
  }

  #writeParts(queue: readonly Entry[], copied: Buffer): void {
    let start = 0;
    let end = 0;
    for (let index = 0; index < queue.length; index += 2) {
      const body = queue[index] as Uint8Array | string;
      const head = queue[index + 1] as number;
      const opcode = head & 15;
      const length = (head - opcode) / 16;
      end = writeFrameHeader(copied, end, opcode, length);
      if (length > copyUpToBytes) {
        this.#socket.write(copied.subarray(start, end));
        if (typeof body !== "string") this.#socket.write(body);
        // As long in bytes as in characters means ASCII. The socket copies it once and lets go of the copy itself.
        else if (length === body.length) this.#socket.write(body, "latin1");
        // Sockets count texts in characters; what waits for this one is counted in bytes.
        else this.#socket.write(Buffer.from(body));
        start = end;
      } else if (typeof body === "string") {
        copied.write(body, end, length === body.length ? "latin1" : "utf8");
        end += length;
      } else {
        copied.set(body, end);
        end += length;
      }
    }
    if (end > start) this.#socket.write(start === 0 ? copied : copied.subarray(start, end));
  }
}
