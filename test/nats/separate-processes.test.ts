import { expect } from "vitest";
import { natsTest } from "../support/nats-server.ts";
import type { JsonClient } from "../support/json-client.ts";
import { eventually, ProcessFleet, spread, whoServes } from "./process-fleet.ts";
import type { InstanceProcess } from "./process-fleet.ts";

natsTest(
  "a gateway and a service in processes of their own serve a client [claim:17 claim:43 claim:56]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instance] = await Promise.all([fleet.gateway(), fleet.instance()]);
    await gateway.knows([instance]);
    const client = await fleet.client(gateway);

    expect(await client.ask("/remember", "Alice")).toMatchObject({ data: { message: "ok" } });
    expect(await client.ask("/recall")).toMatchObject({ data: { remembered: "Alice" } });
    expect(await client.ask("/private")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(await client.ask("/nowhere")).toMatchObject({ error: { code: "NOT_FOUND" } });

    client.webSocket.close(4001, "done");
    await expect.poll(() => instance.closes(), eventually).toMatchObject([{ status: 4001, reason: "done" }]);
    await expect.poll(() => gateway.sockets(), eventually).toEqual([]);
  },
);

natsTest(
  "clients of two gateways spread over three instances, stay there, and new ones fill the gaps [claim:5 claim:6 claim:10 claim:53 claim:61 claim:62]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateways, instances] = await Promise.all([
      Promise.all([fleet.gateway(), fleet.gateway()]),
      fleet.instances(3),
    ]);
    const [first] = instances;
    if (first === undefined) throw new Error("no instance");
    const [one, two] = gateways;
    for (const gateway of gateways) await gateway.knows(instances);

    const clients = await fleet.clients(one, 15);
    await stayWhereTheyAre(clients, instances);
    for (const client of clients) if ((await whoServes(client)) === first.id) client.webSocket.close();
    await expect.poll(() => first.closes(), eventually).toHaveLength(5);
    await one.hearsFrom(instances);
    expect(await spread(await fleet.clients(one, 5))).toEqual({ [first.id]: 5 });

    await two.hearsFrom(instances);
    await stayWhereTheyAre(await fleet.clients(two, 15), instances);
  },
);

/** All instances serve equally many of the clients, and each client is answered by the same one again and again. */
async function stayWhereTheyAre(
  clients: readonly JsonClient[],
  instances: readonly InstanceProcess[],
): Promise<void> {
  const share = clients.length / instances.length;
  expect(await spread(clients)).toEqual(Object.fromEntries(instances.map(({ id }) => [id, share])));
  const homes = await Promise.all(clients.map(whoServes));
  for (let round = 0; round < 5; round++) {
    expect(await Promise.all(clients.map(whoServes))).toEqual(homes);
  }
}

natsTest(
  "an instance that starts takes the new clients of every gateway, one that stops is gone at once [claim:4 claim:37 claim:54 claim:121]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateways, instances] = await Promise.all([
      Promise.all([fleet.gateway(), fleet.gateway()]),
      fleet.instances(2),
    ]);
    const [one] = gateways;
    for (const gateway of gateways) await gateway.knows(instances);
    const early = await fleet.clients(one, 24);
    expect(Object.values(await spread(early))).toEqual([12, 12]);

    const added = await fleet.instance();
    // Its start resolved, so that it is known everywhere.
    for (const gateway of gateways) {
      expect((await gateway.services()).map(({ id }) => id)).toContain(added.id);
      await gateway.hearsFrom(instances);
      const late = await fleet.clients(gateway, 3);
      expect(await spread(late)).toEqual({ [added.id]: 3 });
    }

    await added.program.ask("stop");
    for (const gateway of gateways) await gateway.knows(instances);
    expect(await added.closes()).toHaveLength(6);
    for (const close of await added.closes()) {
      expect(close).toMatchObject({ status: 1001, reason: "Service is stopping" });
    }
    for (const client of early) expect(client.ended).toBeUndefined();
    expect(Object.keys(await spread(await fleet.clients(one, 4)))).toHaveLength(2);
  },
);

