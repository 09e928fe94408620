// What a connection of Velaros costs beside one of bare ws, both echoing bytes without looking at them:
// CPU time per message of the server process, measured in turn. Run it as
//   node --conditions=@velaros/source --import tsx bench/micro/node-echo.ts [rounds]
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import type {
  ConnectionInlet,
  ConnectionOutlet,
  InboundMessage,
} from "../../packages/velaros/src/connection.ts";
import { listen } from "../../packages/velaros/src/node/listen.ts";

const servers = ["ws", "velaros"] as const;
type ServerName = (typeof servers)[number];

const shapes = [
  { bytes: 64, connections: 100, inFlight: 1 },
  { bytes: 64, connections: 100, inFlight: 16 },
  { bytes: 1024, connections: 100, inFlight: 4 },
  { bytes: 65_536, connections: 20, inFlight: 1 },
] as const;

const warmupMs = 400;
const windowMs = 1_500;

class EchoInlet implements ConnectionInlet {
  readonly socketId = "";
  readonly busy = false;
  readonly finished: Promise<void> = Promise.resolve();
  readonly #outlet: ConnectionOutlet;

  constructor(outlet: ConnectionOutlet) {
    this.#outlet = outlet;
  }

  message(message: InboundMessage): void {
    void this.#outlet.send(message.bytes, message.type, "reply", message);
  }

  closed(status: number, reason: string, source: "client" | "server"): void {
    this.#outlet.close(status, reason, source);
  }
}

async function serve(name: ServerName): Promise<number> {
  if (name === "velaros") {
    const host = {
      connect: (_info: unknown, outlet: ConnectionOutlet) => new EchoInlet(outlet),
      subprotocols: () => [],
    };
    const options = { port: 0, host: "127.0.0.1", messagesPerSecond: 1e9 };
    return (await listen(host, options)).port;
  }
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
}

/** Keeps a number of messages in flight and counts the answers by their length. */
class Client {
  readonly #socket: Socket;
  readonly #frames: Buffer;
  readonly #frameBytes: number;
  readonly #replyBytes: number;
  #pendingBytes = 0;
  replies = 0;

  constructor(socket: Socket, frames: Buffer, frameBytes: number, replyBytes: number) {
    this.#socket = socket;
    this.#frames = frames;
    this.#frameBytes = frameBytes;
    this.#replyBytes = replyBytes;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk.length));
  }

  start(inFlight: number): void {
    this.#socket.write(this.#frames.subarray(0, inFlight * this.#frameBytes));
  }

  stop(): void {
    this.#socket.destroy();
  }

  #onData(length: number): void {
    this.#pendingBytes += length;
    const count = Math.floor(this.#pendingBytes / this.#replyBytes);
    if (count === 0) return;
    this.#pendingBytes -= count * this.#replyBytes;
    this.replies += count;
    this.#socket.write(this.#frames.subarray(0, count * this.#frameBytes));
  }
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const head = ["GET / HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade"];
  const key = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"];
  socket.write([...head, ...key, "", ""].join("\r\n"));
  await once(socket, "data");
  return socket;
}

function clientFrame(bytes: number): Buffer {
  const mask = [1, 2, 3, 4];
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes));
  const size =
    bytes < 126 ? [0x80 | bytes] : bytes < 65_536 ? [0xfe, bytes >>> 8, bytes & 255] : [0xff, ...length];
  const body = Buffer.from(Array.from({ length: bytes }, (_, index) => 120 ^ (mask[index % 4] ?? 0)));
  return Buffer.concat([Buffer.from([0x81, ...size, ...mask]), body]);
}

function replyLength(bytes: number): number {
  return bytes + (bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10);
}

async function cpuMicros(server: ChildProcess): Promise<number> {
  server.send("cpu");
  const [micros] = (await once(server, "message")) as [number];
  return micros;
}

async function measure(server: ChildProcess, port: number, shape: (typeof shapes)[number]): Promise<number> {
  const frame = clientFrame(shape.bytes);
  const frames = Buffer.concat(Array.from({ length: shape.inFlight }, () => frame));
  const sockets = await Promise.all(Array.from({ length: shape.connections }, () => openSocket(port)));
  const clients = sockets.map((socket) => new Client(socket, frames, frame.length, replyLength(shape.bytes)));
  const replies = (): number => clients.reduce((sum, client) => sum + client.replies, 0);
  for (const client of clients) client.start(shape.inFlight);
  await new Promise((resolve) => setTimeout(resolve, warmupMs));
  const [startReplies, startMicros] = [replies(), await cpuMicros(server)];
  await new Promise((resolve) => setTimeout(resolve, windowMs));
  const [endMicros, endReplies] = [await cpuMicros(server), replies()];
  for (const client of clients) client.stop();
  return (endMicros - startMicros) / (endReplies - startReplies);
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}

async function main(rounds: number): Promise<void> {
  const children = servers.map((name) => fork(fileURLToPath(import.meta.url), [name]));
  const ports = await Promise.all(
    children.map(async (child) => ((await once(child, "message")) as [number])[0]),
  );
  for (const shape of shapes) {
    const micros: number[][] = servers.map(() => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, child] of children.entries()) {
        const value = await measure(child, ports[index] ?? 0, shape);
        if (round > 0) micros[index]?.push(value);
      }
    }
    const [bare = [], ours = []] = micros;
    const ratios = ours.map((value, index) => value / (bare[index] ?? Number.NaN));
    const { bytes, connections, inFlight } = shape;
    console.log(
      `${bytes} B, ${connections} × ${inFlight}: ws ${median(bare).toFixed(2)} µs, velaros ${median(ours).toFixed(2)} µs, ` +
        `ratio ${median(ratios).toFixed(3)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
    );
  }
  for (const child of children) child.disconnect();
}

const [, , argument] = process.argv;
const serverName = servers.find((name) => name === argument);
if (serverName === undefined) {
  await main(Number(argument ?? 5));
} else {
  process.on("disconnect", () => process.exit(0));
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.send?.(await serve(serverName));
}
