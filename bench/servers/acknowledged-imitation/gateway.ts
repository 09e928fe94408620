// The gateway half of the imitation; see transfer.ts for what it is.
import type { AddressInfo } from "node:net";
import { connect } from "@nats-io/transport-node";
import { type WebSocket, WebSocketServer } from "ws";
import { readConfig, ready } from "../lib/child.ts";
import { receive, transfer } from "./transfer.ts";

const { natsPort } = readConfig<{ readonly natsPort: number }>();
const nats = await connect({ servers: `127.0.0.1:${natsPort}`, noAsyncTraces: true });
const sockets = new Map<string, WebSocket>();

receive(nats, "imitation.gateway", (header, payload) => {
  sockets.get(header.socketId)?.send(payload, { binary: header.messageType === "binary" });
});
await nats.flush();

let count = 0;
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  path: "/ws",
  backlog: 4096,
  perMessageDeflate: false,
});
server.on("connection", (socket, request) => {
  const socketId = String(++count);
  const headers = request.headers as Record<string, string>;
  const remoteAddress = request.socket.remoteAddress ?? "";
  sockets.set(socketId, socket);
  socket.on("close", () => sockets.delete(socketId));
  socket.on("message", (bytes: Buffer, isBinary) => {
    const { path } = JSON.parse(bytes.toString()) as { readonly path: string };
    if (!path.startsWith("/area-")) return;
    const messageType = isBinary ? "binary" : "text";
    void transfer(nats, "imitation.service", { socketId, headers, remoteAddress, messageType }, bytes);
  });
});
server.on("listening", () => ready({ port: (server.address() as AddressInfo).port }));
