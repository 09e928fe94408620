import { Counter, Gauge } from "prom-client";
import type { Registry } from "prom-client";
import type { WireErrorCode } from "velaros-protocol";
import type { GatewayEvent } from "../events.ts";
import { countGatewayEvents } from "../gateway/gateway.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Unsubscribe } from "../transport/transport.ts";
import { statusLabel } from "./close-status.ts";
import { countersOf } from "./counter.ts";
import { MessageDurations } from "./durations.ts";

const byService = ["gateway", "service"] as const;
const byCause = ["gateway", "service", "cause"] as const;

/** What gateways tell, as metrics. Counters are fed by events; what goes up and down is looked up when asked for. */
export class GatewayMetrics {
  readonly #gateways = new Set<Gateway>();
  /** Messages by gateway and service: plain numbers, because this happens for each message. */
  readonly #routed = new Map<string, Map<string, number>>();
  readonly #refused: Counter<"gateway" | "service" | "code">;
  readonly #closed: Counter<"gateway" | "status" | "source">;
  readonly #pinned: Counter<"gateway" | "service">;
  readonly #unpinned: Counter<"gateway" | "service" | "cause">;
  readonly #removed: Counter<"gateway" | "service" | "cause">;
  readonly #linksLost: Counter<"gateway" | "service" | "cause">;
  readonly #dropped: Counter<"gateway" | "service" | "cause">;
  readonly #conflicts: Counter<"gateway">;
  readonly #announcementsRefused: Counter<"gateway">;
  readonly #errors: Counter<"gateway">;
  readonly #durations: MessageDurations;

