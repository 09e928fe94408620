// A gateway in a process of its own, which tells the test what it sees as it happens: the process may be killed.
import process from "node:process";
import { Gateway } from "eurus";
import type { GatewayOptions } from "eurus";
import { Metrics } from "eurus/metrics";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import type { ListenOptions } from "velaros";
import { json } from "velaros/json";
import { leave, readConfig, ready } from "../../nats/programs/parent.ts";

/** How a test wants its gateway. */
export interface GatewayConfig {
  readonly servers: readonly string[];
  readonly options?: GatewayOptions;
  readonly listen?: Partial<ListenOptions>;
}

const config = readConfig<GatewayConfig>();
const transport = await NatsTransport.connect({ servers: [...config.servers], noRandomize: true });
const gateway = new Gateway("main-gateway", transport, config.options);
const metrics = new Metrics();
metrics.watch(gateway);
gateway.onEvent((event) => {
  // One for each message would drown everything else.
  if (event.type === "routed" || process.send === undefined) return;
  process.send({ event: event.type === "error" ? { ...event, error: String(event.error) } : event });
});
await gateway.start();

const lines: string[] = [];
const logger = {
  warn: (_details: object, message: string) => void lines.push(message),
  error: (_details: object, message: string) => void lines.push(message),
};
const edge = new Router().use(json()).use(gateway);
const listening = await edge.listen({
  host: "127.0.0.1",
  port: 0,
  path: "/ws",
  logger,
  onRefused: metrics.refusalsAt(gateway),
  ...config.listen,
});

process.once("SIGTERM", () => {
  void stop();
});

async function stop(): Promise<void> {
  await gateway.stop();
  await listening.close();
  await transport.close();
  leave();
}

ready(
  { id: gateway.id, url: listening.url },
  {
    services: () => gateway.services(),
    lines: () => lines,
    sockets: () => gateway.sockets().length,
    metrics: () => metrics.registry.metrics(),
  },
);
