// The same services with nothing but ws, which looks into no large message: what no gateway in Node can undercut.
import { WebSocketServer } from "ws";
import { readConfig, ready } from "./lib/child.ts";

const { limits } = readConfig<{ readonly limits: { readonly maxMessageBytes: number } }>();
const streamed = JSON.stringify({ path: "/streams/source", data: "x".repeat(64 * 1024) });
const bufferedLimit = 1024 * 1024;

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: false,
  maxPayload: limits.maxMessageBytes,
});
server.on("connection", (webSocket) => {
  webSocket.on("error", () => webSocket.terminate());
  webSocket.on("message", (message: Buffer) => {
    if (message.length > bufferedLimit) {
      const envelopeBytes = '{"id":"large","path":"/streams/sink","data":}'.length;
      webSocket.send(JSON.stringify({ id: "large", data: { bytes: message.length - envelopeBytes } }));
      return;
    }
    const { id, path, data } = JSON.parse(message.toString()) as Record<string, unknown>;
    if (path !== "/streams/source") webSocket.send(JSON.stringify({ id, data }));
    else while (webSocket.bufferedAmount < bufferedLimit) webSocket.send(streamed);
  });
});
server.on("listening", () => {
  const address = server.address();
  ready({ port: typeof address === "object" ? address?.port : undefined });
});
