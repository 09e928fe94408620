import { connect } from "@nats-io/transport-node";
import { NatsTransport } from "eurus/nats";
import { expect, onTestFinished } from "vitest";
import { Fleet, jsonRouter } from "../support/fleet.ts";
import { NatsServer, natsTest } from "../support/nats-server.ts";
import { expectSignals, Observer } from "../support/signals.ts";
import { Load, Newcomers } from "./load.ts";
import { eventually, ProcessFleet, spread } from "./process-fleet.ts";

natsTest(
  "a rolling restart under load: newcomers notice nothing, and who was pinned is told once per pin that its state is gone [fault:S3]",
  async () => {
    await using fleet = await ProcessFleet.start();
    const options = { onInstanceLost: "repin" } as const;
    const [gateway, instances] = await Promise.all([fleet.gateway(), fleet.instances(3, { options })]);
    await gateway.knows(instances);
    const clients = await fleet.clients(gateway, 9);
    await spread(clients);
    const load = new Load(clients);
    const newcomers = new Newcomers(() => fleet.client(gateway));

    for (const instance of instances) {
      await load.more(5);
      await instance.program.ask("stop");
      await load.more(5);
      await instance.program.ask("start");
    }
    await load.more(5);
    await load.end();

    expect(await newcomers.end()).toEqual([]);
    // What crossed the end of its pin was certainly not handled, and may be sent again; nothing else went wrong.
    expect(load.errors.filter((code) => code !== "SERVICE_UNAVAILABLE")).toEqual([]);
    const notices = clients.map(
      ({ received }) => received.filter(({ error }) => error?.code === "SESSION_RESET").length,
    );
    for (const client of clients) expect(client.ended).toBeUndefined();
    for (const count of notices) expect(count).toBeGreaterThan(0);
    const unpinned = (await gateway.events()).filter(
      (event) => event.type === "unpinned" && event.cause === "drained",
    );
    expect(notices.reduce((sum, count) => sum + count)).toBe(unpinned.length);
  },
);

natsTest(
  "a gateway that NATS cuts off as too slow comes back, and nobody is lost [fault:N4]",
  async () => {
    await using fleet = await ProcessFleet.start(1, { config: 'max_pending: 1MB\nwrite_deadline: "1s"' });
    const [gateway, instance] = await Promise.all([fleet.gateway(), fleet.instance()]);
    await gateway.knows([instance]);
    const clients = await fleet.clients(gateway, 3);
    await spread(clients);

    // Windows keep gateways and services from ever being so slow; a stranger that floods has none.
    const stranger = await NatsTransport.connect({ servers: fleet.server.url });
    gateway.program.process.kill("SIGSTOP");
    const flood = async (): Promise<string> => {
      for (let count = 0; count < 200; count++) {
        stranger.publish("eurus.v1.announce.svc.evil.flood", new Uint8Array(60_000));
      }
      await stranger.flush();
      return fleet.server.log;
    };
    await expect.poll(flood, eventually).toContain("Slow Consumer");
    gateway.program.process.kill("SIGCONT");
    await stranger.close();

    await expect
      .poll(async () => (await gateway.events()).filter(({ type }) => type === "bus"), eventually)
      .toMatchObject([{ status: "disconnected" }, { status: "connected" }]);
    for (const client of clients) {
      await expect.poll(async () => (await client.ask("/who")).error, eventually).toBeUndefined();
      expect(client.ended).toBeUndefined();
    }
  },
  60_000,
);

natsTest(
  "a connection to NATS that is closed for good is told of, and clients hear at once that nothing goes through [fault:N13]",
  async () => {
    await using server = await NatsServer.start();
    const connection = await connect({
      servers: server.url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
    });
    onTestFinished(() => connection.close());
    await using fleet = new Fleet(() => Promise.resolve(new NatsTransport(connection)));
    const edge = await fleet.edge();
    const { service } = await fleet.service(
      "hello",
      jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!")),
    );
    const [atGateway, atService] = [new Observer(edge.gateway), new Observer(service)];
    const client = await fleet.client(edge);
    await client.ask("/hello");

    await connection.close();

    await expect.poll(() => edge.events).toContainEqual({ type: "bus", status: "closed" });
    expect(edge.gateway.transport.status).toBe("closed");
    expect(await client.ask("/hello")).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" } });
    expect(client.ended).toBeUndefined();
    await expectSignals("NATS closes the connection for good", {
      clients: client.codes,
      gateways: [atGateway],
      services: [atService],
    });
    expect([...atGateway.events, ...atService.events].filter(({ type }) => type === "bus")).toEqual([
      { type: "bus", status: "closed" },
      { type: "bus", status: "closed" },
    ]);
  },
);

natsTest(
  "a server in lame-duck mode sends everybody elsewhere, without loss [fault:N3]",
  async () => {
    const config = 'lame_duck_grace_period: "1s"\nlame_duck_duration: "30s"';
    await using fleet = await ProcessFleet.start(2, { config });
    const [gateway, instance] = await Promise.all([fleet.gateway(), fleet.instance()]);
    await gateway.knows([instance]);
    const clients = await fleet.clients(gateway, 3);
    await spread(clients);
    const load = new Load(clients);

    fleet.server.signal("SIGUSR2");
    const returns = async (): Promise<number> =>
      (await gateway.events()).filter((event) => event.type === "bus" && event.status === "connected").length;
    await expect.poll(returns, { timeout: 40_000, interval: 100 }).toBe(1);
    await load.more(20);
    await load.end();

    expect(new Set(load.errors)).toEqual(new Set(load.errors.length > 0 ? ["SERVICE_UNAVAILABLE"] : []));
    for (const client of clients) expect(client.ended).toBeUndefined();
  },
  60_000,
);
