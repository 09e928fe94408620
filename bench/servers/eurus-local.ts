// Gateway and service in one process, over the in-memory transport.
import { Gateway } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";
import type { EchoSettings } from "./lib/echo-router.ts";
import { startEchoServices } from "./lib/echo-services.ts";
import { collectGarbage, readConfig, ready } from "./lib/child.ts";

const { limits, settings } = readConfig<{
  readonly limits: { readonly messagesPerSecond: number };
  readonly settings?: EchoSettings;
}>();

const transport = new LocalTransport();
const gateway = new Gateway("bench-gateway", transport);
await gateway.start();
await startEchoServices(transport, settings);

const edge = new Router();
edge.use(json());
edge.use(gateway);
const listening = await edge.listen({ host: "127.0.0.1", port: 0, path: "/ws", ...limits });
ready({ port: listening.port }, collectGarbage);
