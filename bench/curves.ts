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
  /** The dearest point may cost this many times the cheapest; undefined shows the curve without judging it. */
  readonly target: number | undefined;
  readonly points: readonly Point[];
}

const flat = 1.2;
const busy: LoadShape = { connections: 100, inFlight: 4, dataBytes: 64 };

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
    title: "Velaros: open sockets, the same 8,000 messages a second over all of them",
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
    title: "Eurus over NATS: routes, in services of at most 1,000",
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
    title: "Eurus over NATS: open sockets, the same 8,000 messages a second over all of them",
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
    title: "Eurus over NATS: services, each with 10 clients that always have 16 messages in flight",
    axis: "services",
    subject: "eurus-nats",
    target: flat,
    points: [1, 10, 100].map((x) => ({
      x,
      shape: { connections: 10 * x, inFlight: 16, dataBytes: 64 },
      settings: { services: x, routes: 10 },
      areas: x,
    })),
  },
  {
    id: "eurus-instances",
    title:
      "Eurus over NATS: instances of one service, each with 10 clients that always have 16 messages in flight",
    axis: "instances",
    subject: "eurus-nats",
    target: flat,
    points: [1, 10, 100].map((x) => ({
      x,
      shape: { connections: 10 * x, inFlight: 16, dataBytes: 64 },
      settings: { instances: x, routes: 10 },
    })),
  },
  {
    id: "eurus-instances-fixed-load",
    title: "Eurus over NATS: instances of one service that share 10,000 messages a second (batches shrink)",
    axis: "instances",
    subject: "eurus-nats",
    target: undefined,
    points: [1, 10, 100].map((x) => ({
      x,
      shape: { connections: 200, perSecond: 10_000, dataBytes: 64 },
      settings: { instances: x, routes: 10 },
    })),
  },
];
