// Baseline: bare ws with the known trick on top. Replies of one event-loop turn become one buffer and one write
// per socket; big ones are written as they are, since copying them costs more than a system call.
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocketServer } from "ws";
import { collectGarbage, ready } from "./lib/child.ts";

const copyLimitBytes = 8 * 1024;

class Coalescer {
  readonly #socket: Socket;
  #texts: string[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  send(text: string): void {
    this.#texts.push(text);
    if (this.#texts.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const texts = this.#texts;
    this.#texts = [];
    const sizes = texts.map((text) => Buffer.byteLength(text));
    const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size + headerBytes(size), 0));
    let offset = 0;
    for (const [index, text] of texts.entries()) {
      const size = sizes[index] ?? 0;
      offset = writeHeader(bytes, offset, size);
      if (size > copyLimitBytes && texts.length === 1) {
        this.#socket.cork();
        this.#socket.write(bytes.subarray(0, offset));
        this.#socket.write(text);
        this.#socket.uncork();
        return;
      }
      offset += bytes.write(text, offset);
    }
    this.#socket.write(bytes);
  }
}

function headerBytes(size: number): number {
  return size < 126 ? 2 : size < 65_536 ? 4 : 10;
}

function writeHeader(bytes: Buffer, offset: number, size: number): number {
  bytes[offset] = 0x81;
  if (size < 126) bytes[offset + 1] = size;
  else if (size < 65_536) {
    bytes[offset + 1] = 126;
    bytes.writeUInt16BE(size, offset + 2);
  } else {
    bytes[offset + 1] = 127;
    bytes.writeBigUInt64BE(BigInt(size), offset + 2);
  }
  return offset + headerBytes(size);
}

const server = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
server.on("upgrade", (request, tcp: Socket, head) => {
  tcp.setNoDelay(true);
  sockets.handleUpgrade(request, tcp, head, (socket) => {
    const coalescer = new Coalescer(tcp);
    socket.on("message", (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString()) as { readonly id: string; readonly data: unknown };
      coalescer.send(JSON.stringify({ id: message.id, data: message.data }));
    });
  });
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () =>
  ready({ port: (server.address() as AddressInfo).port }, collectGarbage),
);
