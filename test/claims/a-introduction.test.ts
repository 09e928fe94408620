import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router } from "velaros";
import { json } from "velaros/json";
import { expect } from "vitest";
import { jsonRouter } from "../support/fleet.ts";
import { JsonClient } from "../support/json-client.ts";
import { KillableTransport } from "../support/killable-transport.ts";
import { onEveryBus } from "../support/buses.ts";

onEveryBus(({ test, newFleet }) => {
  test("one client connection reaches several services by path [claim:1 claim:3 claim:8 claim:31]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service(
      "chat",
      jsonRouter().publicBind("/chat/**", (ctx) => ctx.reply({ from: "chat" })),
    );
    await fleet.service(
      "users",
      jsonRouter().publicBind("/users/**", (ctx) => ctx.reply({ from: "users" })),
    );
    await fleet.service(
      "posts",
      jsonRouter().publicBind("/posts/**", (ctx) => ctx.reply({ from: "posts" })),
    );
    const client = await fleet.client(edge);

    for (const name of ["chat", "users", "posts"]) {
      expect(await client.ask(`/${name}/anything`)).toMatchObject({ data: { from: name } });
    }

    expect(edge.gateway.sockets()).toHaveLength(1);
    expect(edge.gateway.sockets()[0]?.pins.map((pin) => pin.service)).toEqual(["chat", "users", "posts"]);
  });

  test("answers through the gateway are byte for byte those of the bare router [claim:3 claim:11 claim:101]", async () => {
    const routes = (): Router =>
      jsonRouter()
        .publicBind("/echo", async (ctx) => ctx.reply({ echo: await ctx.receive(), path: ctx.path }))
        .publicBind("/text", (ctx) => ctx.reply("plain"))
        .publicBind("/fail", () => {
          throw new Error("a secret");
        });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("echo", routes());
    const bare = await routes().listen({ port: 0, path: "/ws" });
    const client = await fleet.client(edge);
    await using direct = await JsonClient.connect(bare.url);

    const messages = [
      { id: "1", path: "/echo", data: { text: "ünï 😀", list: [1, null] } },
      { id: "2", path: "/text" },
      { id: "3", path: "/fail" },
      { id: "4", path: "/nowhere" },
      { path: "/echo", data: 1 },
    ];
    for (const message of messages) {
      for (const binary of [false, true]) {
        const count = client.received.length;
        client.webSocket.send(Buffer.from(JSON.stringify(message)), { binary });
        direct.webSocket.send(Buffer.from(JSON.stringify(message)), { binary });
        await expect.poll(() => client.received.length).toBe(count + 1);
        await expect.poll(() => direct.received.length).toBe(count + 1);
      }
    }

    const frames = ({ received }: JsonClient): string[] =>
      received.map(({ raw, binary }) => `${raw} ${binary}`);
    expect(frames(client)).toEqual(frames(direct));
    expect(frames(client).join()).not.toContain("secret");
    await bare.close({ graceMs: 0 });
  });

  test("a service is routable once it has started, without configuration [claim:4 claim:87]", async () => {
    await using fleet = newFleet();
    const { gateway } = await fleet.edge();
    const { service } = await fleet.unstarted(
      "chat",
      jsonRouter().publicBind("/chat/join", () => undefined),
    );

    expect(gateway.canServePath("/chat/join")).toBe(false);
    await service.start();

    expect(gateway.canServePath("/chat/join")).toBe(true);
    expect(gateway.canServePath("/chat/leave")).toBe(false);
  });

  /** A router whose answers name the instance. */
  function named(name: string): Router {
    return jsonRouter().publicBind("/who", (ctx) => ctx.reply(name));
  }

  test("a client stays with one instance [claim:5 claim:89 claim:95]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    for (const name of ["a", "b", "c"]) await fleet.service("who", named(name));
    const client = await fleet.client(edge);

    const answers = new Set<string>();
    for (let count = 0; count < 50; count++)
      answers.add((await client.ask("/who")).raw.replace(/ask-\d+/u, ""));

    expect(answers.size).toBe(1);
  });

  test("new clients go to the instance with the fewest [claim:6 claim:10 claim:127]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const seen = new Map<string, number>();
    for (const name of ["a", "b", "c"]) await fleet.service("who", named(name));

    for (const client of await fleet.clients(edge, 30)) {
      const { data } = await client.ask("/who");
      const { message } = data as { message: string };
      seen.set(message, (seen.get(message) ?? 0) + 1);
    }

    expect(Object.fromEntries(seen)).toEqual({ a: 10, b: 10, c: 10 });
  });

  test("public routes are answered, private ones never run [claim:7 claim:32]", async () => {
    let privateRuns = 0;
    const router = jsonRouter()
      .publicBind("/a", (ctx) => ctx.reply("public"))
      .bind("/b", () => {
        privateRuns++;
      });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("mixed", router);
    const client = await fleet.client(edge);

    expect(await client.ask("/a")).toMatchObject({ data: { message: "public" } });
    expect(await client.ask("/b")).toMatchObject({ error: { code: "NOT_FOUND" } });

    expect(privateRuns).toBe(0);
    expect(edge.gateway.services()[0]?.routes).toEqual(["/a"]);
  });

  test("a transport of somebody's own carries everything [claim:9]", async () => {
    // Every connection of a fleet is such a transport: it implements the public interface and nothing else.
    await using fleet = newFleet();
    expect(await fleet.connect()).toBeInstanceOf(KillableTransport);
    const edge = await fleet.edge();
    for (const name of ["a", "b", "c"]) await fleet.service("who", named(name));
    const client = await fleet.client(edge);

    const first = await client.ask("/who");
    for (let count = 0; count < 20; count++) expect((await client.ask("/who")).data).toEqual(first.data);
  });

  test("two gateways and three instances serve everybody [claim:10]", async () => {
    await using fleet = newFleet();
    const edges = [await fleet.edge({ name: "one" }), await fleet.edge({ name: "two" })];
    for (const name of ["a", "b", "c"]) await fleet.service("who", named(name));

    const seen = new Set<unknown>();
    for (const edge of edges) {
      for (const client of await fleet.clients(edge, 6))
        seen.add(JSON.stringify((await client.ask("/who")).data));
    }

    expect(seen.size).toBe(3);
  });

  test("a standalone router becomes a service as it is [claim:11 claim:2]", async () => {
    const router = jsonRouter()
      .publicBind("/login", async (ctx) => {
        ctx.setOnSocket("user", await ctx.receive());
        await ctx.reply("welcome");
      })
      .publicBind("/me/:detail", (ctx) => ctx.reply({ [ctx.params.detail]: ctx.mustGetFromSocket("user") }));
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const bare = await router.listen({ port: 0, path: "/ws" });
    await fleet.service("users", router);
    await using direct = await JsonClient.connect(bare.url);

    for (const client of [direct, await fleet.client(edge)]) {
      expect(await client.ask("/login", "alice")).toMatchObject({ data: { message: "welcome" } });
      expect(await client.ask("/me/name")).toMatchObject({ data: { name: "alice" } });
    }
    await bare.close({ graceMs: 0 });
  });

  test("twenty fleets in one process leave each other and nothing behind [claim:13 claim:90]", async () => {
    for (let count = 0; count < 20; count++) {
      const transport = new LocalTransport();
      await using gateway = new Gateway("gateway", transport);
      await using service = new Service(
        "service",
        transport,
        new Router().use(json()).publicBind("/x", () => undefined),
      );
      await gateway.start();
      await service.start();

      expect(gateway.canServePath("/x")).toBe(true);
      await service.stop();
      await gateway.stop();
      expect(gateway.canServePath("/x")).toBe(false);
    }
  });
});
