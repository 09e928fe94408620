// Metrics of a gateway for Prometheus, on a port of their own.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Gateway } from "eurus";
import type { Metrics } from "eurus/metrics";
import { Router } from "velaros";
import type { Listening } from "velaros";
import { json } from "velaros/json";

export function createMetricsServer(gateway: Gateway, metrics: Metrics): Server {
  metrics.watch(gateway);

  return createServer((_, response) => {
    void metrics.registry.metrics().then((text) => {
      response.setHeader("content-type", metrics.registry.contentType).end(text);
    });
  });
}

/** The gateway's own port, which also counts whom it turns away and what nobody serves. */
export function listen(gateway: Gateway, metrics: Metrics, port: number): Promise<Listening> {
  const edge = new Router({ onUnanswered: metrics.unansweredAt(gateway) });
  edge.use(json()).use(gateway);
  return edge.listen({ port, onRefused: metrics.refusalsAt(gateway) });
}
