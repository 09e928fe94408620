// A gateway and a service that speak two encodings; each client chooses its own.
import { Gateway, Service } from "eurus";
import type { Transport } from "eurus";
import { Router } from "velaros";
import { json } from "velaros/json";
import { msgpack } from "velaros/msgpack";

/** What gateway and services have in common, so that they can't come to differ. */
export function encodings(): Router {
  const router = new Router();
  router.use(json()); // readable
  router.use(msgpack()); // compact
  return router;
}

export function createGateway(transport: Transport): readonly [Gateway, Router] {
  const gateway = new Gateway("main-gateway", transport);
  const edge = encodings();
  edge.use(gateway);
  return [gateway, edge];
}

export function createService(transport: Transport): Service {
  const router = encodings();
  router.publicBind("/sum", (ctx) => {
    const numbers = ctx.unmarshal<number[]>();
    return { sum: numbers.reduce((sum, number) => sum + number, 0) };
  });
  return new Service("calculator", transport, router);
}
