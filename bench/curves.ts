import type { TargetName } from "./harness/targets.ts";
import type { LoadShape } from "./load/shape.ts";

export interface Point {
  readonly x: number;
  readonly shape: LoadShape;
  /** What the programs under test are told. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Over how many services the clients spread. */
  readonly areas?: number | undefined;
}

export interface Curve {
  readonly id: string;
  readonly title: string;
  readonly axis: string;
  readonly subject: TargetName;
  /**
   * The dearest point may cost this many times the cheapest, and each this many times its {@link reference}; undefined
   * shows the curve without judging it.
   */
  readonly target: number | undefined;
  readonly points: readonly Point[];
  readonly reference?: Reference | undefined;
  /**
   * All services or instances share one process, in which each hears the announcements of all: up to the square of their
   * number. Measured while nobody sends, and not held against the messages.
   */
  readonly hasMany?: boolean | undefined;
}

/** A second set of programs that serves as many clients in the same rounds: what these cost by themselves. */
export interface Reference {
  readonly title: string;
  /** Instead of those of the points. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const flat = 1.2;
const single = { services: 1, instances: 1 };
const busy: LoadShape = { connections: 100, inFlight: 4, dataBytes: 64 };

/**
 * With as many clients for each of them, destinations get batches of the same size however many there are. With a
 * fixed load batches shrink, and what a batch costs becomes a cost of each message: shown, not judged.
 */
export const curves: readonly Curve[] = [
  {
    id: "velaros-routes",
    title: "Velaros: routes of one router",
    axis: "routes",
    subject: "velaros",
    target: flat,
    points: [10, 100, 1_000, 10_000].map((x) => ({ x, shape: busy, settings: { routes: x } })),
  },
  {
    id: "velaros-sockets",
    title: "Velaros: sockets that share 8,000 messages/s",
    axis: "sockets",
    subject: "velaros",
    target: flat,
    points: [1_000, 4_000, 16_000].map((x) => ({
      x,
      shape: { connections: x, perSecond: 8_000, dataBytes: 64 },
    })),
  },
  {
    id: "eurus-routes",
    title: "Eurus: routes, in services of at most 1,000",
    axis: "routes",
    subject: "eurus-nats",
    target: flat,
    points: [10, 100, 1_000, 10_000].map((x) => ({
      x,
      shape: busy,
      settings: { routes: Math.min(x, 1_000), services: Math.max(1, x / 1_000) },
    })),
  },
  {
    id: "eurus-sockets",
    title: "Eurus: sockets that share 8,000 messages/s",
    axis: "sockets",
    subject: "eurus-nats",
    target: flat,
    points: [1_000, 4_000, 16_000].map((x) => ({
      x,
      shape: { connections: x, perSecond: 8_000, dataBytes: 64 },
    })),
  },
  {
    id: "eurus-services",
    title: "Eurus: services, each 10 clients × 16 in flight",
    axis: "services",
    subject: "eurus-nats",
    target: flat,
    reference: { title: "one service", settings: single },
    hasMany: true,
    points: [1, 10, 100].map((x) => ({
      x,
      shape: { connections: 10 * x, inFlight: 16, dataBytes: 64 },
      settings: { services: x, routes: 10 },
      areas: x,
    })),
  },
  {
    id: "eurus-services-fixed-load",
    title: "Eurus: services that share 5,000 messages/s",
    axis: "services",
    subject: "eurus-nats",
    target: undefined,
    hasMany: true,
    points: [1, 10, 100].map((x) => ({
      x,
      shape: { connections: 200, perSecond: 5_000, dataBytes: 64 },
      settings: { services: x, routes: 10 },
      areas: x,
    })),
  },
  {
    id: "eurus-instances",
    title: "Eurus: instances, each 10 clients × 16 in flight",
    axis: "instances",
    subject: "eurus-nats",
    target: flat,
    reference: { title: "one instance", settings: single },
    hasMany: true,
    points: [1, 10, 100].map((x) => ({
      x,
      shape: { connections: 10 * x, inFlight: 16, dataBytes: 64 },
      settings: { instances: x, routes: 10 },
    })),
  },
  {
    id: "eurus-instances-fixed-load",
    title: "Eurus: instances that share 5,000 messages/s",
    axis: "instances",
    subject: "eurus-nats",
    target: undefined,
    hasMany: true,
    points: [1, 10, 100].map((x) => ({
      x,
      shape: { connections: 200, perSecond: 5_000, dataBytes: 64 },
      settings: { instances: x, routes: 10 },
    })),
  },
];
