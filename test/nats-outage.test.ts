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
