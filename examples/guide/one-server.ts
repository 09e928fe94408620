// An HTTP API and WebSockets on one server and one port.
import { createServer } from "node:http";
import type { Server } from "node:http";
import { Gateway } from "eurus";
import type { Transport } from "eurus";
import { Router } from "velaros";
import { json } from "velaros/json";

export async function createApp(transport: Transport): Promise<[Server, Gateway]> {
  // HTTP API: Express, Fastify, Hono or, as here, nothing at all
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/api/")) {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ path: request.url }));
    } else {
      response.writeHead(404).end("Not found\n");
    }
  });

  // WebSockets with Eurus
  const gateway = new Gateway("ws-gateway", transport);
  await gateway.start();
  const router = new Router();
  router.use(json());
  router.use(gateway);
  router.attach(server, { path: "/ws" });

  return [server, gateway];
}
