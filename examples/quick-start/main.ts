// The smallest chat: a gateway, a service that remembers who you are, and a page that talks to them.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { LocalTransport } from "eurus/local";
import { startGateway } from "./gateway.ts";
import { createChatService } from "./service.ts";

const page = await readFile(new URL("./index.html", import.meta.url));
const server = createServer((_request, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8").end(page);
});

const transport = new LocalTransport(); // one object for both: it is how they find each other
const gateway = await startGateway(transport, server);
const service = createChatService(transport);
await service.start(); // announces the routes; from here on the gateway knows them

server.listen(Number(process.env["PORT"] ?? 8080), () => {
  const { port } = server.address() as AddressInfo;
  console.log(`Open http://localhost:${port}/ and look at this terminal. Ctrl-C ends.`);
});

async function stop(): Promise<void> {
  await service.stop(); // finishes what it has begun
  await gateway.stop(); // says goodbye to the clients
  server.close();
}
process.once("SIGINT", () => void stop());
process.once("SIGTERM", () => void stop());
