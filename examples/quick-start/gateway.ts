import type { Server } from "node:http";
import { Gateway } from "eurus";
import type { Transport } from "eurus";
import { Router } from "velaros";
import { json } from "velaros/json";

/** Accepts WebSockets on `/ws` of the server and forwards their messages to services. */
export async function startGateway(transport: Transport, server: Server): Promise<Gateway> {
  const gateway = new Gateway("main-gateway", transport);
  await gateway.start();

  const router = new Router();
  router.use(json()); // the encoding that the services use
  router.use(gateway); // the gateway is middleware
  router.attach(server, { path: "/ws" });

  return gateway;
}
