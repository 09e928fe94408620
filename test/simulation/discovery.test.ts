import { Gateway, Service } from "eurus";
import type { GatewayEvent } from "eurus";
import { Router } from "velaros";
import { json } from "velaros/json";
import { socketPair } from "velaros/testing";
import { expect, test } from "vitest";

import { FaultyBus } from "./faulty-bus.ts";
import type { Endpoint } from "./faulty-bus.ts";
import { seededRandom } from "./random.ts";
import type { SeededRandom } from "./random.ts";
import { VirtualProcess, VirtualTime } from "./virtual-time.ts";

const isLong = process.env["EURUS_LONG"] !== undefined;
const cases = isLong ? 10_000 : 400;
const timeoutMs = 900_000;

interface SeenGateway {
  readonly process: VirtualProcess;
  readonly endpoint: Endpoint;
  readonly gateway: Gateway;
  readonly removed: GatewayEvent[];
}

interface StartedService {
  readonly process: VirtualProcess;
  readonly endpoint: Endpoint;
  readonly service: Service;
}

/** Gateways and services without clients, in virtual time. */
class Network {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly bus: FaultyBus;
  #processes = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.bus = new FaultyBus(this.time, this.random.fork("bus"));
  }

  gateway(startsAfterMs: number = 0): SeenGateway {
    const process = this.#process();
    const endpoint = this.bus.connect(process);
    const gateway = new Gateway("main", endpoint, { runtime: process.runtime });
    const removed: GatewayEvent[] = [];
    gateway.onEvent((event) => {
      if (event.type === "instance-removed") removed.push(event);
    });
    this.time.schedule(startsAfterMs, () => void gateway.start(), process);
    return { process, endpoint, gateway, removed };
  }

  service(name: string, routes: readonly string[], startsAfterMs: number = 0): StartedService {
    const process = this.#process();
    const endpoint = this.bus.connect(process);
    const router = new Router({ runtime: process.runtime }).use(json());
    for (const route of routes) router.publicBind(route, (context) => context.reply());
    const service = new Service(name, endpoint, router, { runtime: process.runtime });
    this.time.schedule(startsAfterMs, () => void service.start(), process);
    return { process, endpoint, service };
  }

  kill({ process, endpoint }: StartedService): void {
    process.kill();
    this.bus.disconnect(endpoint);
  }

  #process(): VirtualProcess {
    const name = `process-${++this.#processes}`;
    return new VirtualProcess(name, this.time, this.random.fork(name));
  }
}

/** What must never make a gateway believe that a healthy instance is dead. */
const disturbances: readonly [Disturbance, ...Disturbance[]] = [
  ({ random }, { process }) => process.jumpClock(random.integer(1, 3_600_000)),
  ({ random }, _, { process }) => process.jumpClock(random.integer(1, 3_600_000)),
  ({ random, time }) => {
    time.wallClockOffsetMs = random.integer(-3_600_000, 3_600_000);
  },
  ({ random, time }, { process }) => {
    process.pause();
    time.schedule(random.integer(1, 20_000), () => process.resume(random.chance(0.5)));
  },
  ({ random, time, bus }) => {
    bus.stop();
    time.schedule(random.integer(1, 20_000), () => bus.start());
  },
  standStill,
  ({ random, bus }) => bus.setFaults({ loss: random.next() * 0.1, duplication: 0.2, reordering: 0.2 }),
];

/** The server stands still: it takes nothing and gives nothing, and each process finds out when pings stay unanswered. */
function standStill({ random, bus }: Network, gateway: SeenGateway, service: StartedService): void {
  const forMs = random.integer(500, 15_000);
  for (const { endpoint } of [gateway, service]) {
    bus.cutOff(endpoint, "both", forMs, random.integer(3_000, 4_000));
  }
}

type Disturbance = (network: Network, gateway: SeenGateway, service: StartedService) => void;

async function expectNeverPruned(
  seed: number,
  may: readonly [Disturbance, ...Disturbance[]] = disturbances,
): Promise<void> {
  const network = new Network(seed);
  const { random, time } = network;
  const gateway = network.gateway(random.next() * 1_000);
  const service = network.service("chat", ["/chat"], random.next() * 1_000);
  await time.run(2_100);
  expect(gateway.gateway.canServePath("/chat"), `seed ${seed}`).toBe(true);

  const count = random.integer(1, 3);
  for (let index = 0; index < count; index++) {
    const disturb = random.pick(may);
    time.schedule(random.next() * 10_000, () => disturb(network, gateway, service));
  }
  await time.run(40_000);

  expect(gateway.removed, `seed ${seed}`).toEqual([]);
  expect(gateway.gateway.canServePath("/chat"), `seed ${seed}`).toBe(true);
}

