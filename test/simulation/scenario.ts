import type { BusFaults } from "./faulty-bus.ts";
import type { SeededRandom } from "./random.ts";
import type { MessageKind } from "./simulated-client.ts";
import type { SimulatedGateway } from "./simulated-gateway.ts";
import type { ServicePlan, SimulatedService } from "./simulated-service.ts";
import type { World } from "./world.ts";

/**
 * How bad a run is: nothing goes wrong; only the bus is away, for everybody alike; the bus is bad but nothing else
 * is; everything may happen.
 */
export type Weather = "calm" | "outages" | "noise" | "storm";

/** What a run does, all of it drawn from its seed. */
export interface Scenario {
  readonly weather: Weather;
  readonly gateways: number;
  readonly services: ReadonlyArray<{ readonly plan: ServicePlan; readonly instances: number }>;
  readonly clients: number;
  /** How long clients send, and how long things go wrong, in milliseconds. */
  readonly loadMs: number;
  /** The longest pause of a client between two messages. */
  readonly pauseMs: number;
  /** How many of the messages are so large that windows fill. */
  readonly bulk: number;
}

/** The two services of every run; clients use both. */
export const servicePlans: readonly [ServicePlan, ServicePlan] = [
  { name: "alpha", onInstanceLost: "repin" },
  { name: "beta", onInstanceLost: "close" },
];

export function drawScenario(random: SeededRandom): Scenario {
  return {
    weather: random.pick(["calm", "outages", "noise", "noise", "storm", "storm", "storm", "storm", "storm"]),
    gateways: random.integer(1, 3),
    services: servicePlans.map((plan) => ({ plan, instances: random.integer(1, 3) })),
    clients: random.integer(2, 5),
    loadMs: random.integer(3_000, 12_000),
    pauseMs: random.integer(60, 400),
    bulk: random.pick([0.01, 0.01, 0.01, 0.15]),
  };
}

/** Makes the clients send, and things go wrong, from now on for the scenario's time. */
export function unleash(world: World, scenario: Scenario): void {
  const endMs = world.time.nowMs + scenario.loadMs;
  for (const client of world.clients) {
    const random = world.random.fork(`load of ${client.name}`);
    const act = (): void => {
      if (world.time.nowMs >= endMs) return;
      const { connection } = client;
      if (connection !== undefined && connection.unsettled < 20) {
        const burst = random.chance(0.1) ? random.integer(2, 8) : 1;
        for (let count = 0; count < burst; count++) {
          connection.ask(random.pick(servicePlans).name, drawKind(random, scenario));
        }
      }
      world.time.schedule(random.next() * scenario.pauseMs, act);
    };
    world.time.schedule(random.next() * scenario.pauseMs, act);
  }
  const random = world.random.fork("faults");
  const faults = faultsOf(scenario.weather);
  const count = faults.length === 0 ? 0 : random.integer(1, 6);
  for (let index = 0; index < count; index++) {
    const fault = random.pick([faults[0] ?? nothing, ...faults.slice(1)]);
    world.time.schedule(random.next() * scenario.loadMs, () => fault(world, random, scenario));
  }
}

/** Ends everything that is wrong, and sees to it that there is somebody for every purpose. */
export function calmDown(world: World): void {
  world.log("everything is well again");
  world.bus.setFaults({});
  world.bus.healAll();
  if (!world.bus.isUp) world.bus.start();
  for (const member of [...world.gateways, ...world.services]) {
    if (member.process.isPaused) world.resume(member);
  }
  if (world.gateways.every(isLeaving)) world.addGateway();
  for (const plan of servicePlans) {
    if (world.services.filter((service) => service.plan === plan).every(isLeaving)) world.addService(plan);
  }
}

function isLeaving({ state }: { readonly state: SimulatedGateway["state"] }): boolean {
  return state === "stopped" || state === "stopping" || state === "killed";
}

