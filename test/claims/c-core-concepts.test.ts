import { expect } from "vitest";
import { jsonRouter } from "../support/fleet.ts";
import { onEveryBus } from "../support/buses.ts";

onEveryBus(({ test, newFleet }) => {
  test("an unknown path falls through to what follows the gateway [claim:29]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge({ after: (router) => router.bind("/local", (ctx) => ctx.reply("here")) });
    await fleet.service(
      "chat",
      jsonRouter().publicBind("/chat", (ctx) => ctx.reply("there")),
    );
    const client = await fleet.client(edge);

    expect(await client.ask("/local")).toMatchObject({ data: { message: "here" } });
    expect(await client.ask("/chat")).toMatchObject({ data: { message: "there" } });
    expect(await client.ask("/else")).toMatchObject({ error: { code: "NOT_FOUND" } });
  });

  test("a service sees address, allowed headers and one id per client [claim:30 weakness:W20 weakness:W22]", async () => {
    const router = jsonRouter().publicBind("/me", (ctx) =>
      ctx.reply({ id: ctx.socketId, address: ctx.remoteAddress, headers: { ...ctx.headers } }),
    );
    await using fleet = newFleet();
    const edge = await fleet.edge({ options: { forwardHeaders: ["X-Team"] } });
    await fleet.service("me", router);
    const client = await fleet.client(edge, {
      "user-agent": "tester",
      "x-team": "blue",
      "x-other": "no",
      cookie: "session=secret",
      authorization: "Bearer secret",
    });

    const first = await client.ask("/me");
    const second = await client.ask("/me");

    expect(first.data).toEqual(second.data);
    expect(first.data).toEqual({
      id: edge.gateway.sockets()[0]?.id,
      address: expect.stringMatching(/127\.0\.0\.1$/u),
      headers: { "user-agent": "tester", "x-team": "blue" },
    });
  });

  test("a private route stays private under a public wildcard, while middleware still runs [claim:33 weakness:W4 fault:R4]", async () => {
    const ran: string[] = [];
    const router = jsonRouter()
      .use((ctx) => {
        ran.push("middleware");
        return ctx.next();
      })
      .bind("/api/internal", () => {
        ran.push("private");
      })
      .publicBind("/api/**", (ctx) => {
        ran.push("public");
        return ctx.reply(ctx.path);
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", router);
    const client = await fleet.client(edge);

    expect(await client.ask("/api/internal")).toMatchObject({ data: { message: "/api/internal" } });

    expect(ran).toEqual(["middleware", "public"]);
  });

  test("a pin holds until the connection closes; the next one is balanced anew [claim:34]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    for (const name of ["a", "b"]) {
      await fleet.service(
        "who",
        jsonRouter().publicBind("/who", (ctx) => ctx.reply(name)),
      );
    }
    const stays = await fleet.client(edge);
    const first = await stays.ask("/who");
    const leaves = await fleet.client(edge);
    const second = await leaves.ask("/who");
    expect(second.data).not.toEqual(first.data);

    await leaves[Symbol.asyncDispose]();
    await expect.poll(() => edge.gateway.sockets().length).toBe(1);

    expect((await stays.ask("/who")).data).toEqual(first.data);
    expect((await (await fleet.client(edge)).ask("/who")).data).toEqual(second.data);
  });

  test("what a login stores is there later, and only on that connection [claim:35 claim:36]", async () => {
    const router = jsonRouter()
      .publicBind("/auth/login", async (ctx) => {
        ctx.setOnSocket("userId", 42);
        ctx.setOnSocket("role", "admin");
        await ctx.reply("in");
      })
      .publicBind("/api/data", (ctx) =>
        ctx.reply({ userId: ctx.getFromSocket("userId") ?? null, role: ctx.getFromSocket("role") ?? null }),
      );
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", router);
    const [one, other] = [await fleet.client(edge), await fleet.client(edge)];

    await one.ask("/auth/login");

    expect(await one.ask("/api/data")).toMatchObject({ data: { userId: 42, role: "admin" } });
    expect(await other.ask("/api/data")).toMatchObject({ data: { userId: null, role: null } });
  });

  test("starting announces to every gateway, before or after it [claim:37 claim:39 claim:88]", async () => {
    await using fleet = newFleet();
    const early = await fleet.edge({ name: "early" });
    await fleet.service(
      "api",
      jsonRouter().publicBind("/api", () => undefined),
    );
    const late = await fleet.edge({ name: "late" });

    for (const { gateway } of [early, late]) expect(gateway.canServePath("/api")).toBe(true);
  });

  test("a stopped service is gone at once, and its clients are told [claim:38 claim:121 weakness:W19]", async () => {
    const closes: unknown[] = [];
    const router = jsonRouter()
      .publicBind("/api", (ctx) => ctx.reply("ok"))
      .useClose((ctx) => {
        closes.push(ctx.closeStatus());
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const { service } = await fleet.service("api", router);
    const client = await fleet.client(edge);
    await client.ask("/api");

    await service.stop();

    expect(closes).toEqual([{ status: 1001, reason: "Service is stopping", source: "server" }]);
    await expect.poll(() => edge.gateway.canServePath("/api")).toBe(false);
    expect(await client.closed()).toEqual({ code: 1001, reason: "Service is stopping" });
  });

  test("a withdrawn route is unavailable for a while before it is unknown", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const { service } = await fleet.service(
      "api",
      jsonRouter().publicBind("/api", (ctx) => ctx.reply("ok")),
    );
    const client = await fleet.client(edge);

    await service.stop();
    await expect.poll(() => edge.gateway.canServePath("/api")).toBe(false);

    expect(await client.ask("/api")).toMatchObject({
      error: { code: "SERVICE_UNAVAILABLE", retryAfterMs: 1_000, details: { service: "api" } },
    });
    expect(client.ended).toBeUndefined();
  });
});
