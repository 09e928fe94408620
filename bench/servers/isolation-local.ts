// Gateway and both services whose clients must not disturb each other, in one process.
import { Gateway } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router, type ListenOptions } from "velaros";
import { json } from "velaros/json";
import { readConfig, ready } from "./lib/child.ts";
import { startIsolationService } from "./lib/isolation-services.ts";

const { limits } = readConfig<{ readonly limits: Partial<ListenOptions> }>();

const transport = new LocalTransport();
const gateway = new Gateway("bench-gateway", transport);
await gateway.start();
await startIsolationService(transport, "numbers");
await startIsolationService(transport, "streams");

const edge = new Router().use(json()).use(gateway);
const listening = await edge.listen({ host: "127.0.0.1", port: 0, path: "/ws", ...limits });
ready({ port: listening.port });
