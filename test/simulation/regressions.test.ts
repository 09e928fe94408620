import { expect, test } from "vitest";

import { checkHistory } from "../history/check-history.ts";
import type { ClientConnection } from "./simulated-client.ts";
import { servicePlans } from "./scenario.ts";
import { World } from "./world.ts";

// What the simulation once found, reduced to the least that shows it.

const [alpha] = servicePlans;

async function connectedWorld(services: number): Promise<{ world: World; connection: ClientConnection }> {
  const world = new World(1);
  world.addGateway();
  for (let count = 0; count < services; count++) world.addService(alpha);
  await world.time.run(1_000);
  const client = world.addClient();
  await world.time.run(100);
  const { connection } = client;
  if (connection === undefined) throw new Error("the client is not connected");
  return { world, connection };
}

/** What the client heard of each message, in the order in which it was sent. */
function outcomes(world: World): readonly string[] {
  const outcome = new Map<string, string>();
  for (const event of world.history.events) {
    if (event.type === "sent") outcome.set(event.message, "nothing");
    if (event.type === "replied") outcome.set(event.message, "replied");
    if (event.type === "failed") outcome.set(event.message, event.code);
  }
  return [...outcome.values()];
}

function faultsOf(world: World): readonly unknown[] {
  const options = { outcomeWithinMs: Number.POSITIVE_INFINITY, endedAtMs: world.time.nowMs };
  return [...world.faults, ...checkHistory(world.history.events, options)];
}

test("messages that waited for room at an instance that was killed follow the others to the next one", async () => {
  const { world, connection } = await connectedWorld(1);
  const [killed] = world.services;
  if (killed !== undefined) world.kill(killed);
  await world.time.run(100);

  // More than is kept for an instance that has not accepted the client: the gateway stops reading.
  connection.ask(alpha.name, "large");
  for (let count = 0; count < 5; count++) connection.ask(alpha.name, "echo");
  world.addService(alpha);
  await world.time.run(10_000);

  expect(outcomes(world)).toEqual(Array.from({ length: 6 }, () => "replied"));
  expect(faultsOf(world)).toEqual([]);
});

test("a client that leaves behind a large message is also closed at the instance", async () => {
  const { world, connection } = await connectedWorld(1);
  const [service] = world.services;

  service?.process.pause();
  connection.ask(alpha.name, "large");
  await world.time.run(100);
  connection.leave();
  await world.time.run(100);
  service?.process.resume();
  await world.time.run(1_000);

  expect(service?.sessions.size).toBe(1);
  expect(service?.openSessions).toEqual([]);
  expect(faultsOf(world)).toEqual([]);
});

test("a client that stays when its instance stops is told nothing more of what was answered", async () => {
  const { world, connection } = await connectedWorld(1);
  const [service] = world.services;
  connection.ask(alpha.name, "echo");
  await world.time.run(100);

  // The handler ends in the very turn in which the instance lets go of the client.
  service?.process.pause();
  connection.ask(alpha.name, "echo");
  await world.time.run(100);
  if (service !== undefined) world.stop(service);
  await world.time.run(100);
  service?.process.resume();
  await world.time.run(5_000);

  expect(outcomes(world)).toEqual(["replied", "replied"]);
  expect(faultsOf(world)).toEqual([]);
});

test("what is refused because an instance did not accept a client in time is not handled later", async () => {
  const { world, connection } = await connectedWorld(1);
  const [gateway] = world.gateways;
  const [service] = world.services;
  if (gateway === undefined || service === undefined) throw new Error("there is one of each");
  connection.ask(alpha.name, "echo");
  await world.time.run(100);
  // The instance is not heard. After the bus was away the gateway waits for its answer, and sends it nothing.
  world.bus.sever(service.endpoint, gateway.endpoint, "silent");
  world.bus.reconnect(gateway.endpoint);
  await world.time.run(600);
  const other = world.addClient();
  await world.time.run(10);
  for (let count = 0; count < 3; count++) other.connection?.ask(alpha.name, "echo");
  await world.time.run(5_500);
  for (let count = 0; count < 3; count++) other.connection?.ask(alpha.name, "echo");
  world.bus.healAll();
  await world.time.run(5_000);

  expect(outcomes(world)).toEqual([
    "replied",
    ...Array.from({ length: 3 }, () => "SERVICE_UNAVAILABLE"),
    ...Array.from({ length: 3 }, () => "replied"),
  ]);
  expect(faultsOf(world)).toEqual([]);
});

test("an instance whose link was lost while it was suspect is chosen again", async () => {
  const { world, connection } = await connectedWorld(1);
  const [gateway] = world.gateways;
  const [service] = world.services;
  if (gateway === undefined || service === undefined) throw new Error("there is one of each");
  world.bus.sever(gateway.endpoint, service.endpoint, "reported");
  connection.ask(alpha.name, "echo");
  await world.time.run(50);
  expect(gateway.gateway.services()).toMatchObject([{ suspect: true }]);

  gateway.process.jumpClock(60_000);
  world.bus.healAll();
  await world.time.run(2_000);
  connection.ask(alpha.name, "echo");
  await world.time.run(1_000);

  expect(gateway.gateway.services()).toMatchObject([{ suspect: false }]);
  expect(outcomes(world).at(-1)).toBe("replied");
  expect(faultsOf(world)).toEqual([]);
});

test("what is refused because its instance was taken out is not handled later", async () => {
  const { world, connection } = await connectedWorld(1);
  const [gateway] = world.gateways;
  const [service] = world.services;
  if (gateway === undefined || service === undefined) throw new Error("there is one of each");
  connection.ask(alpha.name, "echo");
  await world.time.run(100);
  world.bus.sever(service.endpoint, gateway.endpoint, "silent");
  world.bus.reconnect(gateway.endpoint);
  await world.time.run(600);
  for (let count = 0; count < 3; count++) connection.ask(alpha.name, "echo");
  await world.time.run(100);

  gateway.gateway.removeService(service.service);
  world.bus.healAll();
  await world.time.run(5_000);

  expect(outcomes(world)).toEqual(["replied", ...Array.from({ length: 3 }, () => "SERVICE_UNAVAILABLE")]);
  expect(faultsOf(world)).toEqual([]);
});

test("what waits for its open handlers is not begun after a standstill that cost the instance its clients [fault:S2]", async () => {
  const { world } = await connectedWorld(1);
  const [service] = world.services;
  if (service === undefined) throw new Error("there is no service");
  const clients = Array.from({ length: 12 }, () => world.addClient());
  await world.time.run(100);
  for (const { connection } of clients) connection?.ask(alpha.name, "echo");
  await world.time.run(4);
  world.pause(service);
  const handled = (): number => world.history.events.filter(({ type }) => type === "handled").length;
  const handledBefore = handled();

  await world.time.run(6_000);
  world.resume(service, true);

  expect(service.openSessions.length).toBe(12);
  expect(handledBefore).toBeLessThan(12);
  await world.time.run(0);
  expect(service.openSessions).toEqual([]);
  expect(handled()).toBe(handledBefore);
  expect(faultsOf(world)).toEqual([]);
});
