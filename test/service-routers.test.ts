import { Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { type Context, type ErrorListener, Router, type UnansweredEvent } from "velaros";
import { json } from "velaros/json";
import { expect, test } from "vitest";
import { onEveryBus } from "./support/buses.ts";
import { jsonRouter } from "./support/fleet.ts";

onEveryBus(({ test, newFleet }) => {
  test("a client that is pinned to a narrowed instance gets nothing from it that only another instance announces", async () => {
    const ran: string[] = [];
    const router = (name: string): Router =>
      jsonRouter()
        .publicBind("/a", (ctx) => ctx.reply(name))
        .publicBind("/admin", (ctx) => {
          ran.push(name);
          return ctx.reply(name);
        });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", router("narrowed"), { routeDescriptors: [{ pattern: "/a" }] });
    const client = await fleet.client(edge);
    await client.ask("/a");
    await fleet.service("api", router("whole"));
    await expect.poll(() => edge.gateway.canServePath("/admin"), { interval: 2 }).toBe(true);

    expect(await client.ask("/admin")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(await client.ask("/a")).toMatchObject({ data: { message: "narrowed" } });
    expect(ran).toEqual([]);
  });

  test("routes that are taken away while the service runs are closed to clients that are pinned already", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const router = (): Router =>
      jsonRouter()
        .publicBind("/a", (ctx) => ctx.reply("a"))
        .publicBind("/admin", (ctx) => ctx.reply("admin"));
    const { service } = await fleet.service("api", router());
    const client = await fleet.client(edge);
    await client.ask("/admin");
    await fleet.service("api", router());

    service.routeDescriptors = [{ pattern: "/a" }];
    expect(await client.ask("/admin")).toMatchObject({ error: { code: "NOT_FOUND" } });

    service.routeDescriptors = undefined;
    expect(await client.ask("/admin")).toMatchObject({ data: { message: "admin" } });
  });

  test("a narrowed service without any routes of its own sees no message for other paths, not even undecoded", async () => {
    const seen: string[] = [];
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const handler = (ctx: Context): Promise<void> => {
      seen.push(new TextDecoder().decode(ctx.rawData));
      ctx.setMessageMarshaller(({ id }) => JSON.stringify({ id, data: "raw" }));
      return ctx.reply();
    };
    const { service } = await fleet.service("raw", handler, { routeDescriptors: [{ pattern: "/raw/**" }] });
    const client = await fleet.client(edge);
    client.send({ path: "/raw/1" });
    await expect.poll(() => seen.length, { interval: 2 }).toBe(1);
    // The gateway now sends this path to the service, and so to the instance that the client is pinned to.
    await fleet.service("raw", () => undefined, { routeDescriptors: [{ pattern: "/other" }] });
    await expect.poll(() => edge.gateway.canServePath("/other"), { interval: 2 }).toBe(true);

    client.send({ path: "/other" });
    client.send({ path: "/raw/2" });
    await expect.poll(() => seen.length, { interval: 2 }).toBe(2);

    expect(seen.join()).not.toContain("/other");
    expect(service.routeDescriptors).toEqual([{ pattern: "/raw/**" }]);
  });

  test("a service with options of its own leaves those of its router in force", async () => {
    const unanswered: UnansweredEvent[] = [];
    const toRouter: unknown[] = [];
    const toService: string[] = [];
    const onError: ErrorListener = (error, context) => void toRouter.push([error.message, context?.path]);
    const router = new Router({
      onError,
      onUnanswered: (event) => unanswered.push(event),
      unanswered: "ignore",
      requestTimeoutMs: 20,
    })
      .use(json())
      .publicBind("/fails", () => {
        throw new Error("broken");
      })
      .publicBind("/asks", async (ctx) =>
        ctx.request("?").catch((error: unknown) => ({ code: (error as { code: string }).code })),
      );
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const { service } = await fleet.service("api", router, {
      onError: (error) => void toService.push(error.message),
      routeDescriptors: [{ pattern: "/fails" }, { pattern: "/asks" }, { pattern: "/gone" }],
    });
    const client = await fleet.client(edge);

    client.send({ id: "1", path: "/asks" });
    const answer = await client.find(({ id, path }) => id === "1" && path === undefined);
    expect(answer).toMatchObject({ data: { code: "VELAROS_REQUEST_TIMEOUT" } });
    client.send({ id: "2", path: "/gone" });
    client.send({ id: "3", path: "/fails" });
    service.routeDescriptors = [{ pattern: "/fails" }, { pattern: "/asks" }];
    client.send({ id: "4", path: "/fails" });
    await expect.poll(() => toService, { interval: 2 }).toEqual(["broken", "broken"]);

    expect(toRouter).toEqual([
      ["broken", "/fails"],
      ["broken", "/fails"],
    ]);
    expect(unanswered.map(({ code, path }) => [code, path])).toEqual([["NOT_FOUND", "/gone"]]);
    expect(client.received.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  test("errors of a service go to the log of its router when nobody listens, and name the path", async () => {
    const lines: unknown[] = [];
    const logger = {
      warn: (): void => undefined,
      error: ({ path }: Readonly<Record<string, unknown>>, message: string) =>
        void lines.push([path, message]),
    };
    const router = new Router({ logger }).use(json()).publicBind("/fails", () => {
      throw new Error("broken");
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", router, { routeDescriptors: [{ pattern: "/fails" }] });
    const client = await fleet.client(edge);

    expect(await client.ask("/fails")).toMatchObject({ error: { code: "INTERNAL" } });
    expect(lines).toEqual([["/fails", "A handler failed."]]);
  });
});

test("the list of routes that a service was given is copied, and what it hands out can't be changed", () => {
  const first = { pattern: "/a" };
  const routes = [first];
  const service = new Service("api", new LocalTransport(), new Router(), { routeDescriptors: routes });

  routes.push({ pattern: "/b" });
  first.pattern = "/c";

  expect(service.routeDescriptors).toEqual([{ pattern: "/a" }]);
  expect(() => (service.routeDescriptors as unknown[]).push({ pattern: "/b" })).toThrow(TypeError);
  expect(() => Object.assign(service.routeDescriptors[0] ?? {}, { pattern: "/b" })).toThrow(TypeError);
});
