// Metrics for Prometheus and probes for load balancers, on a port of their own.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Gateway, Service } from "eurus";
import type { Metrics } from "eurus/metrics";
import { Router } from "velaros";
import type { Listening } from "velaros";
import { json } from "velaros/json";

export function createMetricsServer(watched: Gateway | Service, metrics: Metrics): Server {
  metrics.watch(watched);

  return createServer((request, response) => {
    const { url } = request;
    if (url === "/healthz") {
      response.end("alive\n"); // whoever can answer this lives
    } else if (url === "/readyz") {
      // Started, not about to stop, and the bus is there.
      response.writeHead(watched.ready ? 200 : 503).end(watched.ready ? "ready\n" : "not ready\n");
    } else if (url === "/metrics") {
      void metrics.registry.metrics().then((text) => {
        response.setHeader("content-type", metrics.registry.contentType).end(text);
      });
    } else {
      response.writeHead(404).end();
    }
  });
}

/** The gateway's own port, which also counts whom it turns away and what nobody serves. */
export function listen(gateway: Gateway, metrics: Metrics, port: number): Promise<Listening> {
  const edge = new Router({ onUnanswered: metrics.unansweredAt(gateway) });
  edge.use(json()).use(gateway);
  return edge.listen({ port, onRefused: metrics.refusalsAt(gateway) });
}
