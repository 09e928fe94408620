import { expect, test } from "vitest";

import { checkHistory } from "../history/check-history.ts";
import type { HistoryEvent } from "../history/history.ts";
import { servicePlans } from "./scenario.ts";
import type { SimulatedClient } from "./simulated-client.ts";
import type { SimulatedGateway } from "./simulated-gateway.ts";
import type { SimulatedService } from "./simulated-service.ts";
import { World } from "./world.ts";

// Single faults with a known outcome; the seeded runs mix them.

const [alpha, beta] = servicePlans;

interface Fleet {
  readonly world: World;
  readonly gateway: SimulatedGateway;
  readonly services: readonly SimulatedService[];
  readonly clients: readonly SimulatedClient[];
}

/** One gateway, two instances of each service, and clients that are pinned to both services. */
async function busyFleet(seed: number): Promise<Fleet> {
  const world = new World(seed);
  const gateway = world.addGateway();
  const services = [alpha, alpha, beta, beta].map((plan) => world.addService(plan));
  await world.time.run(1_000);
  const clients = Array.from({ length: 10 }, () => world.addClient());
  await world.time.run(100);
  askAll(clients);
  await world.time.run(500);
  return { world, gateway, services, clients };
}

function askAll(clients: readonly SimulatedClient[]): void {
  for (const { connection } of clients) {
    for (const { name } of servicePlans) connection?.ask(name, "echo");
  }
}

/** Every client sends to every service, four times a second. */
async function runUnderLoad({ world, clients }: Fleet, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += 250) {
    askAll(clients);
    await world.time.run(250);
  }
}

function faultsOf({ world }: Fleet): readonly unknown[] {
  const options = { outcomeWithinMs: Number.POSITIVE_INFINITY, endedAtMs: world.time.nowMs };
  return [...world.faults, ...checkHistory(world.history.events, options)];
}

function count({ world }: Fleet, type: HistoryEvent["type"], sinceMs: number = 0): number {
  return world.history.events.filter((event) => event.type === type && event.atMs >= sinceMs).length;
}

test.each([
  ["a second", 1_000],
  ["half a minute", 30_000],
  ["five minutes", 300_000],
])(
  "when the bus is away for %s every client stays pinned, and is served two seconds after its return [fault:N1 fault:N2 fault:N6]",
  async (_name, awayMs) => {
    const fleet = await busyFleet(1);
    const { world } = fleet;
    world.bus.stop();
    await runUnderLoad(fleet, awayMs);
    world.bus.start();
    await world.time.run(2_000);
    const backAtMs = world.time.nowMs;
    askAll(fleet.clients);
    await world.time.run(100);

    expect(count(fleet, "replied", backAtMs)).toBe(fleet.clients.length * 2);
    expect(count(fleet, "disconnected")).toBe(0);
    expect(count(fleet, "closed")).toBe(0);
    expect(world.codes.get("SESSION_RESET")).toBeUndefined();
    expect(faultsOf(fleet)).toEqual([]);
  },
);

test("a partition between one gateway and one instance that outlives the lease loses pins and says so [fault:N11]", async () => {
  const fleet = await busyFleet(2);
  const { world, gateway, services } = fleet;
  const [alphaInstance, , betaInstance] = services;
  if (alphaInstance === undefined || betaInstance === undefined) throw new Error("there are four instances");
  const pinnedToAlpha = alphaInstance.openSessions.length;
  const pinnedToBeta = betaInstance.openSessions.length;
  for (const { endpoint } of [alphaInstance, betaInstance]) {
    world.bus.sever(gateway.endpoint, endpoint, "silent");
    world.bus.sever(endpoint, gateway.endpoint, "silent");
  }
  await runUnderLoad(fleet, 20_000);
  world.bus.healAll();
  await world.time.run(5_000);

  expect(pinnedToAlpha * pinnedToBeta).toBeGreaterThan(0);
  expect(world.codes.get("SESSION_RESET")).toBe(pinnedToAlpha);
  expect(count(fleet, "disconnected")).toBe(pinnedToBeta);
  expect(world.codes.get("DELIVERY_UNKNOWN")).toBeGreaterThan(0);
  expect(faultsOf(fleet)).toEqual([]);
});

