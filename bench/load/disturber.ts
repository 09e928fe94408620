// Clients that make trouble for others, in a process of their own: one pours large messages, one asks for a stream
// and never reads it.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { ready } from "../servers/lib/child.ts";
import { clientFrame } from "./frames.ts";

export type DisturberRequest =
  | { readonly do: "start"; readonly port: number; readonly bytes: number }
  /** Answered with how many large messages have been answered so far. */
  | { readonly do: "count" }
  | { readonly do: "stop" };

let poured = 0;
let pouring: WebSocket | undefined;
let deaf: WebSocket | undefined;
let large: Buffer | undefined;

ready({}, async (message) => {
  const request = message as DisturberRequest;
  if (request.do === "count") return poured;
  if (request.do === "stop") {
    pouring?.terminate();
    deaf?.terminate();
    return undefined;
  }
  deaf = new WebSocket(`ws://127.0.0.1:${request.port}/ws`);
  await once(deaf, "open");
  deaf.pause();
  deaf.send(JSON.stringify({ id: "stream", path: "/streams/source" }));
  await pour(request.port, request.bytes);
  return undefined;
});

/** Sends one large message after the other, each when the one before is answered. Resolves at the first answer. */
async function pour(port: number, bytes: number): Promise<void> {
  // Masked once and not for every message: the clients here should not be what is busy.
  large ??= clientFrame(
    Buffer.from(JSON.stringify({ id: "large", path: "/streams/sink", data: "x".repeat(bytes) })),
    0x2,
  );
  const frame = large;
  let socket: Socket | undefined;
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/ws`, {
    createConnection: () => (socket = connect({ host: "127.0.0.1", port, noDelay: true })),
  });
  pouring = webSocket;
  await once(webSocket, "open");
  await new Promise<void>((resolve, reject) => {
    webSocket.on("message", (answer: Buffer) => {
      const { data } = JSON.parse(answer.toString()) as { readonly data?: { readonly bytes?: number } };
      if (data?.bytes !== bytes + '""'.length) {
        reject(new Error(`A large message was answered with ${answer.toString().slice(0, 200)}`));
        return;
      }
      poured++;
      resolve();
      socket?.write(frame);
    });
    webSocket.once("close", (code) => reject(new Error(`The pouring client was closed with ${code}`)));
    socket?.write(frame);
  });
}
