import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { jsonRouter } from "../support/fleet.ts";
import type { JsonClient } from "../support/json-client.ts";
import { onEveryBus } from "../support/buses.ts";
import { expectSignals, Observer } from "../support/signals.ts";

onEveryBus(({ test, newFleet }) => {
  test("text stays text and binary stays binary [claim:101 weakness:W38]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service(
      "echo",
      jsonRouter().publicBind("/echo", (ctx) => ctx.reply("ok")),
    );
    const client = await fleet.client(edge);

    for (const binary of [false, true]) {
      client.webSocket.send(Buffer.from(JSON.stringify({ id: `${binary}`, path: "/echo" })), { binary });
      expect(await client.reply(`${binary}`)).toMatchObject({ binary });
    }
  });

  test("a mebibyte each way arrives unchanged [claim:102]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge({ listen: { maxMessageBytes: 2 * 1024 * 1024 } });
    const router = jsonRouter().publicBind("/echo", async (ctx) =>
      ctx.reply({ back: await ctx.receive<string>() }),
    );
    await fleet.service("echo", router);
    const client = await fleet.client(edge);
    const large = "0123456789abcdef".repeat(65_536);

    const { data } = await client.ask("/echo", large);

    expect((data as { back: string }).back === large).toBe(true);
  });

  test("500 messages of a client are handled in the order they were sent [claim:104 weakness:W9]", async () => {
    const seen: number[] = [];
    const router = jsonRouter().publicBind("/count", async (ctx) => {
      const number = ctx.unmarshal<number>();
      seen.push(number);
      await new Promise((resolve) => setImmediate(resolve));
      await ctx.reply(number);
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("count", router);
    const client = await fleet.client(edge);

    const numbers = Array.from({ length: 500 }, (_, index) => index);
    for (const number of numbers) client.send({ id: `${number}`, path: "/count", data: number });
    await client.reply("499");

    expect(seen).toEqual(numbers);
  });

  test("metadata reaches the service; what the gateway says of it can't be overridden [claim:105 claim:106 weakness:W3]", async () => {
    const router = jsonRouter().publicBind("/meta", (ctx) =>
      ctx.reply({ k: ctx.meta("k"), userId: ctx.meta("userId"), trusted: { ...ctx.trusted } }),
    );
    await using fleet = newFleet();
    const edge = await fleet.edge({
      before: (edgeRouter) =>
        edgeRouter
          .useOpen((ctx) => ctx.setTrusted("tenant", "acme"))
          .use((ctx) => {
            ctx.setTrusted("userId", "u1");
            return ctx.next();
          }),
    });
    await fleet.service("meta", router);
    const client = await fleet.client(edge);

    client.send({ id: "1", path: "/meta", meta: { k: "v", userId: "forged", tenant: "forged" } });

    expect(await client.reply("1")).toMatchObject({
      data: { k: "v", userId: "u1", trusted: { userId: "u1", tenant: "acme" } },
    });
  });

  test("path, data and metadata that middleware at the edge replaced are what the service sees [claim:107 weakness:W21]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge({
      before: (edgeRouter) =>
        edgeRouter.use("/v1", (ctx) => {
          ctx.setMessagePath(ctx.path.slice("/v1".length));
          ctx.setMessageData(Buffer.from('{"replaced":true}'));
          ctx.setMessageMeta({ from: "edge" });
          return ctx.next();
        }),
    });
    const router = jsonRouter().publicBind("/x", async (ctx) =>
      ctx.reply({
        path: ctx.path,
        data: await ctx.receive(),
        from: ctx.meta("from"),
        client: ctx.meta("client") ?? null,
      }),
    );
    await fleet.service("x", router);
    const client = await fleet.client(edge);

    client.send({ id: "1", path: "/v1/x", data: { replaced: false }, meta: { client: "says" } });

    expect(await client.reply("1")).toMatchObject({
      data: { path: "/x", data: { replaced: true }, from: "edge", client: null },
    });
  });

  test("an id may be used again and again [claim:108 weakness:W10]", async () => {
    let runs = 0;
    const router = jsonRouter().publicBind("/again", (ctx) => ctx.reply(++runs));
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("again", router);
    const client = await fleet.client(edge);

    for (let count = 0; count < 3; count++) client.send({ id: "1", path: "/again" });
    await expect.poll(() => client.received.length).toBe(3);

    expect(client.received.map(({ raw }) => raw)).toEqual([1, 2, 3].map((run) => `{"id":"1","data":${run}}`));
  });

  test("broken payloads harm nobody [claim:109]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service(
      "echo",
      jsonRouter().publicBind("/echo", (ctx) => ctx.reply("ok")),
    );
    const client = await fleet.client(edge);

    for (const broken of ["{", "", "[]", "null", '{"path":1}', '{"id":{}}', Buffer.from([0xff, 0xfe])]) {
      client.webSocket.send(broken);
    }

    expect(await client.ask("/echo")).toMatchObject({ data: { message: "ok" } });
    for (const { error } of client.received.slice(0, -1)) expect(error?.code).toBe("BAD_MESSAGE");
  });

  test("garbage among the announcements is reported and ignored [claim:110 weakness:W7]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const problems: unknown[] = [];
    const { service } = await fleet.service(
      "echo",
      jsonRouter().publicBind("/echo", (ctx) => ctx.reply("ok")),
    );
    const [atGateway, atService] = [new Observer(edge.gateway), new Observer(service)];
    service.onEvent((event) => {
      if (event.type === "announcement-refused") problems.push(event);
    });

    const bus = await fleet.connect();
    const text = new TextEncoder();
    for (const payload of [text.encode("{}"), text.encode('{"routes":[null]}'), new Uint8Array([0xc1])]) {
      bus.publish("eurus.v1.announce.svc.evil.x1", payload);
      bus.publish("eurus.v1.announce.gw.evil.x1", payload);
    }
    await expect.poll(() => problems.length).toBe(3);

    const client = await fleet.client(edge);
    expect(await client.ask("/echo")).toMatchObject({ data: { message: "ok" } });
    await expectSignals("Announcements that cannot be read", {
      clients: client.codes,
      gateways: [atGateway],
      services: [atService],
    });
  });

  interface PatternCase {
    readonly pattern: string;
    readonly path: string;
    readonly match?: boolean;
    readonly error?: boolean;
    readonly params?: Readonly<Record<string, string>>;
  }

  test("patterns match at the gateway as they do in the service [claim:117]", async () => {
    const file = new URL("../../packages/velaros/vectors/pattern-vectors.json", import.meta.url);
    const cases: readonly PatternCase[] = JSON.parse(readFileSync(file, "utf8"));
    const usable = cases.filter(
      ({ match, error, path }) =>
        match === true &&
        error !== true &&
        /^(\/[A-Za-z0-9_.-]+)+$/u.test(path) &&
        !/\/\.\.?(\/|$)/u.test(path),
    );
    await using fleet = newFleet();
    const edge = await fleet.edge();
    expect(usable.length).toBeGreaterThan(50);

    for (const pattern of new Set(usable.map((one) => one.pattern))) {
      const router = jsonRouter().publicBind(pattern, (ctx) =>
        ctx.reply({ params: Object.fromEntries(Object.entries(ctx.params)) }),
      );
      const { service } = await fleet.service("patterns", router, { drainTimeoutMs: 0 });
      const client = await fleet.client(edge);
      for (const { path, params } of usable.filter((one) => one.pattern === pattern)) {
        expect(await client.ask(path), `${pattern} ${path}`).toMatchObject({
          data: { params: params ?? {} },
        });
      }
      await client[Symbol.asyncDispose]();
      await service.stop();
    }
  });

  test("public routes of nested routers are announced and reached with their prefix [claim:118]", async () => {
    const nested = jsonRouter().publicBind("/users", (ctx) => ctx.reply("users"));
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", jsonRouter().use("/api", nested));
    const client = await fleet.client(edge);

    expect(edge.gateway.services()[0]?.routes).toEqual(["/api/users"]);
    expect(await client.ask("/api/users")).toMatchObject({ data: { message: "users" } });
  });

  test("of two services with one route the same always answers, and the conflict is an event [claim:119 weakness:W15 fault:R1]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const gateway = new Observer(edge.gateway);
    for (const name of ["first", "second"]) {
      await fleet.service(
        name,
        jsonRouter().publicBind("/same", (ctx) => ctx.reply(name)),
      );
    }

    const answers = new Set<unknown>();
    for (const client of await fleet.clients(edge, 10)) {
      for (let count = 0; count < 10; count++) answers.add(JSON.stringify((await client.ask("/same")).data));
    }

    expect([...answers]).toEqual(['{"message":"first"}']);
    expect(edge.events.find((event) => event.type === "route-conflict")).toMatchObject({
      pattern: "/same",
      owner: "first",
    });
    await expectSignals("Two services announce the same route", { gateways: [gateway] });
  });

  test("the more specific route wins, whoever came first [weakness:W15]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    for (const [name, pattern] of [
      ["wild", "/a/**"],
      ["named", "/a/:x"],
      ["static", "/a/b"],
    ] as const) {
      await fleet.service(
        name,
        jsonRouter().publicBind(pattern, (ctx) => ctx.reply(name)),
      );
    }
    const client = await fleet.client(edge);

    for (const [path, name] of [
      ["/a/b", "static"],
      ["/a/c", "named"],
      ["/a/b/c", "wild"],
    ] as const) {
      expect(await client.ask(path)).toMatchObject({ data: { message: name } });
    }
  });

  test("a throwing handler fails alone and is reported [claim:111]", async () => {
    const errors: string[] = [];
    const router = jsonRouter()
      .publicBind("/fail", () => {
        throw new Error("broken");
      })
      .publicBind("/fine", (ctx) => ctx.reply("ok"));
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", router, { onError: (error) => errors.push(error.message) });
    const clients: JsonClient[] = await fleet.clients(edge, 2);

    for (const client of clients) {
      expect(await client.ask("/fail")).toMatchObject({ error: { code: "INTERNAL" } });
      expect(await client.ask("/fine")).toMatchObject({ data: { message: "ok" } });
    }
    expect(errors).toEqual(["broken", "broken"]);
  });

  test("an unstarted gateway passes everything on [claim:124]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge({
      start: false,
      after: (router) => router.bind("/local", (ctx) => ctx.reply("here")),
    });
    const client = await fleet.client(edge);

    expect(await client.ask("/local")).toMatchObject({ data: { message: "here" } });
    // Not NOT_FOUND, which says that it is never sent again: nobody knows yet who serves what.
    expect(await client.ask("/chat")).toMatchObject({
      error: { code: "SERVICE_UNAVAILABLE", retryAfterMs: 1_000 },
    });
    expect(edge.gateway.canServePath("/chat")).toBe(false);
  });

  test("twelve services of three instances behind one connection [claim:126]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const names = Array.from({ length: 12 }, (_, index) => `service-${index}`);
    for (const name of names) {
      for (const instance of [1, 2, 3]) {
        await fleet.service(
          name,
          jsonRouter().publicBind(`/${name}/who`, (ctx) => ctx.reply(instance)),
        );
      }
    }
    const heavy = await fleet.client(edge);

    for (const name of names) expect((await heavy.ask(`/${name}/who`)).error).toBeUndefined();
    for (const [index, client] of (await fleet.clients(edge, 95)).entries()) {
      const name = names[index % names.length];
      expect((await client.ask(`/${name}/who`)).error).toBeUndefined();
    }

    expect(edge.gateway.sockets().find(({ pins }) => pins.length > 1)?.pins).toHaveLength(12);
    const pins = edge.gateway.services().map((instance) => instance.pins);
    expect(pins).toHaveLength(36);
    // A heartbeat that leaves just when its instance accepts a client counts that one twice until the next.
    expect(Math.max(...pins) - Math.min(...pins)).toBeLessThanOrEqual(2);
  });

  test("field order and unknown fields don't matter [claim:128]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service(
      "echo",
      jsonRouter().publicBind("/echo", async (ctx) => ctx.reply(await ctx.receive())),
    );
    const client = await fleet.client(edge);

    client.webSocket.send('{"data":{"a":1},"foo":[{"path":"/x"}],"id":"1","path":"/echo"}');

    expect((await client.reply("1")).raw).toBe('{"id":"1","data":{"a":1}}');
  });

  test("a path that is not canonical is refused before anything sees it [fault:R3]", async () => {
    let runs = 0;
    const router = jsonRouter().publicBind("/api/**", () => {
      runs++;
    });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service("api", router);
    const client = await fleet.client(edge);

    for (const path of [
      "/api//x",
      "/api/../x",
      "/api/./x",
      "/api/x\\y",
      "/api/x\u0000",
      `/api/${"x".repeat(1_100)}`,
    ]) {
      const { error } = await client.ask(path);
      expect(error?.code).toBe("BAD_PATH");
      expect(error?.message).toMatch(/^The path is not canonical: it /u);
    }
    expect(runs).toBe(0);
  });
});
