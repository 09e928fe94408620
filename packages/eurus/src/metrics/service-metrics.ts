import { Counter, Gauge } from "prom-client";
import type { Registry } from "prom-client";
import { wireErrors } from "velaros-protocol";
import type { ServiceEvent } from "../events.ts";
import { countServiceEvents } from "../service/service.ts";
import type { Service } from "../service/service.ts";
import type { Unsubscribe } from "../transport/transport.ts";
import { statusLabel } from "./close-status.ts";
import { countersOf } from "./counter.ts";

/** What one instance has open, by its own events. */
interface Watched {
  readonly service: Service;
  readonly gatewayIds: Set<string>;
  sockets: number;
}

/** What services tell, as metrics. */
export class ServiceMetrics {
  readonly #watched = new Set<Watched>();
  readonly #closed: Counter<"service" | "status" | "source">;
  readonly #refused: Counter<"service" | "code">;
  readonly #linksLost: Counter<"service" | "cause">;
  readonly #announcementsRefused: Counter<"service">;
  readonly #errors: Counter<"service">;
  /** Messages by service: plain numbers, because this happens for each message. */
  readonly #received = new Map<string, number>();
  readonly #failed: Counter<"service" | "code">;

  constructor(registry: Registry) {
    const count = countersOf(registry);
    this.#closed = count(
      "eurus_service_connections_closed_total",
      "Ended virtual connections of a service, by close code and by who began",
      ["service", "status", "source"],
    );
    this.#refused = count(
      "eurus_service_connections_refused_total",
      "Virtual connections that an instance did not take",
      ["service", "code"],
    );
    this.#linksLost = count(
      "eurus_service_links_lost_total",
      "Links from gateways that were lost, with all their virtual connections",
      ["service", "cause"],
    );
    this.#announcementsRefused = count(
      "eurus_service_announcements_refused_total",
      "Announcements that could not be read",
      ["service"],
    );
    this.#errors = count("eurus_service_errors_total", "Errors that a service reported", ["service"]);
    this.#failed = count(
      "eurus_service_messages_failed_total",
      "Client messages that ended in an error, by its code",
      ["service", "code"],
    );
    this.#registerReceived(registry);
    this.#registerGauges(registry);
  }

  watch(service: Service): Unsubscribe {
    const watched = { service, sockets: 0, gatewayIds: new Set<string>() };
    this.#watched.add(watched);
    const unsubscribe = countServiceEvents(service, (event) => this.#count(watched, event));
    return () => {
      unsubscribe();
      this.#watched.delete(watched);
    };
  }

  #count(watched: Watched, event: ServiceEvent): void {
    const service = watched.service.name;
    switch (event.type) {
      case "received":
        this.#received.set(service, (this.#received.get(service) ?? 0) + 1);
        break;
      case "failed":
        this.#failed.inc({ service, code: codeLabel(event.code) });
        break;
      case "virtual-socket-opened":
        watched.sockets++;
        break;
      case "virtual-socket-closed":
        watched.sockets--;
        this.#closed.inc({ service, status: statusLabel(event.status), source: event.source });
        break;
      case "gateway-added":
        watched.gatewayIds.add(event.gatewayId);
        break;
      case "gateway-removed":
        watched.gatewayIds.delete(event.gatewayId);
        break;
      case "open-refused":
        this.#refused.inc({ service, code: event.code });
        break;
      case "gateway-link-lost":
        this.#linksLost.inc({ service, cause: event.cause });
        break;
      case "announcement-refused":
        this.#announcementsRefused.inc({ service });
        break;
      case "error":
        this.#errors.inc({ service });
        break;
      case "draining":
        // It stops, and a stopped one knows nobody.
        watched.gatewayIds.clear();
        break;
      case "bus":
        // Seen in the gauges.
        break;
    }
  }

  #registerReceived(registry: Registry): void {
    const received = this.#received;
    registry.registerMetric(
      new Counter({
        name: "eurus_service_messages_total",
        help: "Client messages that were handed to the service's router",
        labelNames: ["service"],
        registers: [],
        collect() {
          this.reset();
          for (const [service, count] of received) this.inc({ service }, count);
        },
      }),
    );
  }

  #registerGauges(registry: Registry): void {
    const all = this.#watched;
    const gauge = (name: string, help: string, value: (watched: Watched) => number): void => {
      registry.registerMetric(
        new Gauge({
          name,
          help,
          labelNames: ["service"],
          registers: [],
          collect() {
            this.reset();
            for (const watched of all) this.inc({ service: watched.service.name }, value(watched));
          },
        }),
      );
    };
    gauge("eurus_service_connections", "Open virtual connections", ({ sockets }) => sockets);
    gauge("eurus_service_gateways", "Gateways that an instance knows", ({ gatewayIds }) => gatewayIds.size);
    gauge("eurus_service_bus_disconnected", "Instances whose bus is away", ({ service }) =>
      service.busStatus === "connected" ? 0 : 1,
    );
  }
}

/** Handlers may answer with any code, and each value of a label costs memory: those of their own are counted as one. */
function codeLabel(code: string): string {
  return Object.hasOwn(wireErrors, code) ? code : "other";
}
