import { expect } from "vitest";
import type { JsonClient } from "../support/json-client.ts";
import { natsTest } from "../support/nats-server.ts";
import { eventually, ProcessFleet, spread, whoServes } from "./process-fleet.ts";
import type { GatewayProcess, InstanceProcess } from "./process-fleet.ts";

const isLong = process.env["EURUS_LONG"] !== undefined;

/** Resolves once the gateway has noticed that the bus is in this state. */
async function busIs(gateway: GatewayProcess, status: string): Promise<void> {
  await expect.poll(() => gateway.program.ask("busStatus"), eventually).toBe(status);
}

/** Asks until an answer comes that is no error. */
async function flows(client: JsonClient): Promise<void> {
  await expect.poll(async () => (await client.ask("/who")).error, eventually).toBeUndefined();
}

/** Nobody was declared dead and nobody was closed. */
async function nobodyWasLost(gateway: GatewayProcess, instances: readonly InstanceProcess[]): Promise<void> {
  const lost = (await gateway.events()).filter(
    ({ type }) => type === "instance-removed" || type === "link-lost" || type === "socket-closed",
  );
  expect(lost).toEqual([]);
  for (const instance of instances) expect(await instance.closes()).toEqual([]);
}

natsTest(
  "while NATS is away clients stay and are told so at once; when it is back everything goes on where it was [claim:57 claim:131 fault:N1 fault:N6]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instances] = await Promise.all([fleet.gateway(), fleet.instances(2)]);
    await gateway.knows(instances);
    const clients = await fleet.clients(gateway, 6);
    const homes = await Promise.all(clients.map(whoServes));
    for (const [index, client] of clients.entries()) await client.ask("/remember", index);

    for (let round = 0; round < (isLong ? 5 : 1); round++) {
      await fleet.server.kill();
      await busIs(gateway, "disconnected");
      for (const client of clients) {
        expect(await client.ask("/who")).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" } });
      }
      await fleet.server.restart();
      for (const client of clients) await flows(client);
    }

    expect(await Promise.all(clients.map(whoServes))).toEqual(homes);
    for (const [index, client] of clients.entries()) {
      expect(await client.ask("/recall")).toMatchObject({ data: { remembered: index } });
    }
    await nobodyWasLost(gateway, instances);
  },
);

natsTest(
  "NATS restarts under load: every message has exactly one outcome, and the answers are in order [claim:57 fault:N1 fault:N2]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instances] = await Promise.all([fleet.gateway(), fleet.instances(2)]);
    await gateway.knows(instances);
    const clients = await fleet.clients(gateway, 10);
    await spread(clients);
    let sent = 0;
    const load = setInterval(() => {
      sent++;
      for (const client of clients) client.send({ id: `n${sent}`, path: "/count", data: sent });
    }, 5);
    const answered = (): number =>
      clients[0]?.received.filter(({ data }) => typeof data === "number").length ?? 0;

    await expect.poll(answered, eventually).toBeGreaterThan(50);
    await fleet.server.kill();
    await busIs(gateway, "disconnected");
    await fleet.server.restart();
    const before = answered();
    await expect.poll(answered, eventually).toBeGreaterThan(before + 50);
    clearInterval(load);

    for (const client of clients) {
      const outcomes = (): readonly unknown[] => client.received.filter(({ id }) => id?.startsWith("n"));
      await expect.poll(() => outcomes().length, eventually).toBe(sent);
      const numbers = client.received.flatMap(({ data }) => (typeof data === "number" ? [data] : []));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(new Set(client.received.map(({ id }) => id)).size).toBe(client.received.length);
      expect(client.ended).toBeUndefined();
    }
    for (const instance of instances) {
      for (const numbers of await instance.counted()) {
        expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
      }
    }
    await nobodyWasLost(gateway, instances);
  },
);

natsTest(
  "a server that stands still for seconds costs nobody an instance or a connection [claim:70 fault:N11]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instances] = await Promise.all([fleet.gateway(), fleet.instances(2)]);
    await gateway.knows(instances);
    const client = await fleet.client(gateway);
    const home = await whoServes(client);

    fleet.server.signal("SIGSTOP");
    await busIs(gateway, "disconnected");
    expect(await client.ask("/who")).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" } });
    fleet.server.signal("SIGCONT");
    await flows(client);

    expect(await whoServes(client)).toBe(home);
    await gateway.knows(instances);
    await nobodyWasLost(gateway, instances);
  },
);

natsTest(
  "gateway and services on different servers of a cluster, one of which is killed [claim:58 fault:N1]",
  async () => {
    await using fleet = await ProcessFleet.start(3);
    const urls = fleet.servers.map(({ url }) => url);
    const from = (index: number): string[] => [...urls.slice(index), ...urls.slice(0, index)];
    const [gateway, ...instances] = await Promise.all([
      fleet.gateway({ servers: from(0) }),
      fleet.instance({ servers: from(1) }),
      fleet.instance({ servers: from(2) }),
    ]);
    await gateway.knows(instances);
    const clients = await fleet.clients(gateway, 6);
    const homes = await Promise.all(clients.map(whoServes));
    expect(new Set(homes).size).toBe(2);

    await fleet.servers[1]?.kill();
    for (const client of clients) await flows(client);

    expect(await Promise.all(clients.map(whoServes))).toEqual(homes);
    await nobodyWasLost(gateway, instances);

    await fleet.servers[0]?.kill();
    for (const client of clients) await flows(client);

    expect(await Promise.all(clients.map(whoServes))).toEqual(homes);
    await nobodyWasLost(gateway, instances);
  },
);
