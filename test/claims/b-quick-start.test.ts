import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";
import { expect } from "vitest";
import { jsonRouter } from "../support/fleet.ts";
import { JsonClient } from "../support/json-client.ts";
import { onEveryBus } from "../support/buses.ts";

onEveryBus(({ test, newFleet }) => {
  /** The service of the quick start, with its log in a list. */
  function chatRouter(log: string[]): Router {
    return new Router()
      .use(json())
      .publicBind("/chat/join", async (ctx) => {
        const { username, room } = await ctx.receive<{ username: string; room: string }>();
        ctx.setOnSocket("username", username);
        ctx.setOnSocket("room", room);
        await ctx.reply({ status: "joined", room });
      })
      .publicBind("/chat/message", async (ctx) => {
        const { text } = await ctx.receive<{ text: string }>();
        const username = ctx.mustGetFromSocket<string>("username");
        log.push(`[${ctx.mustGetFromSocket<string>("room")}] ${username}: ${text}`);
        await ctx.reply({ status: "sent" });
      })
      .bind("/health", (ctx) => ctx.reply({ status: "healthy" }));
  }

  test("the quick start joins a room and sends a message [claim:15 claim:16 claim:17 claim:18 claim:23 claim:55 weakness:W36]", async () => {
    const log: string[] = [];
    const transport = new LocalTransport();
    await using gateway = new Gateway("main-gateway", transport);
    await gateway.start();
    const edge = new Router();
    edge.use(json());
    edge.use(gateway);
    const listening = await edge.listen({ port: 0, path: "/ws" });
    await using service = new Service("chat-service", transport, chatRouter(log), {
      gatewayNames: ["main-gateway"],
    });
    await service.start();
    await using client = await JsonClient.connect(listening.url);

    client.send({ path: "/chat/join", id: "msg-1", data: { username: "Alice", room: "general" } });
    expect((await client.reply("msg-1")).raw).toBe(
      '{"id":"msg-1","data":{"status":"joined","room":"general"}}',
    );
    client.send({ path: "/chat/message", id: "msg-2", data: { text: "Hello everyone!" } });
    expect((await client.reply("msg-2")).raw).toBe('{"id":"msg-2","data":{"status":"sent"}}');

    expect(log).toEqual(["[general] Alice: Hello everyone!"]);
    await listening.close({ graceMs: 0 });
  });

  test("a message before joining fails alone [claim:19 claim:111]", async () => {
    const errors: Error[] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("chat", chatRouter([]), { onError: (error) => errors.push(error) });
    const client = await fleet.client(edge);
    const other = await fleet.client(edge);

    expect(await client.ask("/chat/message", { text: "too early" })).toMatchObject({
      error: { code: "INTERNAL" },
    });

    const join = { username: "Bob", room: "general" };
    expect(await client.ask("/chat/join", join)).toMatchObject({ data: { status: "joined" } });
    expect(await other.ask("/chat/join", join)).toMatchObject({ data: { status: "joined" } });
    expect(errors.map((error) => error.message).join()).toContain("username");
  });

  test("private health is answered inside and hidden outside [claim:20 claim:21 claim:48]", async () => {
    let runs = 0;
    const router = chatRouter([]).bind("/metrics", () => {
      runs++;
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("chat", router);
    const client = await fleet.client(edge);
    const bare = await router.listen({ port: 0, path: "/ws" });
    await using inside = await JsonClient.connect(bare.url);

    for (const path of ["/health", "/metrics"]) {
      expect(await client.ask(path)).toMatchObject({ error: { code: "NOT_FOUND" } });
    }
    expect(await client.ask("/chat/join", { username: "A", room: "b" })).toMatchObject({
      data: { room: "b" },
    });
    expect(await inside.ask("/health")).toMatchObject({ data: { status: "healthy" } });

    expect(runs).toBe(0);
    await bare.close({ graceMs: 0 });
  });

  test("run() is pending until stop() [claim:22 claim:50]", async () => {
    await using fleet = newFleet();
    const { gateway } = await fleet.edge();
    const { service } = await fleet.unstarted("chat", chatRouter([]));
    let ended = false;

    const running = service.run().then(() => {
      ended = true;
    });
    await expect.poll(() => gateway.canServePath("/chat/join")).toBe(true);
    expect(ended).toBe(false);
    await service.stop();
    await running;

    expect(ended).toBe(true);
  });

  test("a message without path and with an unknown id goes nowhere and harms nothing [claim:25]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("chat", chatRouter([]));
    const client = await fleet.client(edge);

    client.send({ id: "who-knows", data: 1 });
    client.send({ data: 1 });

    expect(await client.reply("who-knows")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(await client.ask("/chat/join", { username: "A", room: "b" })).toMatchObject({
      data: { room: "b" },
    });
    expect(client.received).toHaveLength(2);
  });

  test("answers in reverse order carry their own ids [claim:26]", async () => {
    const waiting: (() => void)[] = [];
    const router = jsonRouter().publicBind("/wait", async (ctx) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
      await ctx.reply(ctx.messageId);
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("wait", router);
    const client = await fleet.client(edge);

    for (const id of ["a", "b", "c"]) client.send({ id, path: "/wait" });
    await expect.poll(() => waiting.length).toBe(3);
    for (const finish of waiting.reverse()) {
      finish();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.reply("a");

    expect(client.received.map(({ raw }) => raw)).toEqual(
      ["c", "b", "a"].map((id) => JSON.stringify({ id, data: { message: id } })),
    );
  });

  test("a message without id is answered without one [claim:27]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service(
      "echo",
      jsonRouter().publicBind("/echo", async (ctx) => ctx.reply(await ctx.receive())),
    );
    const client = await fleet.client(edge);

    client.send({ path: "/echo", data: { n: 1 } });

    expect((await client.find(() => true)).raw).toBe('{"data":{"n":1}}');
  });
});
