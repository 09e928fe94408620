import { Router } from "velaros";
import { msgpack } from "velaros/msgpack";
import { expect } from "vitest";
import { type Edge, jsonRouter } from "../support/fleet.ts";
import { onEveryBus } from "../support/buses.ts";

onEveryBus(({ test, newFleet }) => {
  test("a client that does not read holds up nobody else [claim:112 weakness:W8 weakness:W27 fault:C6]", async () => {
    const router = jsonRouter()
      .publicBind("/flood", async (ctx) => {
        const block = "x".repeat(64 * 1024);
        while (!ctx.signal.aborted) await ctx.push(block, { path: "/block" });
      })
      .publicBind("/quick", (ctx) => ctx.reply("ok"));
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("both", router);
    const [slow, quick] = [await fleet.client(edge), await fleet.client(edge)];
    slow.webSocket.pause();
    slow.send({ path: "/flood" });
    await quick.ask("/quick");

    for (let count = 0; count < 50; count++) {
      expect(await quick.ask("/quick")).toMatchObject({ data: { message: "ok" } });
    }
  });

  test("a slow open handler delays its own client only [weakness:W27]", async () => {
    const waiting: (() => void)[] = [];
    const router = jsonRouter()
      .useOpen((ctx) =>
        ctx.headers["x-request-id"] === "slow"
          ? new Promise<void>((resolve) => {
              waiting.push(resolve);
            })
          : undefined,
      )
      .publicBind("/hi", (ctx) => ctx.reply("hi"));
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("hi", router);
    const slow = await fleet.client(edge, { "x-request-id": "slow" });
    slow.send({ id: "1", path: "/hi" });
    await expect.poll(() => waiting.length).toBe(1);

    for (const client of await fleet.clients(edge, 40)) await client.ask("/hi");
    expect(slow.received).toEqual([]);
    waiting[0]?.();

    expect(await slow.reply("1")).toMatchObject({ data: { message: "hi" } });
  });

  test("what a service announces is copied: changing it later changes nothing [weakness:W14]", async () => {
    const [first, second] = [{ pattern: "/a" }, { pattern: "/b" }];
    const routes = [first];
    await using fleet = newFleet();
    const [one, two] = [await fleet.edge({ name: "one" }), await fleet.edge({ name: "two" })];
    const router = ["/a", "/b", "/c"].reduce(
      (built, path) => built.publicBind(path, (ctx) => ctx.reply(ctx.path)),
      jsonRouter(),
    );
    const { service } = await fleet.service("api", router, { routeDescriptors: routes });
    const known = ({ gateway }: Edge): unknown => gateway.services().map((instance) => instance.routes);

    routes.push(second);
    first.pattern = "/c";
    // Makes it say all of itself again, and shows when that has arrived.
    service.gatewayNames = ["one"];
    await expect.poll(() => known(two), { interval: 2 }).toEqual([]);
    service.gatewayNames = [];
    await expect.poll(() => known(two), { interval: 2 }).not.toEqual([]);

    expect([known(one), known(two)]).toEqual([[["/a"]], [["/a"]]]);
    expect(service.routeDescriptors).toEqual([{ pattern: "/a" }]);
    expect(Object.isFrozen(service.routeDescriptors)).toBe(true);
  });

  test("only instances that have the route are chosen [weakness:W16 fault:R5]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const old = (): Router => jsonRouter().publicBind("/old", (ctx) => ctx.reply("old"));
    for (let count = 0; count < 3; count++) await fleet.service("api", old());
    await fleet.service(
      "api",
      old().publicBind("/new", (ctx) => ctx.reply("new")),
    );

    for (const client of await fleet.clients(edge, 8)) {
      expect(await client.ask("/new")).toMatchObject({ data: { message: "new" } });
    }
  });

  test("names that could mean something else on the bus are refused [weakness:W24 fault:R8]", async () => {
    await using fleet = newFleet();
    for (const name of ["a.b", "a b", "*", ">", "", "é", "a\n", "x".repeat(65)]) {
      await expect(fleet.unstarted(name, jsonRouter())).rejects.toThrow(/can't be part of a subject/u);
    }
    await expect(fleet.unstarted("aB_c-d", jsonRouter())).resolves.toBeDefined();
  });

  test("a socket that closed while its message was under way is not remembered [weakness:W25]", async () => {
    let lateRuns = 0;
    await using fleet = newFleet();
    const edge = await fleet.edge({
      before: (router) =>
        router.use("/late", async (ctx) => {
          await new Promise((resolve) => ctx.socket.signal.addEventListener("abort", resolve));
          await ctx.next();
          await edge.gateway.handle(ctx);
          lateRuns++;
        }),
    });
    await fleet.service(
      "late",
      jsonRouter().publicBind("/late", () => undefined),
    );
    const client = await fleet.client(edge);
    client.send({ path: "/late" });
    await expect.poll(() => edge.gateway.sockets().length).toBe(1);

    client.webSocket.terminate();
    await expect.poll(() => edge.gateway.sockets().length).toBe(0);
    await expect.poll(() => lateRuns).toBe(1);

    expect(edge.gateway.sockets()).toEqual([]);
  });

  test("a service hears at once that its client is gone, and stops producing [weakness:W26 fault:C11]", async () => {
    let pushes = 0;
    let ended = false;
    const router = jsonRouter().publicBind("/ticks", async (ctx) => {
      while (!ctx.signal.aborted) {
        await ctx.push(++pushes).catch(() => undefined);
        await new Promise((resolve) => setImmediate(resolve));
      }
      ended = true;
    });
    await using fleet = newFleet();
    const never = { heartbeatIntervalMs: 60_000 };
    const edge = await fleet.edge({ options: { ...never, instanceLeaseMs: 200_000 } });
    await fleet.service("ticks", router, { ...never, gatewayLeaseMs: 200_000 });
    const client = await fleet.client(edge);
    client.send({ path: "/ticks" });
    await expect.poll(() => pushes).toBeGreaterThan(3);

    client.webSocket.terminate();

    await expect.poll(() => ended).toBe(true);
    const last = pushes;
    expect((await (await fleet.client(edge)).ask("/nothing")).error?.code).toBe("NOT_FOUND");
    expect(pushes).toBe(last);
  });

  test("more than a client may have open at once is refused [weakness:W29 fault:C13]", async () => {
    const finish: (() => void)[] = [];
    const router = jsonRouter().publicBind("/wait", async (ctx) => {
      await new Promise<void>((resolve) => {
        finish.push(resolve);
      });
      await ctx.reply("done");
    });
    await using fleet = newFleet();
    const edge = await fleet.edge({ options: { maxOpenMessagesPerSocket: 8, maxPinsPerSocket: 1 } });
    await fleet.service("wait", router);
    await fleet.service(
      "other",
      jsonRouter().publicBind("/other", (ctx) => ctx.reply("ok")),
    );
    const client = await fleet.client(edge);

    for (let count = 0; count < 9; count++) client.send({ id: `${count}`, path: "/wait" });
    expect(await client.reply("8")).toMatchObject({ error: { code: "OVERLOADED" } });
    expect(await client.ask("/other")).toMatchObject({ error: { code: "OVERLOADED" } });
    await expect.poll(() => finish.length).toBe(8);
    for (const end of finish.splice(0)) end();
    await client.reply("7");

    client.send({ id: "more", path: "/wait" });
    await expect.poll(() => finish.length).toBe(1);
    finish[0]?.();
    expect(await client.reply("more")).toMatchObject({ data: { message: "done" } });
  });

  test("an operator sees who came, who was pinned where, what was routed, refused and closed [weakness:W33 claim:96 claim:97]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const { service } = await fleet.service(
      "api",
      jsonRouter().publicBind("/api", (ctx) => ctx.reply("ok")),
    );
    const client = await fleet.client(edge);
    for (let count = 0; count < 3; count++) await client.ask("/api");
    await client.ask("/a//b");
    client.webSocket.close(4000, "done");
    await expect.poll(() => edge.events.some((event) => event.type === "socket-closed")).toBe(true);
    await service.stop();

    await expect.poll(() => edge.events.some((event) => event.type === "instance-removed")).toBe(true);
    const names = edge.events.map((event) => event.type);
    expect(names).toEqual([
      "instance-added",
      "socket-opened",
      "pinned",
      "routed",
      "settled",
      "routed",
      "settled",
      "routed",
      "settled",
      "refused",
      "unpinned",
      "socket-closed",
      "instance-draining",
      "instance-removed",
    ]);
    expect(edge.events.find((event) => event.type === "socket-closed")).toMatchObject({
      status: 4000,
      reason: "done",
      source: "client",
    });
  });

  test("a service that changes its gateways while running is seen by the new ones only [weakness:W34]", async () => {
    await using fleet = newFleet();
    const [one, two] = [await fleet.edge({ name: "one" }), await fleet.edge({ name: "two" })];
    const api = jsonRouter().publicBind("/api", (ctx) => ctx.reply("ok"));
    const { service } = await fleet.service("api", api, { gatewayNames: ["one"] });
    expect([one, two].map(({ gateway }) => gateway.canServePath("/api"))).toEqual([true, false]);

    service.gatewayNames = ["two"];

    await expect
      .poll(() => [one, two].map(({ gateway }) => gateway.canServePath("/api")))
      .toEqual([false, true]);
  });

  test("routes that are bound later are announced [fault:R6]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const router = jsonRouter();
    await fleet.service("api", router, { heartbeatIntervalMs: 60 });
    expect(edge.gateway.canServePath("/late")).toBe(false);

    router.publicBind("/late", (ctx) => ctx.reply("ok"));

    await expect.poll(() => edge.gateway.canServePath("/late")).toBe(true);
  });

  test("a service that speaks another encoding says so, and nothing garbled reaches the client [claim:28 weakness:W37]", async () => {
    const refusals: unknown[] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const router = new Router()
      .use(msgpack())
      .publicBind("/api", async (ctx) => ctx.reply(await ctx.receive()));
    const { service } = await fleet.service("api", router);
    service.onEvent((event) => {
      if (event.type === "open-refused") refusals.push(event.code);
    });
    const client = await fleet.client(edge);

    const answer = await client.ask("/api", { a: 1 });

    expect(answer.error).toMatchObject({
      code: "INTERNAL",
      message: "The service does not speak json: gateway and service need the same codec.",
      details: { service: "api", codec: "json" },
    });
    expect(answer.data).toBeUndefined();
    expect(refusals).toEqual(["WRONG_CODEC"]);
  });
});
