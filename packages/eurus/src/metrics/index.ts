// Figures of gateways and services for Prometheus. Needs `prom-client`.
export { Metrics } from "./metrics.ts";
export type { MetricsOptions } from "./metrics.ts";
