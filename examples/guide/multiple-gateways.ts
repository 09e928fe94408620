// Two gateways of one name: services announce themselves to both.
import { Gateway } from "eurus";
import type { Transport } from "eurus";
import { Router } from "velaros";
import type { Listening } from "velaros";
import { json } from "velaros/json";

/** In production each runs on a machine of its own, with a connection of its own to the bus. */
export async function startGateway(transport: Transport, port: number): Promise<[Gateway, Listening]> {
  const gateway = new Gateway("api-gateway", transport);
  await gateway.start();

  const router = new Router();
  router.use(json());
  router.use(gateway);
  return [gateway, await router.listen({ port, path: "/ws" })];
}