function drawKind(random: SeededRandom, { weather, bulk }: Scenario): MessageKind {
  const kind = random.pick<MessageKind>([
    ...(["echo", "echo", "echo", "echo", "slow", "slow", "parts", "push", "ask", "silent", "fail"] as const),
    ...(["rooms/admin", "rooms/one", "missing", "without-id", "without-id"] as const),
  ] as unknown as readonly [MessageKind, ...MessageKind[]]);
  if (random.chance(bulk)) return random.pick(["large", "medium", "medium", "medium"]);
  return weather === "storm" && random.chance(0.004) ? "kick" : kind;
}

type Fault = (world: World, random: SeededRandom, scenario: Scenario) => void;

const nothing: Fault = () => undefined;

function faultsOf(weather: Weather): readonly Fault[] {
  switch (weather) {
    case "calm":
      return [];
    case "outages":
      return [restartBus];
    case "noise":
      return [makeNoise, makeNoise, makeNoise, reconnectOne, leaveClient, setWallClock];
    case "storm":
      return [
        makeNoise,
        makeNoise,
        restartBus,
        cutOff,
        cutOff,
        sever,
        sever,
        killService,
        killService,
        killGateway,
        pause,
        pause,
        pause,
        stopService,
        stopService,
        stopGateway,
        addService,
        addGateway,
        removeService,
        jumpClock,
        setWallClock,
        reconnectOne,
        leaveClient,
        slowClient,
      ];
  }
}

const makeNoise: Fault = (world, random) => {
  const some = (most: number): number => (random.chance(0.5) ? random.next() * most : 0);
  const faults: Partial<BusFaults> = {
    delayMs: random.pick<readonly [number, number]>([
      [0.1, 0.5],
      [0.1, 5],
      [5, 60],
    ]),
    loss: some(0.2),
    duplication: some(0.2),
    reordering: some(0.2),
    falseUndeliverable: random.chance(0.2) ? random.next() * 0.1 : 0,
  };
  world.log(`the bus turns bad: ${JSON.stringify(faults)}`);
  world.bus.setFaults(faults);
  world.time.schedule(random.integer(200, 5_000), () => world.bus.setFaults({}));
};

const restartBus: Fault = (world, random) => {
  if (!world.bus.isUp) return;
  const awayMs = random.chance(0.2) ? 30_000 : random.integer(100, 3_000);
  world.log(`the bus is away for ${awayMs} ms`);
  world.bus.stop();
  world.time.schedule(awayMs, () => {
    if (!world.bus.isUp) world.bus.start();
  });
};

const cutOff: Fault = (world, random) => {
  const member = pickMember(world, random);
  if (member === undefined) return;
  const direction = random.pick(["both", "in", "out"] as const);
  const forMs = random.integer(200, random.chance(0.3) ? 20_000 : 4_000);
  const noticedAfterMs = random.chance(0.7) ? random.integer(2_000, 4_000) : undefined;
  world.log(`${member.name} is cut off (${direction}) for ${forMs} ms, noticed after ${noticedAfterMs} ms`);
  world.bus.cutOff(member.endpoint, direction, forMs, noticedAfterMs);
};

const sever: Fault = (world, random) => {
  const one = pickMember(world, random);
  const other = pickMember(world, random);
  if (one === undefined || other === undefined || one === other) return;
  const how = random.pick(["silent", "reported"] as const);
  const isMutual = random.chance(0.5);
  const forMs = random.integer(200, random.chance(0.3) ? 20_000 : 3_000);
  world.log(`${one.name} does not reach ${other.name} (${how}, mutual ${isMutual}) for ${forMs} ms`);
  world.bus.sever(one.endpoint, other.endpoint, how);
  if (isMutual) world.bus.sever(other.endpoint, one.endpoint, how);
  world.time.schedule(forMs, () => {
    world.bus.heal(one.endpoint, other.endpoint);
    world.bus.heal(other.endpoint, one.endpoint);
  });
};

const killService: Fault = (world, random) => {
  const service = pick(random, world.services.filter(isAlive));
  if (service === undefined) return;
  world.kill(service);
  if (random.chance(0.7)) {
    world.time.schedule(random.integer(0, 5_000), () => world.addService(service.plan));
  }
};

