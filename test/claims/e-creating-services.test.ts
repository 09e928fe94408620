import { EurusError, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { expect } from "vitest";
import { jsonRouter } from "../support/fleet.ts";
import { onEveryBus } from "../support/buses.ts";

onEveryBus(({ test, newFleet }) => {
  test("route parameters and wildcards reach the handler [claim:46 claim:47 claim:51]", async () => {
    const router = jsonRouter()
      .publicBind("/api/users/:id", (ctx) => ctx.reply({ id: ctx.params.get("id"), name: "Ada" }))
      .publicBind("/api/posts/**", (ctx) => ctx.reply({ path: ctx.path }));
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", router);
    const client = await fleet.client(edge);

    expect(await client.ask("/api/users/42")).toMatchObject({ data: { id: "42", name: "Ada" } });
    for (const path of ["/api/posts/2024/11/my-post", "/api/posts"]) {
      expect(await client.ask(path)).toMatchObject({ data: { path } });
    }
  });

  test("a service that names gateways is seen by these only [claim:49]", async () => {
    await using fleet = newFleet();
    const [named, other] = [
      await fleet.edge({ name: "public-gateway" }),
      await fleet.edge({ name: "other" }),
    ];
    await fleet.service(
      "api",
      jsonRouter().publicBind("/api", () => undefined),
      { gatewayNames: ["public-gateway"] },
    );

    expect(named.gateway.canServePath("/api")).toBe(true);
    expect(other.gateway.canServePath("/api")).toBe(false);
  });

  test("instances of one name get ids of their own [claim:52 weakness:W35]", () => {
    const transport = new LocalTransport();
    const ids = [1, 2, 3].map(() => new Service("api", transport, new Router()).id);

    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{32}$/u);
  });

  test("an instance that joins later takes the new clients [claim:54]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const start = (name: string): Promise<unknown> =>
      fleet.service(
        "who",
        jsonRouter().publicBind("/who", (ctx) => ctx.reply(name)),
      );
    await start("a");
    await start("b");
    for (const client of await fleet.clients(edge, 20)) await client.ask("/who");

    await start("c");

    for (const client of await fleet.clients(edge, 10)) {
      expect(await client.ask("/who")).toMatchObject({ data: { message: "c" } });
    }
  });

  test("a service starts once, stops any number of times, and starts again", async () => {
    await using fleet = newFleet();
    const { gateway } = await fleet.edge();
    const { service } = await fleet.unstarted(
      "api",
      jsonRouter().publicBind("/api", () => undefined),
    );

    await service.stop();
    await service.start();
    await expect(service.start()).rejects.toMatchObject({ code: "EURUS_ALREADY_STARTED" });
    await Promise.all([service.stop(), service.stop()]);
    await service.start();

    expect(gateway.canServePath("/api")).toBe(true);
  });

  test("construction says what is wrong with a handler", () => {
    const transport = new LocalTransport();

    // @ts-expect-error a handler is required
    expect(() => new Service("api", transport)).toThrowErrorMatchingInlineSnapshot(
      `[EurusError: Service "api" needs a router, a function, or an object with handle() as third argument, but got undefined.]`,
    );
    // @ts-expect-error neither a router nor a handler
    expect(() => new Service("api", transport, { handleOpen() {} })).toThrow(EurusError);
    expect(() => new Service("a.b", transport, new Router())).toThrow(EurusError);
  });

  test("a plain function with route descriptors is a service", async () => {
    const router = jsonRouter();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    router.use((ctx) => ctx.reply(ctx.path));
    await fleet.service("plain", router, { routeDescriptors: [{ pattern: "/plain/**" }] });
    const client = await fleet.client(edge);

    expect(await client.ask("/plain/x")).toMatchObject({ data: { message: "/plain/x" } });
    expect(await client.ask("/other")).toMatchObject({ error: { code: "NOT_FOUND" } });
  });
});
