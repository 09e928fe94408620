import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { Gateway, Service } from "eurus";
import type { GatewayOptions } from "eurus";
import { LocalTransport } from "eurus/local";
import { NatsTransport } from "eurus/nats";
import fc from "fast-check";
import { Router } from "velaros";
import { json } from "velaros/json";
import { socketPair } from "velaros/testing";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { onEveryBus } from "./support/buses.ts";
import { Fleet, jsonRouter } from "./support/fleet.ts";
import type { Edge } from "./support/fleet.ts";
import type { JsonClient } from "./support/json-client.ts";
import { handshake, RawClient } from "./support/raw-client.ts";
import { expectSignals, Observer } from "./support/signals.ts";

function newFleet(): Fleet {
  const bus = new LocalTransport();
  return new Fleet(() => Promise.resolve(bus));
}

const factName = fc.constantFrom("user", "role", "tenant", "__proto__", "constructor", "toString", "ä");
const facts = fc
  .array(fc.tuple(factName, fc.string({ maxLength: 5 })), { maxLength: 5 })
  .map((entries) => Object.fromEntries(entries.filter(([name]) => name !== "__proto__")));

test("whatever a client writes, it changes no trusted fact [claim:106 weakness:W3 fault:E3]", async () => {
  await fc.assert(
    fc.asyncProperty(
      facts,
      facts,
      fc.array(fc.tuple(factName, fc.constant("forged")), { minLength: 1, maxLength: 6 }),
      async (ofConnection, ofMessage, forged) => {
        const transport = new LocalTransport();
        const router = new Router().use(json()).publicBind("/who", (ctx) =>
          ctx.reply({
            trusted: { ...ctx.trusted },
            believed: Object.keys({ ...ctx.trusted }).map((key) => [key, ctx.meta(key)]),
          }),
        );
        await using service = new Service("who", transport, router, { drainTimeoutMs: 0 });
        await using gateway = new Gateway("gateway", transport, { drainTimeoutMs: 0 });
        const edge = new Router()
          .use(json())
          .use((ctx) => {
            for (const [key, value] of Object.entries(ofMessage)) ctx.setTrusted(key, value);
            return ctx.next();
          })
          .use(gateway);
        await service.start();
        await gateway.start();
        const pair = socketPair(edge, { trusted: ofConnection });

        // Duplicate keys, so that every reader has its own idea of what is meant.
        const list = (name: string): string =>
          forged.map(([key, value]) => `${JSON.stringify(key.replace("__proto__", name))}:"${value}"`).join();
        const text =
          `{"id":"1","path":"/who","meta":{${list("__proto__")}},` +
          `"trusted":{${list("proto")}},"data":{${list("proto")}}}`;
        pair.inlet.message({ bytes: new TextEncoder().encode(text), type: "text" });
        await expect.poll(() => pair.sent.length, { interval: 1 }).toBe(1);

        const wanted = { ...ofConnection, ...ofMessage };
        const { data } = JSON.parse(textOf(pair.sent[0]?.payload));
        expect(data.trusted).toEqual(wanted);
        expect(Object.fromEntries(data.believed)).toEqual(wanted);
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);

const circular: Record<string, unknown> = {};
circular["self"] = circular;

onEveryBus(({ test, newFleet: fleetOnBus }) => {
  test.each<[string, Record<string, unknown>]>([
    ["a BigInt", { user: 1n }],
    ["a cycle", circular],
    ["a toJSON that makes no object of them", { toJSON: () => 5 }],
    ["a toJSON that makes nothing of them", { toJSON: () => undefined }],
    ["a toJSON that throws", { user: { toJSON: () => JSON.parse("x") as unknown } }],
  ])("facts that are no JSON cost their own message and nobody else anything: %s", async (_what, facts) => {
    await using fleet = fleetOnBus();
    const edge = await fleet.edge({
      listen: { authenticate: ({ headers }) => (headers["x-odd"] === undefined ? {} : facts) },
      before: (router) =>
        void router.use("/odd", (ctx) => {
          for (const [key, value] of Object.entries(facts)) ctx.setTrusted(key, value);
          return ctx.next();
        }),
    });
    await fleet.service(
      "api",
      jsonRouter().publicBind("/**", (ctx) => ctx.reply("here")),
    );
    const neighbour = await fleet.client(edge);
    await neighbour.ask("/before");
    const odd = await fleet.client(edge, { "x-odd": "1" });

    expect(await odd.ask("/of-connection")).toMatchObject({ error: { code: "INTERNAL" } });
    expect(await neighbour.ask("/after")).toMatchObject({ data: { message: "here" } });
    expect(await neighbour.ask("/odd")).toMatchObject({ error: { code: "INTERNAL" } });
    expect(await neighbour.ask("/after")).toMatchObject({ data: { message: "here" } });
    const newcomer = await fleet.client(edge);
    expect(await newcomer.ask("/new")).toMatchObject({ data: { message: "here" } });
    expect([odd.ended, neighbour.ended]).toEqual([undefined, undefined]);
    expect(edge.events.filter(({ type }) => type === "link-lost")).toEqual([]);
  });
});

onEveryBus(({ test, newFleet: fleetOnBus }) => {
  /** A client whose login leaves facts of this size, as JSON. */
  async function clientWithFacts(fleet: Fleet, bytes: number, options: GatewayOptions = {}): Promise<Scene> {
    const errors: Error[] = [];
    const known: unknown[] = [];
    const edge = await fleet.edge({
      options,
      listen: { authenticate: () => ({ groups: "g".repeat(bytes - '{"groups":""}'.length) }) },
      before: (router) => {
        router.onError((error) => errors.push(error));
        router.use("/message", (ctx) => {
          ctx.setTrusted("much", "m".repeat(200_000));
          return ctx.next();
        });
      },
    });
    const router = jsonRouter()
      .useOpen((ctx) => void known.push(JSON.stringify(ctx.trusted).length))
      .publicBind("/**", (ctx) => ctx.reply(String(ctx.trusted["much"] ?? "").length));
    const { service } = await fleet.service("api", router);
    return { edge, errors, known, service, client: await fleet.client(edge, { "User-Agent": "x" }) };
  }

  test("facts up to maxFactsBytes reach a service; larger ones are refused, and why is told, on any bus", async () => {
    await using fleet = fleetOnBus();
    const headers = "user-agentx".length;
    const fits = await clientWithFacts(fleet, 32_768 - headers);
    expect(await fits.client.ask("/any")).toMatchObject({ data: 0 });
    expect(fits.known).toEqual([32_768 - headers]);
    expect(fits.errors).toEqual([]);

    await using otherFleet = fleetOnBus();
    const tooLarge = await clientWithFacts(otherFleet, 32_769 - headers);
    expect(await tooLarge.client.ask("/any")).toMatchObject({ error: { code: "INTERNAL" } });
    expect(tooLarge.known).toEqual([]);
    const details = { service: "api", bytes: 32_769, maxFactsBytes: 32_768 };
    expect(tooLarge.errors).toMatchObject([{ code: "EURUS_FACTS_TOO_LARGE", details }]);
    expect(tooLarge.edge.events.filter(({ type }) => type === "refused")).toMatchObject([
      { path: "/any", service: "api", code: "INTERNAL" },
    ]);
    expect(tooLarge.client.ended).toBeUndefined();
  });

  test("facts that are too large are an error once per connection, and matter only while somebody is there", async () => {
    await using fleet = fleetOnBus();
    const { edge, client, errors, known, service } = await clientWithFacts(fleet, 1_000, {
      maxFactsBytes: 500,
    });
    const atGateway = new Observer(edge.gateway);
    for (let count = 0; count < 3; count++) {
      expect(await client.ask("/any")).toMatchObject({ error: { code: "INTERNAL" } });
    }
    expect(errors).toMatchObject([{ code: "EURUS_FACTS_TOO_LARGE" }]);
    expect(edge.events.filter(({ type }) => type === "refused")).toHaveLength(3);
    await expectSignals("What is known of a client is too large for a service", {
      clients: client.codes,
      gateways: [atGateway],
    });
    const another = await fleet.client(edge);

    await service.stop();
    await expect.poll(() => edge.gateway.services()).toEqual([]);

    expect(await client.ask("/any")).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" } });
    expect(await another.ask("/any")).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE" } });
    expect(errors).toHaveLength(1);
    expect(known).toEqual([]);
  });

  test("the most that maxFactsBytes may allow goes through any bus, and facts of a message are not counted", async () => {
    await using fleet = fleetOnBus();
    const most = 53_248;
    const { client, known } = await clientWithFacts(fleet, most - 100, { maxFactsBytes: most });

    expect(await client.ask("/any")).toMatchObject({ data: 0 });
    expect(await client.ask("/message")).toMatchObject({ data: 200_000 });
    expect(known).toEqual([most - 100]);
  });
});

interface Scene {
  readonly edge: Edge;
  readonly client: JsonClient;
  readonly errors: readonly Error[];
  readonly service: Service;
  /** How large the facts were that the service's open handler saw. */
  readonly known: readonly unknown[];
}

test("a conversation that began on a public route cannot be led to a private one [fault:R4]", async () => {
  await using fleet = newFleet();
  const ranPrivately: string[] = [];
  const edge = await fleet.edge();
  await fleet.service(
    "api",
    jsonRouter()
      .publicBind("/talk", async (ctx) => {
        const first = await ctx.receive<string>();
        const second = await ctx.receive<string>();
        await ctx.reply(`${first} ${second}`);
      })
      .bind("/internal/:rest*", (ctx) => void ranPrivately.push(ctx.path)),
  );
  const client = await fleet.client(edge);

  client.send({ id: "1", path: "/talk", data: "one" });
  client.send({ id: "1", path: "/internal/secrets", data: "forged" });
  client.send({ id: "1", path: "/talk", data: "two" });
  const answers = await client.find((message) => message.id === "1" && message.data !== undefined);
  await client.ask("/talk-ended");

  expect(JSON.stringify(answers.data)).not.toContain("forged");
  expect(ranPrivately).toEqual([]);
});

test("a service that announces more than it has made public opens nothing [fault:R4]", async () => {
  await using fleet = newFleet();
  const ranPrivately: string[] = [];
  const edge = await fleet.edge();
  const router = jsonRouter()
    .publicBind("/open", (ctx) => ctx.reply("public"))
    .bind("/closed", (ctx) => void ranPrivately.push(ctx.path));
  const wider = new Router().publicBind("/**", () => undefined).routeDescriptors();
  await fleet.service("api", router, { routeDescriptors: wider });
  const client = await fleet.client(edge);

  expect(await client.ask("/closed")).toMatchObject({ error: { code: "NOT_FOUND" } });
  expect(ranPrivately).toEqual([]);
});

test("access that is withdrawn closes the sockets of that user, and the services that hold them hear of it", async () => {
  const transport = new LocalTransport();
  const closed: unknown[] = [];
  const router = jsonRouter()
    .useClose((ctx) => void closed.push([ctx.trusted["user"], ctx.closeStatus().status]))
    .publicBind("/hello", (ctx) => ctx.reply("hello"));
  await using service = new Service("hello", transport, router, { drainTimeoutMs: 0 });
  await using gateway = new Gateway("gateway", transport, { drainTimeoutMs: 0 });
  const [atGateway, atService] = [new Observer(gateway), new Observer(service)];
  await service.start();
  await gateway.start();
  await using listening = await jsonRouter()
    .use(gateway)
    .listen({
      port: 0,
      authenticate: ({ headers }) => ({ user: headers["x-user"] }),
    });
  const clients = ["ann", "bob", "ann"].map(
    (user) => new WebSocket(listening.url, { headers: { "x-user": user } }),
  );
  await Promise.all(clients.map((client) => once(client, "open")));
  const codes: number[] = [];
  for (const client of clients) {
    client.on("close", (code: number) => codes.push(code));
    client.send('{"id":"1","path":"/hello"}');
    await once(client, "message");
  }

  const count = listening.closeConnections(({ trusted }) => trusted?.["user"] === "ann", {
    reason: "signed out",
  });

  expect(count).toBe(2);
  await expect
    .poll(() => closed, { interval: 2 })
    .toEqual([
      ["ann", 1008],
      ["ann", 1008],
    ]);
  await expect.poll(() => clients.map(({ readyState }) => readyState), { interval: 2 }).toEqual([3, 1, 3]);
  await expectSignals("A session runs out, or is withdrawn", {
    clients: codes,
    gateways: [atGateway],
    services: [atService],
  });
  clients[1]?.terminate();
});

function textOf(payload: Uint8Array | string | undefined): string {
  return typeof payload === "string" ? payload : new TextDecoder().decode(payload);
}

const secret = "s3cr3t-t0ken";

test("no secret of a request is logged, however it is refused", async () => {
  const lines: string[] = [];
  const keep = (details: unknown, message: string): void => {
    lines.push(`${message} ${inspect(details, { depth: 10, showHidden: true })}`);
  };
  const logger = { warn: keep, error: keep };
  const router = new Router({ logger })
    .use(json())
    .useOpen(() => {
      throw new Error("open failed");
    })
    .publicBind("/fail", () => {
      throw new Error("handler failed");
    });
  const server = createServer().listen(0, "127.0.0.1");
  const attachment = router.attach(server, {
    path: "/ws",
    logger,
    maxConnections: 1,
    authenticate: (request) => {
      if (request.headers["x-mode"] === "throw") throw new Error("no database");
      return request.headers["x-mode"] === "refuse" ? false : {};
    },
  });
  // A server whose upgrades nobody takes hands them to the request handler, which complains.
  const deaf = createServer((request, response) => router.handleRequest(request, response));
  deaf.listen(0, "127.0.0.1");
  for (const each of [server, deaf]) if (!each.listening) await once(each, "listening");
  onTestFinished(async () => {
    await attachment.close({ graceMs: 0 });
    server.close();
    deaf.close();
  });
  const headers = { Authorization: `Bearer ${secret}`, Cookie: `session=${secret}` };
  const requests: [Record<string, string | undefined>, string?][] = [
    [{ "Sec-WebSocket-Version": "8" }],
    [{ "Sec-WebSocket-Key": undefined }],
    [{ Origin: "https://evil.example" }],
    [{ "Sec-WebSocket-Protocol": "soap" }],
    [{ "X-Mode": "throw" }],
    [{ "X-Mode": "refuse" }],
    [{}, `/other?token=${secret}`],
    [{}],
    [{}], // one more than there may be
  ];

  for (const [more, target = `/ws?token=${secret}`] of requests) {
    const client = await RawClient.connect((server.address() as AddressInfo).port);
    onTestFinished(() => void client.socket.destroy());
    client.socket.write(handshake({ ...headers, ...more }, `GET ${target} HTTP/1.1`));
    await client.until(() => client.response !== undefined);
    if (client.response?.startsWith("HTTP/1.1 101") === true) client.text('{"id":"1","path":"/fail"}');
    else await client.until(() => client.ended);
    expect(`${client.response}${client.rest}`).not.toContain(secret);
  }
  const { port } = deaf.address() as AddressInfo;
  const client = await RawClient.connect(port);
  client.socket.write(handshake(headers, `GET /ws?token=${secret} HTTP/1.1`));
  await client.until(() => client.response !== undefined);
  client.socket.destroy();

  await expect.poll(() => lines.length, { interval: 2 }).toBeGreaterThanOrEqual(4);
  expect(lines.join("\n")).not.toContain(secret);
});

test("a password in the address of NATS is in no error", async () => {
  const servers = `nats://ann:${secret}@127.0.0.1:1`;
  const failed = await NatsTransport.connect({ servers, user: "ann", pass: secret }).catch(
    (error: unknown) => error,
  );

  expect(failed).toBeInstanceOf(Error);
  expect(inspect(failed, { depth: 10, showHidden: true })).not.toContain(secret);
});