const killGateway: Fault = (world, random) => {
  const gateway = pick(random, world.gateways.filter(isAlive));
  if (gateway === undefined) return;
  world.kill(gateway);
  if (random.chance(0.7)) world.time.schedule(random.integer(0, 5_000), () => world.addGateway());
};

const pause: Fault = (world, random) => {
  const member = pickMember(world, random);
  if (member === undefined || member.process.isPaused) return;
  const forMs = random.integer(50, random.chance(0.5) ? 16_000 : 2_000);
  const timersFirst = random.chance(0.7);
  const isCutOff = random.chance(0.3);
  world.log(`${member.name} stands still for ${forMs} ms (cut off: ${isCutOff})`);
  world.pause(member);
  world.time.schedule(forMs, () => {
    if (!member.process.isPaused) return;
    if (isCutOff) world.bus.cutOffSlowConsumer(member.endpoint);
    world.resume(member, timersFirst);
  });
};

const stopService: Fault = (world, random) => {
  const service = pick(random, world.services.filter(isAlive));
  if (service !== undefined) stopAndReplace(world, random, service, () => world.addService(service.plan));
};

const stopGateway: Fault = (world, random) => {
  const gateway = pick(random, world.gateways.filter(isAlive));
  if (gateway !== undefined) stopAndReplace(world, random, gateway, () => world.addGateway());
};

/** A planned stop; then the same one starts again, or another one takes its place, or neither. */
function stopAndReplace(
  world: World,
  random: SeededRandom,
  member: SimulatedGateway | SimulatedService,
  replace: () => void,
): void {
  world.stop(member);
  const afterMs = random.integer(0, 6_000);
  if (random.chance(0.5)) world.time.schedule(afterMs, () => world.start(member));
  else if (random.chance(0.6)) world.time.schedule(afterMs, replace);
}

const addService: Fault = (world, random) => {
  if (world.services.length < 8) world.addService(random.pick(servicePlans));
};

const addGateway: Fault = (world) => {
  if (world.gateways.length < 5) world.addGateway();
};

const removeService: Fault = (world, random) => {
  const gateway = pick(random, world.gateways.filter(isAlive));
  const service = pick(random, world.services.filter(isAlive));
  if (gateway === undefined || service === undefined) return;
  world.log(`${gateway.name} is told to do without ${service.name}`);
  world.time.schedule(0, () => gateway.gateway.removeService(service.service), gateway.process);
};

const jumpClock: Fault = (world, random) => {
  const member = pickMember(world, random);
  const byMs = random.integer(100, random.chance(0.3) ? 3_600_000 : 10_000);
  world.log(`the clock of ${member?.name} jumps by ${byMs} ms`);
  member?.process.jumpClock(byMs);
};

const setWallClock: Fault = (world, random) => {
  world.time.wallClockOffsetMs = random.pick([-3_600_000, 3_600_000, 0]);
};

const reconnectOne: Fault = (world, random) => {
  const member = pickMember(world, random);
  if (member === undefined) return;
  world.log(`${member.name} loses its connection to the bus for a moment`);
  world.bus.reconnect(member.endpoint);
};

const leaveClient: Fault = (world, random) => {
  const client = pick(random, world.clients);
  world.log(`${client?.name} leaves`);
  client?.connection?.leave(random.pick([1000, 1001, 1006]));
};

const slowClient: Fault = (world, random) => {
  const connection = pick(random, world.clients)?.connection;
  if (connection === undefined) return;
  world.hampered.add(connection.name);
  connection.fallBehind(random.integer(500, 4_000));
};

function isAlive({ state }: { readonly state: SimulatedGateway["state"] }): boolean {
  return state === "running" || state === "starting";
}

function pickMember(world: World, random: SeededRandom): SimulatedGateway | SimulatedService | undefined {
  return pick(random, [...world.gateways, ...world.services].filter(isAlive));
}

function pick<Item>(random: SeededRandom, items: readonly Item[]): Item | undefined {
  return items[random.integer(0, Math.max(0, items.length - 1))];
}
