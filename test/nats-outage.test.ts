import { NatsTransport } from "eurus/nats";
import { expect } from "vitest";
import { Fleet, jsonRouter } from "./support/fleet.ts";
import { NatsServer, natsTest } from "./support/nats-server.ts";

natsTest(
  "while NATS is away clients stay and hear so at once; when it is back their state is there [claim:57]",
  async () => {
    await using server = await NatsServer.start();
    const waiting: (() => void)[] = [];
    const router = jsonRouter()
      .publicBind("/login", (ctx) => {
        ctx.setOnSocket("user", "ada");
        return ctx.reply("in");
      })
      .publicBind("/user", (ctx) => ctx.reply(ctx.getFromSocket<string>("user") ?? "nobody"))
      .publicBind("/wait", async (ctx) => {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
        await ctx.reply("done");
      });
    await using fleet = new Fleet(() => NatsTransport.connect({ servers: server.url }));
    const edge = await fleet.edge();
    await fleet.service("api", router);
    const clients = await fleet.clients(edge, 5);
    for (const client of clients) await client.ask("/login");
    clients[0]?.send({ id: "long", path: "/wait" });
    await expect.poll(() => waiting.length).toBe(1);

    await server.kill();
    await expect
      .poll(() => edge.events.some((event) => event.type === "bus" && event.status === "disconnected"))
      .toBe(true);
    for (const client of clients) {
      expect(await client.ask("/user")).toMatchObject({
        error: { code: "SERVICE_UNAVAILABLE", retryAfterMs: 1_000 },
      });
    }
    waiting[0]?.();
    await server.restart();
    await expect
      .poll(async () => (await clients[0]?.ask("/user"))?.data, { timeout: 5_000 })
      .toEqual({ message: "ada" });

    for (const client of clients) {
      expect(client.ended).toBeUndefined();
      await expect.poll(async () => (await client.ask("/user")).data).toEqual({ message: "ada" });
    }
    expect(await clients[0]?.reply("long")).toMatchObject({ data: { message: "done" } });
    expect(edge.gateway.services()).toHaveLength(1);
  },
);

natsTest(
  "an instance that is stopped while NATS is away ends in time; when NATS is back its clients are told, and the others' go on",
  async () => {
    await using server = await NatsServer.start();
    await using fleet = new Fleet(() => NatsTransport.connect({ servers: server.url }));
    const edge = await fleet.edge({ options: { instanceLeaseMs: 1_000 } });
    const makeRouter = (name: string): ReturnType<typeof jsonRouter> =>
      jsonRouter()
        .publicBind("/who", (ctx) => ctx.reply(name))
        .publicBind("/wait", (ctx) => ctx.done);
    const { service: leaving } = await fleet.service("api", makeRouter("leaving"));
    const clients = await fleet.clients(edge, 3);
    for (const client of clients) await client.ask("/who");
    await fleet.service("api", makeRouter("staying"));
    await expect.poll(() => edge.gateway.services().length).toBe(2);
    const guest = await fleet.client(edge);
    expect(await guest.ask("/who")).toMatchObject({ data: { message: "staying" } });
    for (const client of [...clients, guest]) client.send({ id: "open", path: "/wait" });
    await expect
      .poll(() => edge.gateway.sockets().every(({ openMessages }) => openMessages === 1))
      .toBe(true);

    await server.kill();
    await expect.poll(() => edge.gateway.transport.status).toBe("disconnected");
    const startedAt = performance.now();
    await leaving.stop();
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    await server.restart();

    for (const client of clients) {
      expect(await client.closed()).toMatchObject({ code: 1001 });
      const outcomes = client.received.filter(({ id }) => id === "open");
      expect(outcomes).toMatchObject([{ error: { code: "DELIVERY_UNKNOWN" } }]);
    }
    await expect
      .poll(async () => (await guest.ask("/who")).data, { timeout: 8_000 })
      .toEqual({ message: "staying" });
    expect(guest.received.filter(({ id }) => id === "open")).toEqual([]);
    const removed = edge.events.filter((event) => event.type === "instance-removed");
    expect(removed).toMatchObject([{ instanceId: leaving.id }]);
  },
  40_000,
);

natsTest(
  "a gateway that is stopped while NATS is away closes its clients in time, and can start again",
  async () => {
    await using server = await NatsServer.start();
    await using fleet = new Fleet(() => NatsTransport.connect({ servers: server.url }));
    const edge = await fleet.edge();
    const closes: unknown[] = [];
    const router = jsonRouter()
      .useClose((ctx) => void closes.push(ctx.closeStatus().status))
      .publicBind("/who", (ctx) => ctx.reply("me"));
    await fleet.service("api", router, { gatewayLeaseMs: 1_000 });
    const client = await fleet.client(edge);
    await client.ask("/who");
    await server.kill();
    await expect.poll(() => edge.gateway.transport.status).toBe("disconnected");

    await edge.gateway.stop();
    expect(await client.closed()).toMatchObject({ code: 1001 });
    await expect(edge.gateway.start()).rejects.toMatchObject({ code: expect.stringMatching(/^EURUS_/) });
    await server.restart();
    await expect.poll(() => edge.gateway.transport.status, { timeout: 5_000 }).toBe("connected");
    await edge.gateway.start();

    await expect.poll(() => closes, { timeout: 10_000 }).toHaveLength(1);
    await expect.poll(() => edge.gateway.canServePath("/who"), { timeout: 5_000 }).toBe(true);
    const next = await fleet.client(edge);
    expect(await next.ask("/who")).toMatchObject({ data: { message: "me" } });
  },
  40_000,
);