natsTest(
  "a killed instance: what was open is settled, its clients are told, others notice nothing, new ones are served [claim:67 claim:68 fault:S1]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instances] = await Promise.all([fleet.gateway(), fleet.instances(3)]);
    await gateway.knows(instances);
    const clients = await fleet.clients(gateway, 12);
    const homes = await Promise.all(clients.map(whoServes));
    const [victim] = instances;
    if (victim === undefined) throw new Error("no instance");
    const lost = clients.filter((_, index) => homes[index] === victim.id);
    const others = clients.filter((_, index) => homes[index] !== victim.id);
    for (const client of clients) client.send({ id: "open", path: "/wait" });
    // An answer to what was sent behind it says that the handler has started.
    await Promise.all(clients.map(whoServes));

    await victim.program.kill();
    // Without a pause: whoever comes now may still be sent to the dead one, and is moved without noticing.
    const late = await fleet.clients(gateway, 12);
    const places = await spread(late);

    expect(Object.keys(places)).not.toContain(victim.id);
    expect(Object.values(places).reduce((sum, count) => sum + count)).toBe(12);
    for (const client of lost) {
      expect(await client.closed()).toEqual({ code: 1001, reason: "Service unreachable" });
      const outcomes = client.received.filter(({ id }) => id === "open");
      expect(outcomes).toMatchObject([{ error: { code: "DELIVERY_UNKNOWN" } }]);
    }
    for (const client of others) {
      expect(client.ended).toBeUndefined();
      expect(client.received.some(({ id }) => id === "open")).toBe(false);
    }
    await gateway.knows(instances.slice(1));
    await expect
      .poll(async () => (await gateway.events()).map(({ type }) => type), eventually)
      .toContain("instance-removed");
  },
);

natsTest(
  "a killed gateway: its clients come back through another one, and the services let go of them [claim:69 fault:W2 fault:N10]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [doomed, other, instance] = await Promise.all([
      fleet.gateway(),
      fleet.gateway(),
      fleet.instance({ options: { gatewayLeaseMs: 3_000 } }),
    ]);
    await doomed.knows([instance]);
    await other.knows([instance]);
    const clients = await fleet.clients(doomed, 5);
    await spread(clients);

    await doomed.program.kill();
    for (const client of clients) expect((await client.closed()).code).toBe(1006);
    const back = await fleet.clients(other, 5);
    expect(await spread(back)).toEqual({ [instance.id]: 5 });

    await expect.poll(() => instance.closes(), eventually).toHaveLength(5);
    expect(await spread(back)).toEqual({ [instance.id]: 5 });
    expect(await instance.closes()).toHaveLength(5);
  },
);

natsTest(
  "an instance that stood still: its clients are settled, and its late answers reach no new question [fault:S2]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const options = { onInstanceLost: "repin", heartbeatIntervalMs: 200 } as const;
    const [gateway, instances] = await Promise.all([
      fleet.gateway({ options: { instanceLeaseMs: 1_500 } }),
      fleet.instances(2, { options }),
    ]);
    await gateway.knows(instances);
    const client = await fleet.client(gateway);
    const home = await whoServes(client);
    const frozen = instances.find(({ id }) => id === home);

    frozen?.program.process.kill("SIGSTOP");
    client.send({ id: "again", path: "/who" });
    expect(await client.reply("again")).toMatchObject({ error: { code: "DELIVERY_UNKNOWN" } });
    await client.find(({ error }) => error?.code === "SESSION_RESET");
    client.send({ id: "again", path: "/who" });
    await expect.poll(() => client.received.filter(({ id }) => id === "again"), eventually).toHaveLength(2);

    frozen?.program.process.kill("SIGCONT");
    await gateway.knows(instances);
    const place = await whoServes(client);
    expect(place).not.toBe(home);
    const answers = client.received.filter(({ id, data }) => id === "again" && data !== undefined);
    expect(answers.map(({ data }) => data)).toEqual([{ id: place }]);
    expect(client.ended).toBeUndefined();
  },
);

natsTest(
  "services choose their gateways by name, across processes [claim:63 claim:64 claim:65 claim:66 fault:W8]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const [outer, inner, open, shut, shared] = await Promise.all([
      fleet.gateway({ name: "public-gateway" }),
      fleet.gateway({ name: "internal-gateway" }),
      fleet.instance({ name: "api", prefix: "/api", options: { gatewayNames: ["public-gateway"] } }),
      fleet.instance({ name: "admin", prefix: "/admin", options: { gatewayNames: ["internal-gateway"] } }),
      fleet.instance({ name: "shared", prefix: "/shared" }),
    ]);
    await outer.knows([open, shared]);
    await inner.knows([shut, shared]);
    const [outside, inside] = await Promise.all([fleet.client(outer), fleet.client(inner)]);

    expect(await outside.ask("/admin/who")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(await inside.ask("/api/who")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(await outside.ask("/api/who")).toMatchObject({ data: { id: open.id } });
    expect(await inside.ask("/admin/who")).toMatchObject({ data: { id: shut.id } });
    for (const client of [outside, inside]) {
      expect(await client.ask("/shared/who")).toMatchObject({ data: { id: shared.id } });
    }
  },
);
