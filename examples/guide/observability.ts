// Metrics of a gateway for Prometheus, on a port of their own.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Gateway } from "eurus";
import { Metrics } from "eurus/metrics";

export function createMetricsServer(gateway: Gateway): Server {
  const metrics = new Metrics();
  metrics.watch(gateway);

  return createServer((_, response) => {
    void metrics.registry.metrics().then((text) => {
      response.setHeader("content-type", metrics.registry.contentType).end(text);
    });
  });
}
