import { Registry } from "prom-client";
import type { Counter } from "prom-client";
import type { RefusalReason, UnansweredEvent } from "velaros";
import type { Gateway } from "../gateway/gateway.ts";
import { Service } from "../service/service.ts";
import type { Unsubscribe } from "../transport/transport.ts";
import { countersOf } from "./counter.ts";
import { GatewayMetrics } from "./gateway-metrics.ts";
import { ServiceMetrics } from "./service-metrics.ts";

/** What {@link Metrics} may be told. */
export interface MetricsOptions {
  /**
   * Where the metrics are registered; `register` of `prom-client` puts them beside those of the process.
   *
   * @defaultValue a registry of their own
   */
  readonly registry?: Registry | undefined;
}

/**
 * Counts what gateways and services tell, for Prometheus. `docs/guide/production.md` lists every metric.
 *
 * @example
 * ```ts
 * const metrics = new Metrics();
 * metrics.watch(gateway);
 * createServer(async (_, response) => {
 *   response.setHeader("content-type", metrics.registry.contentType).end(await metrics.registry.metrics());
 * }).listen(9_100);
 * ```
 */
export class Metrics {
  readonly registry: Registry;
  readonly #gateways: GatewayMetrics;
  readonly #services: ServiceMetrics;
  readonly #refused: Counter<"gateway" | "reason">;

  /** @throws Error of `prom-client` when the registry has metrics of these names already: one object serves a whole process. */
  constructor(options: MetricsOptions = {}) {
    this.registry = options.registry ?? new Registry();
    this.#gateways = new GatewayMetrics(this.registry);
    this.#services = new ServiceMetrics(this.registry);
    this.#refused = countersOf(this.registry)(
      "eurus_connections_refused_total",
      "Clients that were turned away before they were connected",
      ["gateway", "reason"],
    );
  }

  /**
   * Counts what this gateway or service tells from now on: best called before its start. Those of one name share
   * their figures.
   *
   * @returns What ends it. What was counted stays; what can go down, such as open connections, is left out then.
   */
  watch(source: Gateway | Service): Unsubscribe {
    return source instanceof Service ? this.#services.watch(source) : this.#gateways.watch(source);
  }

  /**
   * Counts whom the endpoint in front of a gateway turns away: those clients never reach the gateway itself.
   *
   * @returns What belongs into the option `onRefused` of `listen` or `attach`.
   */
  refusalsAt({ name: gateway }: Gateway): (reason: RefusalReason) => void {
    return (reason) => this.#refused.inc({ gateway, reason });
  }

  /**
   * Counts messages that the edge's router answers by itself, as refused ones: those that it can't read, and those whose
   * path belongs to nobody.
   *
   * @returns What belongs into the option `onUnanswered` of the router in front of a gateway.
   */
  unansweredAt({ name: gateway }: Gateway): (event: UnansweredEvent) => void {
    return ({ code }) => this.#gateways.unanswered(gateway, code);
  }
}