test(
  "no clock, no blocked loop and no outage of the bus makes a gateway forget a healthy instance [fault:T1 fault:T2]",
  async () => {
    for (let seed = 1; seed <= cases; seed++) {
      await expectNeverPruned(seed);
      if (seed % 100 === 0) await new Promise((resolve) => void setImmediate(resolve));
    }
  },
  timeoutMs,
);

test(
  "a server that stands still just before a heartbeat costs no healthy instance its lease",
  async () => {
    for (let seed = 1; seed <= cases / 4; seed++) await expectNeverPruned(seed, [standStill]);
  },
  timeoutMs,
);

test(
  "an instance is routable on every gateway within a second of its start, and gone with its stop",
  async () => {
    for (let seed = 1; seed <= cases / 10; seed++) {
      const network = new Network(seed);
      const { random, time } = network;
      const gateways = [network.gateway(), network.gateway(random.next() * 1_000), network.gateway()];
      await time.run(2_000 + random.next() * 1_000);

      const { service, process } = network.service("chat", ["/chat"]);
      await time.run(1_000);
      for (const { gateway } of gateways) expect(gateway.canServePath("/chat"), `seed ${seed}`).toBe(true);

      let stopped = false;
      time.schedule(0, () => void service.stop().then(() => (stopped = true)), process);
      await time.run(50);
      for (const { gateway } of gateways) expect(gateway.canServePath("/chat"), `seed ${seed}`).toBe(false);
      expect(stopped, `seed ${seed}`).toBe(true);
    }
  },
  timeoutMs,
);

test(
  "an instance that was killed is gone within six seconds without any traffic",
  async () => {
    for (let seed = 1; seed <= cases / 10; seed++) {
      const network = new Network(seed);
      const gateways = [network.gateway(), network.gateway()];
      const service = network.service("chat", ["/chat"], network.random.next() * 1_000);
      await network.time.run(3_000 + network.random.next() * 1_000);

      network.kill(service);
      await network.time.run(6_000);

      for (const { gateway } of gateways) expect(gateway.services(), `seed ${seed}`).toEqual([]);
    }
  },
  timeoutMs,
);

test(
  "an instance that was killed is not chosen for longer than ten milliseconds when there is traffic",
  async () => {
    for (let seed = 1; seed <= cases / 40; seed++) {
      const network = new Network(seed);
      const { time } = network;
      const { gateway, process } = network.gateway();
      const killed = network.service("chat", ["/chat"]);
      network.service("chat", ["/chat"]);
      const edge = new Router({ runtime: process.runtime }).use(json()).use(gateway);
      await time.run(3_000);
      const chosen: string[] = [];
      gateway.onEvent((event) => {
        if (event.type === "pinned") chosen.push(event.instanceId);
      });
      const arrive = (): void => {
        const client = socketPair(edge);
        client.inlet.message({
          bytes: new TextEncoder().encode('{"id":"1","path":"/chat"}'),
          type: "text",
        });
        time.schedule(1, arrive, process);
      };
      time.schedule(0, arrive, process);
      await time.run(100);
      expect(new Set(chosen).size, `seed ${seed}`).toBe(2);

      network.kill(killed);
      await time.run(10);
      chosen.length = 0;
      await time.run(500);

      expect(chosen.length, `seed ${seed}`).toBeGreaterThan(400);
      expect(chosen, `seed ${seed}`).not.toContain(killed.service.id);
    }
  },
  timeoutMs,
);

test(
  "two hundred instances with fifty routes each are known to all of three gateways after two seconds",
  async () => {
    const network = new Network(1);
    const gateways = [network.gateway(), network.gateway(), network.gateway()];
    const names = Array.from({ length: 20 }, (_, index) => `service-${index}`);
    const routesOf = (name: string): string[] =>
      Array.from({ length: 50 }, (_, index) => `/${name}/route-${index}/:id`);
    for (let index = 0; index < 200; index++) {
      const name = names[index % names.length] ?? "";
      network.service(name, routesOf(name), network.random.next() * 1_000);
    }

    await network.time.run(2_000);

    for (const { gateway } of gateways) {
      expect(gateway.services()).toHaveLength(200);
      for (const name of names) {
        const unserved = routesOf(name).filter((route) => !gateway.canServePath(route.replace(":id", "7")));
        expect(unserved).toEqual([]);
      }
    }
  },
  timeoutMs,
);
