// A gateway in a process of its own.
import { Gateway } from "eurus";
import type { GatewayEvent, GatewayOptions } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import type { ListenOptions } from "velaros";
import { json } from "velaros/json";
import { readConfig, ready } from "./parent.ts";

/** How a test wants its gateway. */
export interface GatewayConfig {
  readonly servers: readonly string[];
  readonly name?: string;
  readonly options?: GatewayOptions;
  readonly listen?: Partial<ListenOptions>;
}

const config = readConfig<GatewayConfig>();
const transport = await NatsTransport.connect({ servers: [...config.servers], noRandomize: true });
const gateway = new Gateway(config.name ?? "main-gateway", transport, config.options);
const events: GatewayEvent[] = [];
// One event per message would fill the memory of a test under load.
gateway.onEvent((event) => event.type !== "routed" && events.push(event));
await gateway.start();

const lines: string[] = [];
const logger = {
  warn: (_details: object, message: string) => void lines.push(message),
  error: (_details: object, message: string) => void lines.push(message),
};
const edge = new Router().use(json()).use(gateway);
const { url } = await edge.listen({ host: "127.0.0.1", port: 0, path: "/ws", logger, ...config.listen });

ready(
  { url, id: gateway.id },
  {
    services: () => gateway.services(),
    lines: () => lines,
    sockets: () => gateway.sockets(),
    canServe: (path) => gateway.canServePath(String(path)),
    events: () =>
      events.map((event) => (event.type === "error" ? { ...event, error: String(event.error) } : event)),
    ping: (id) => gateway.pingService(String(id), { timeoutMs: 10_000 }),
    busStatus: () => transport.status,
    stop: () => gateway.stop(),
  },
);