  constructor(registry: Registry) {
    const count = countersOf(registry);
    this.#refused = count(
      "eurus_messages_refused_total",
      "Client messages that were answered with an error at the edge",
      ["gateway", "service", "code"],
    );
    this.#closed = count(
      "eurus_connections_closed_total",
      "Ended WebSocket connections, by close code and by who began",
      ["gateway", "status", "source"],
    );
    this.#pinned = count("eurus_pinned_total", "Connections that were pinned to an instance", byService);
    this.#unpinned = count("eurus_unpinned_total", "Pins that ended", byCause);
    this.#removed = count(
      "eurus_instances_removed_total",
      "Instances that can no longer be routed to; every cause but goodbye is a loss",
      byCause,
    );
    this.#linksLost = count(
      "eurus_links_lost_total",
      "Links to instances that were lost, with everything that was pinned over them",
      byCause,
    );
    this.#dropped = count(
      "eurus_output_dropped_total",
      "Output of services that could not be delivered",
      byCause,
    );
    this.#conflicts = count(
      "eurus_route_conflicts_total",
      "Times that services were found to announce the same pattern",
      ["gateway"],
    );
    this.#announcementsRefused = count(
      "eurus_announcements_refused_total",
      "Announcements that could not be read",
      ["gateway"],
    );
    this.#errors = count("eurus_errors_total", "Errors that a gateway reported", ["gateway"]);
    this.#durations = new MessageDurations(registry);
    this.#registerRouted(registry);
    this.#registerSockets(registry);
    this.#registerInstances(registry);
  }

  watch(gateway: Gateway): Unsubscribe {
    const { name } = gateway;
    const routed = this.#routed.get(name) ?? new Map<string, number>();
    this.#routed.set(name, routed);
    const settled = this.#durations.of(name);
    this.#gateways.add(gateway);
    const unsubscribe = countGatewayEvents(gateway, (event) => {
      if (event.type === "routed") routed.set(event.service, (routed.get(event.service) ?? 0) + 1);
      else if (event.type === "settled") settled(event.service, event.durationMs);
      else this.#count(name, event);
    });
    return () => {
      unsubscribe();
      this.#gateways.delete(gateway);
    };
  }

  /** A message that no handler of the edge answered, and so no service either. */
  unanswered(gateway: string, code: WireErrorCode): void {
    this.#refused.inc({ gateway, service: "", code });
  }

  #count(gateway: string, event: Exclude<GatewayEvent, { readonly type: "routed" | "settled" }>): void {
    switch (event.type) {
      case "refused":
        this.#refused.inc({ gateway, service: event.service ?? "", code: event.code });
        break;
      case "socket-closed":
        this.#closed.inc({ gateway, status: statusLabel(event.status), source: event.source });
        break;
      case "pinned":
        this.#pinned.inc({ gateway, service: event.service });
        break;
      case "unpinned":
        this.#unpinned.inc({ gateway, service: event.service, cause: event.cause });
        break;
      case "instance-removed":
        this.#removed.inc({ gateway, service: event.service, cause: event.cause });
        break;
      case "link-lost":
        this.#linksLost.inc({ gateway, service: event.service, cause: event.cause });
        break;
      case "output-dropped":
        this.#dropped.inc({ gateway, service: event.service, cause: event.cause });
        break;
      case "route-conflict":
        this.#conflicts.inc({ gateway });
        break;
      case "announcement-refused":
        this.#announcementsRefused.inc({ gateway });
        break;
      case "error":
        this.#errors.inc({ gateway });
        break;
      case "instance-added":
      case "instance-changed":
      case "instance-draining":
      case "instance-suspect":
      case "instance-restored":
      case "socket-opened":
      case "bus":
        // Seen in the gauges.
        break;
    }
  }

  #registerRouted(registry: Registry): void {
    const routed = this.#routed;
    registry.registerMetric(
      new Counter({
        name: "eurus_messages_total",
        help: "Total messages routed",
        labelNames: ["gateway", "service"],
        registers: [],
        collect() {
          this.reset();
          for (const [gateway, services] of routed) {
            for (const [service, count] of services) this.inc({ gateway, service }, count);
          }
        },
      }),
    );
  }

  #registerSockets(registry: Registry): void {
    const gateways = this.#gateways;
    const gauge = (
      name: string,
      help: string,
      add: (gauge: Gauge<"gateway">, gateway: Gateway) => void,
    ): void => {
      registry.registerMetric(
        new Gauge({
          name,
          help,
          labelNames: ["gateway"],
          registers: [],
          collect() {
            this.reset();
            for (const gateway of gateways) add(this, gateway);
          },
        }),
      );
    };
    gauge("eurus_active_connections", "Active WebSocket connections", (metric, gateway) => {
      metric.inc({ gateway: gateway.name }, gateway.sockets().length);
    });
    gauge(
      "eurus_messages_in_flight",
      "Client messages with ids that have no outcome yet",
      (metric, gateway) => {
        for (const { openMessages } of gateway.sockets()) metric.inc({ gateway: gateway.name }, openMessages);
      },
    );
    gauge(
      "eurus_waiting_connections",
      "Connections that are not read until a service has room",
      (metric, gateway) => {
        const waiting = gateway.sockets().filter((socket) => socket.waiting).length;
        metric.inc({ gateway: gateway.name }, waiting);
      },
    );
    gauge("eurus_bus_disconnected", "Gateways whose bus is away", (metric, gateway) => {
      metric.inc({ gateway: gateway.name }, gateway.busStatus === "connected" ? 0 : 1);
    });
  }

  #registerInstances(registry: Registry): void {
    const gateways = this.#gateways;
    registry.registerMetric(
      new Gauge({
        name: "eurus_instances",
        help: "Known instances of services",
        labelNames: ["gateway", "service", "state"],
        registers: [],
        collect() {
          this.reset();
          for (const gateway of gateways) {
            for (const { name: service, suspect, draining } of gateway.services()) {
              const state = suspect ? "suspect" : draining ? "draining" : "ready";
              this.inc({ gateway: gateway.name, service, state });
            }
          }
        },
      }),
    );
    registry.registerMetric(
      new Gauge({
        name: "eurus_pins",
        help: "Connections that are pinned to an instance now",
        labelNames: ["gateway", "service"],
        registers: [],
        collect() {
          this.reset();
          for (const gateway of gateways) {
            for (const { name: service, pins } of gateway.services()) {
              this.inc({ gateway: gateway.name, service }, pins);
            }
          }
        },
      }),
    );
  }
}
