// The gateway of a deployment over NATS: a process of its own.
import { Gateway } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";
import { collectGarbage, readConfig, ready } from "./lib/child.ts";

const { natsPort, limits } = readConfig<{
  readonly natsPort: number;
  readonly limits: { readonly messagesPerSecond: number };
}>();

const transport = await NatsTransport.connect({ servers: `127.0.0.1:${natsPort}` });
const gateway = new Gateway("bench-gateway", transport);
await gateway.start();

const edge = new Router();
edge.use(json());
edge.use(gateway);
const listening = await edge.listen({ host: "127.0.0.1", port: 0, path: "/ws", ...limits });
ready({ port: listening.port }, collectGarbage);
