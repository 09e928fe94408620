import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";

const events = ["data", "end", "close"] as const;

/** A frame as it came over the wire. */
export interface RawFrame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A WebSocket client made of bytes, which can do everything that a well-behaved client does not. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #response: string | undefined;
  ended = false;
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => (this.ended = true));
    socket.on("close", () => (this.closed = true));
    socket.on("error", () => undefined);
  }

  /** Opens a TCP connection and says nothing. */
  static async connect(port: number, allowHalfOpen = false): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: "127.0.0.1", allowHalfOpen }));
    await once(client.socket, "connect");
    return client;
  }

  /** Opens a WebSocket. */
  static async open(port: number, allowHalfOpen = false, path = "/"): Promise<RawClient> {
    const client = await RawClient.connect(port, allowHalfOpen);
    client.socket.write(handshake({}, `GET ${path} HTTP/1.1`));
    await client.until(() => client.#response !== undefined);
    if (client.#response?.startsWith("HTTP/1.1 101") !== true) throw new Error(client.#response);
    return client;
  }

  /** Head of the HTTP response; its body lies in {@link rest} when the upgrade was refused. */
  get response(): string | undefined {
    return this.#response;
  }

  get rest(): string {
    return this.#buffer.toString();
  }

  /** Sends a text frame. */
  text(text: string): void {
    this.socket.write(maskedFrame(0x1, Buffer.from(text)));
  }

  /** Sends a close frame. */
  sendClose(code?: number, reason = ""): void {
    this.socket.write(closeFrame(code, reason));
  }

  /** Close code and reason that the server sent; `0` for an empty close frame. */
  get closeFrame(): { readonly code: number; readonly reason: string } | undefined {
    const frame = this.frames.find(({ opcode }) => opcode === 0x8);
    if (frame === undefined) return undefined;
    if (frame.payload.length === 0) return { code: 0, reason: "" };
    return { code: frame.payload.readUInt16BE(0), reason: frame.payload.subarray(2).toString() };
  }

  get texts(): string[] {
    return this.frames.filter(({ opcode }) => opcode === 0x1).map(({ payload }) => payload.toString());
  }

  /** Waits until `condition` holds, looking whenever something arrives. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error(`The connection closed first. Response: ${this.#response ?? "none"}`);
      await this.#nextEvent();
    }
  }

  async untilClosed(): Promise<void> {
    // Not by `once`, which would reject on an error such as EPIPE first.
    if (!this.closed) await new Promise<void>((resolve) => void this.socket.once("close", () => resolve()));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      const happened = (): void => {
        for (const event of events) this.socket.removeListener(event, happened);
        resolve();
      };
      for (const event of events) this.socket.on(event, happened);
    });
  }

  #onData(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    if (this.#response === undefined) {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.#response = this.#buffer.subarray(0, end).toString();
      this.#buffer = this.#buffer.subarray(end + 4);
    }
    if (this.#response.startsWith("HTTP/1.1 101")) this.#takeFrames();
  }

  #takeFrames(): void {
    for (;;) {
      const [first, second] = this.#buffer;
      if (first === undefined || second === undefined) return;
      const short = second & 0x7f;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.#buffer.length < start) return;
      const length =
        short < 126
          ? short
          : short === 126
            ? this.#buffer.readUInt16BE(2)
            : Number(this.#buffer.readBigUInt64BE(2));
      if (this.#buffer.length < start + length) return;
      const payload = this.#buffer.subarray(start, start + length);
      this.frames.push({ final: (first & 0x80) !== 0, opcode: first & 0x0f, payload });
      this.#buffer = this.#buffer.subarray(start + length);
    }
  }
}

/** The head of an upgrade request; `overrides` replace or, as `undefined`, remove headers. */
export function handshake(
  overrides: Readonly<Record<string, string | undefined>> = {},
  firstLine = "GET / HTTP/1.1",
): string {
  const headers: Record<string, string | undefined> = {
    Host: "127.0.0.1",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...overrides,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  );
  return `${firstLine}\r\n${lines.join("")}\r\n`;
}

/** A frame from a client: masked, of any opcode, and of any length that `claimedLength` says. */
export function maskedFrame(
  opcode: number,
  payload: Uint8Array,
  { final = true, claimedLength = payload.byteLength }: { final?: boolean; claimedLength?: number } = {},
): Buffer {
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  const head = [(final ? 0x80 : 0) | opcode];
  if (claimedLength < 126) head.push(0x80 | claimedLength);
  else if (claimedLength < 0x10000) head.push(0x80 | 126, claimedLength >>> 8, claimedLength & 0xff);
  else {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(claimedLength));
    head.push(0x80 | 127, ...length);
  }
  const masked = Buffer.from(payload);
  for (let index = 0; index < masked.length; index++) {
    masked[index] = (masked[index] ?? 0) ^ (mask[index % 4] ?? 0);
  }
  return Buffer.concat([Buffer.from(head), mask, masked]);
}

export function closeFrame(code?: number, reason = ""): Buffer {
  if (code === undefined) return maskedFrame(0x8, Buffer.alloc(0));
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return maskedFrame(0x8, payload);
}
