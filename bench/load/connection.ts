import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { clientFrame, type FrameRing, idOfSlot } from "./frames.ts";
import { FrameCounter } from "./frame-counter.ts";
import type { Histogram } from "./histogram.ts";
import type { Destination } from "./shape.ts";

/** A connection never has more unanswered messages than this. */
export const outstandingLimit = 64;
/** Every so many replies of a connection one is parsed and compared. Prime, so that it visits all slots. */
const checkEvery = 1021;
const handshakeTimeoutMs = 10_000;
/** Shared by all sockets: the bytes are consumed before the next read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/** Counters that the connections of one destination share. */
export interface Tally {
  replies: number;
  checked: number;
  outstanding: number;
  readonly latencies: Histogram;
  failure: Error | undefined;
}

/** One client: sends slices of a ring, counts replies, and answers each with the next message when asked to. */
export class LoadConnection {
  readonly #ring: FrameRing;
  readonly #tally: Tally;
  readonly #socket: Socket;
  readonly #counter: FrameCounter;
  readonly #sentAtMs = new Float64Array(outstandingLimit);
  readonly #opened: Promise<void>;
  #open = (): void => {};
  #fail: (error: Error) => void;
  #head: string | undefined = "";
  #sent = 0;
  #received = 0;
  #closing = false;
  /** Whether each reply is followed by the next message. */
  refill = false;

  constructor(destination: Destination, ring: FrameRing, tally: Tally) {
    this.#ring = ring;
    this.#tally = tally;
    this.#fail = (error) => (tally.failure ??= error);
    this.#counter = new FrameCounter(
      {
        wantsContent: (index) => (this.#received + index) % checkEvery === 0,
        content: (payload, index) => this.#check(payload, this.#received + index),
        control: (opcode, payload) => this.#control(opcode, payload),
      },
      ring.dialect === "envelope" ? () => true : isAcknowledgement,
    );
    this.#opened = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("No handshake within 10 s")), handshakeTimeoutMs);
      this.#open = () => {
        clearTimeout(timer);
        this.#fail = (error) => (tally.failure ??= error);
        resolve();
      };
      this.#fail = (error) => {
        clearTimeout(timer);
        reject(error);
      };
    });
    this.#socket = connect({
      host: "127.0.0.1",
      port: destination.port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length, buffer) => {
          this.#read(buffer as Buffer, length);
          return true;
        },
      },
    });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => {
      if (!this.#closing) this.#fail(new Error("The server closed a connection"));
    });
    this.#socket.write(handshake(destination));
  }

  /** Resolves when messages may be sent. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  get outstanding(): number {
    return this.#sent - this.#received;
  }

  /** Sends the next `count` messages in one write; their latency counts from `sinceMs`. */
  send(count: number, sinceMs: number): void {
    const { bytes, frameBytes, slots } = this.#ring;
    const slot = this.#sent % slots;
    for (let index = 0; index < count; index++)
      this.#sentAtMs[(this.#sent + index) % outstandingLimit] = sinceMs;
    this.#sent += count;
    this.#tally.outstanding += count;
    this.#socket.write(bytes.subarray(slot * frameBytes, (slot + count) * frameBytes));
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #read(buffer: Buffer, length: number): void {
    let chunk = buffer.subarray(0, length);
    if (this.#head !== undefined) {
      const rest = this.#readHead(chunk);
      if (rest === undefined) return;
      chunk = rest;
    }
    const replies = this.#counter.take(chunk);
    if (replies === 0) return;
    const now = performance.now();
    const { latencies } = this.#tally;
    for (let index = 0; index < replies; index++) {
      latencies.record((now - (this.#sentAtMs[(this.#received + index) % outstandingLimit] ?? now)) * 1000);
    }
    this.#received += replies;
    this.#tally.replies += replies;
    this.#tally.outstanding -= replies;
    if (this.refill) this.send(replies, now);
  }

  /** Reads the answer to the handshake; returns what follows it. */
  #readHead(chunk: Buffer): Buffer | undefined {
    const head: string = (this.#head ?? "") + chunk.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) {
      this.#head = head;
      return undefined;
    }
    this.#head = undefined;
    if (!head.startsWith("HTTP/1.1 101 ")) {
      this.#fail(new Error(`Handshake refused: ${head.slice(0, head.indexOf("\r\n"))}`));
      return undefined;
    }
    if (this.#ring.dialect === "envelope") this.#open();
    return Buffer.from(head.slice(end + 4), "latin1");
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === 0x9) this.#socket.write(clientFrame(Buffer.from(payload), 0xa));
    if (opcode === 0x8) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.#fail(new Error(`The server closed a connection: ${code} ${payload.toString("utf8", 2)}`));
    }
    if (opcode !== 0x1) return;
    // Engine.IO packets: 0 is its handshake, 2 a ping; 40 is Socket.IO's own handshake.
    const text = payload.toString("latin1");
    if (text === "2") this.#socket.write(clientFrame("3"));
    else if (text.startsWith("0")) this.#socket.write(clientFrame("40"));
    else if (text.startsWith("40")) this.#open();
    else this.#fail(new Error(`Unexpected message: ${text.slice(0, 200)}`));
  }

  #check(payload: Buffer, number: number): void {
    const text = payload.toString("utf8");
    const expected = idOfSlot(number % this.#ring.slots);
    this.#tally.checked++;
    if (isExpected(this.#ring, text, expected)) return;
    this.#fail(new Error(`Reply ${number} should answer message ${expected}: ${text.slice(0, 200)}`));
  }
}

function isExpected(ring: FrameRing, text: string, id: number): boolean {
  if (ring.dialect === "socket.io") {
    const [data] = JSON.parse(text.slice(9)) as [{ readonly text?: unknown }];
    return Number(text.slice(2, 9)) === id && data.text === ring.text;
  }
  const reply = JSON.parse(text) as { readonly id?: string; readonly data?: { readonly text?: unknown } };
  return reply.id === String(id) && reply.data?.text === ring.text;
}

function isAcknowledgement(payload: Buffer, start: number, size: number): boolean {
  return size > 2 && payload[start] === 0x34 && payload[start + 1] === 0x33;
}

function handshake(destination: Destination): string {
  return [
    `GET ${destination.path} HTTP/1.1`,
    `Host: 127.0.0.1:${destination.port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n");
}
