// A rival: Socket.IO, WebSocket transport only, one event whose acknowledgement carries the echo.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { collectGarbage, ready } from "./lib/child.ts";

const server = createServer();
const io = new Server(server, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  maxHttpBufferSize: 2 ** 20,
});
io.on("connection", (socket) => {
  socket.on("echo", (data: unknown, acknowledge: (data: unknown) => void) => acknowledge(data));
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () =>
  ready({ port: (server.address() as AddressInfo).port }, collectGarbage),
);