test("a killed instance leaves no message without an outcome and no client without a service [fault:S1 fault:S9]", async () => {
  const fleet = await busyFleet(3);
  const { world, services, clients } = fleet;
  const [killed] = services;
  if (killed === undefined) throw new Error("there are four instances");
  const affected = killed.openSessions.length;
  askAll(clients);
  await world.time.run(2);
  world.kill(killed);
  await runUnderLoad(fleet, 2_000);
  await world.time.run(1_000);
  const healthyAtMs = world.time.nowMs;
  askAll(clients);
  await world.time.run(100);

  expect(affected).toBeGreaterThan(0);
  expect(count(fleet, "disconnected")).toBe(0);
  expect(world.codes.get("SESSION_RESET")).toBe(affected);
  expect(count(fleet, "replied", healthyAtMs)).toBe(clients.length * 2);
  expect(faultsOf(fleet)).toEqual([]);
});

test("an instance that stood still for twenty seconds handles nothing of what it had queued [fault:S2]", async () => {
  const fleet = await busyFleet(4);
  const { world, services } = fleet;
  const [stopped] = services;
  stopped?.process.pause();
  await runUnderLoad(fleet, 20_000);
  const resumedAtMs = world.time.nowMs;
  stopped?.process.resume(true);
  await world.time.run(5_000);

  const late = world.history.events.filter(
    (event) => event.type === "handled" && event.instance === stopped?.name && event.atMs >= resumedAtMs,
  );
  expect(late).toEqual([]);
  expect(stopped?.openSessions).toEqual([]);
  expect(count(fleet, "disconnected")).toBe(0);
  expect(faultsOf(fleet)).toEqual([]);
});

test("sockets of a gateway that was killed are closed at the instances, once, within fifteen seconds [fault:W2]", async () => {
  const fleet = await busyFleet(5);
  const { world, gateway, services, clients } = fleet;
  for (const client of clients) client.isStaying = false;
  world.kill(gateway);
  await world.time.run(15_000);

  expect(count(fleet, "closed")).toBe(clients.length * 2);
  expect(services.flatMap(({ openSessions }) => openSessions)).toEqual([]);
  expect(faultsOf(fleet)).toEqual([]);
});

test("a gateway that stood still for twenty seconds knows that its pins are gone [fault:W3]", async () => {
  const fleet = await busyFleet(6);
  const { world, gateway, services, clients } = fleet;
  gateway.process.pause();
  await runUnderLoad(fleet, 20_000);
  expect(services.flatMap(({ openSessions }) => openSessions)).toEqual([]);
  gateway.process.resume(true);
  await world.time.run(3_000);
  const healthyAtMs = world.time.nowMs;
  askAll(clients);
  await world.time.run(1_000);

  // Beta's policy closes its clients, who come back.
  expect(count(fleet, "disconnected")).toBe(clients.length);
  expect(count(fleet, "replied", healthyAtMs)).toBe(clients.length * 2);
  expect(faultsOf(fleet)).toEqual([]);
});

test("a process whose connection is cut off as too slow comes back and misses nothing [fault:N4]", async () => {
  const fleet = await busyFleet(7);
  const { world, gateway } = fleet;
  gateway.process.pause();
  await runUnderLoad(fleet, 2_000);
  world.bus.cutOffSlowConsumer(gateway.endpoint);
  gateway.process.resume(true);
  await runUnderLoad(fleet, 3_000);

  expect(count(fleet, "disconnected")).toBe(0);
  expect(count(fleet, "closed")).toBe(0);
  expect(faultsOf(fleet)).toEqual([]);
});
