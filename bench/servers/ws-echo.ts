// Baseline: what people write today. Bare ws, JSON.parse, JSON.stringify, one send per message.
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { collectGarbage, ready } from "./lib/child.ts";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  path: "/ws",
  backlog: 4096,
  perMessageDeflate: false,
});

server.on("connection", (socket) => {
  socket.on("message", (bytes: Buffer) => {
    const message = JSON.parse(bytes.toString()) as { readonly id: string; readonly data: unknown };
    socket.send(JSON.stringify({ id: message.id, data: message.data }));
  });
});

server.on("listening", () => ready({ port: (server.address() as AddressInfo).port }, collectGarbage));
