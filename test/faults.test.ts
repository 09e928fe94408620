import { once } from "node:events";
import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Router, nodeRuntime } from "velaros";
import { json } from "velaros/json";
import { decode, encode, msgpack } from "velaros/msgpack";
import { expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { Fleet, jsonRouter } from "./support/fleet.ts";
import { RewritingTransport } from "./support/rewriting-transport.ts";

function newFleet(): Fleet {
  const bus = new LocalTransport();
  return new Fleet(() => Promise.resolve(bus));
}

test("text on a socket that speaks MessagePack is BAD_MESSAGE, binary on one that speaks JSON is JSON [fault:C19]", async () => {
  await using listening = await new Router({ onError: () => undefined })
    .use(json())
    .use(msgpack())
    .publicBind("/hello", (ctx) => ctx.reply("hello"))
    .listen({ port: 0 });
  const message = { id: "1", path: "/hello" };

  const packed = new WebSocket(listening.url, "velaros-msgpack");
  await once(packed, "open");
  packed.send(JSON.stringify(message));
  const [refusal, isBinary] = await once(packed, "message");
  packed.send(encode(message));
  const [answer] = await once(packed, "message");

  expect(isBinary).toBe(true);
  expect(decode(refusal)).toMatchObject({ error: { code: "BAD_MESSAGE" } });
  expect(decode(answer)).toMatchObject({ id: "1", data: { message: "hello" } });

  const plain = new WebSocket(listening.url, "velaros-json");
  await once(plain, "open");
  plain.send(Buffer.from(JSON.stringify(message)));
  const [text] = await once(plain, "message");
  expect(JSON.parse(text.toString())).toMatchObject({ id: "1", data: { message: "hello" } });
  packed.terminate();
  plain.terminate();
});

test("ids come from a cryptographic source, so that no two instances or sockets share one and nobody guesses one [fault:S4 fault:T4]", () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  try {
    const transport = new LocalTransport();
    const services = Array.from({ length: 100 }, () => new Service("api", transport, new Router()).id);
    const gateways = Array.from({ length: 100 }, () => new Gateway("gateway", transport).id);
    const sockets = Array.from({ length: 10_000 }, () => nodeRuntime.randomUuid());

    expect(new Set([...services, ...gateways]).size).toBe(200);
    expect(new Set(sockets).size).toBe(10_000);
    // 36 characters of choice each: more than 128 bits.
    for (const id of [...services, ...gateways]) expect(id).toMatch(/^[a-z0-9]{32}$/);
  } finally {
    vi.restoreAllMocks();
  }
});

test("what a service says to a socket that it does not hold reaches nobody, and is an event [fault:S5]", async () => {
  const bus = new LocalTransport();
  await using fleet = new Fleet(() => Promise.resolve(bus));
  const edge = await fleet.edge();
  const answers = jsonRouter().publicBind("/honest", (ctx) => ctx.reply("honest"));
  await fleet.service("honest", answers);
  const rogueBus = new RewritingTransport(bus, (frame) =>
    frame["type"] === "output" ? { ...frame, pin: 77 } : frame,
  );
  const rogueRouter = jsonRouter().publicBind("/rogue", (ctx) => ctx.reply("to somebody else"));
  await using rogue = new Service("rogue", rogueBus, rogueRouter, { drainTimeoutMs: 0 });
  await rogue.start();
  const [one, other] = await Promise.all([fleet.client(edge), fleet.client(edge)]);
  await other.ask("/honest");

  one.send({ id: "1", path: "/rogue" });

  const isDropped = (event: (typeof edge.events)[number]): boolean =>
    event.type === "output-dropped" && event.cause === "foreign-pin" && event.service === "rogue";
  await expect.poll(() => edge.events.some(isDropped)).toBe(true);
  await Promise.all([one, other].map((client) => client.ask("/honest")));
  expect(JSON.stringify([...one.received, ...other.received])).not.toContain("somebody else");
});

test("a handler that throws, rejects late, blocks the process or lets a promise fall is answered, and the next is served [fault:S6]", async () => {
  await using fleet = newFleet();
  const edge = await fleet.edge();
  const router = jsonRouter()
    .publicBind("/throws", () => {
      throw new Error("at once");
    })
    .publicBind("/rejects", async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error("late");
    })
    .publicBind("/throws-nothing", () => {
      // oxlint-disable-next-line no-throw-literal, only-throw-error -- what others write
      throw undefined;
    })
    .publicBind("/blocks", (ctx) => {
      const until = performance.now() + 200;
      while (performance.now() < until);
      return ctx.reply("done");
    })
    .publicBind("/forgets", (ctx) => {
      void ctx.reply(1n).catch(() => undefined);
    });
  await fleet.service("api", router);
  const client = await fleet.client(edge);

  for (const path of ["/throws", "/rejects", "/throws-nothing"]) {
    expect(await client.ask(path), path).toMatchObject({ error: { code: "INTERNAL" } });
  }
  expect(await client.ask("/forgets")).toMatchObject({ error: { code: "INTERNAL" } });
  expect(await client.ask("/blocks")).toMatchObject({ data: { message: "done" } });
  expect(client.ended).toBeUndefined();
});

test("a close code that must not be sent becomes 1011, and a reason is cut at 123 bytes [fault:S8]", async () => {
  const bus = new LocalTransport();
  await using fleet = new Fleet(() => Promise.resolve(bus));
  const edge = await fleet.edge();
  let status: unknown = 1006;
  const rogueBus = new RewritingTransport(bus, (frame) =>
    frame["type"] === "close" ? { ...frame, status, reason: "ä".repeat(100) } : frame,
  );
  const router = jsonRouter().publicBind("/leave", (ctx) => ctx.socket.close(4000, "bye"));
  await using rogue = new Service("rogue", rogueBus, router, { drainTimeoutMs: 0 });
  await rogue.start();

  for (status of [1006, 0, 999, 1005, 1015, 2999, 5000, 70_000]) {
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/leave" });
    expect(await client.closed(), `${String(status)}`).toEqual({ code: 1011, reason: "ä".repeat(61) });
  }
});

test("handlers that block on a hundred sockets hold up no message on another one [fault:S13]", async () => {
  await using fleet = newFleet();
  const edge = await fleet.edge();
  const opened: (() => void)[] = [];
  const router = jsonRouter()
    .publicBind("/block", async (ctx) => {
      await new Promise<void>((resolve) => opened.push(resolve));
      await ctx.reply("released");
    })
    .publicBind("/quick", (ctx) => ctx.reply("quick"));
  await fleet.service("api", router);
  const blocked = await fleet.clients(edge, 100);
  for (const client of blocked) client.send({ id: "1", path: "/block" });
  await expect.poll(() => opened.length).toBe(100);

  const client = await fleet.client(edge);
  expect(await client.ask("/quick")).toMatchObject({ data: { message: "quick" } });

  expect(blocked.every(({ received }) => received.length === 0)).toBe(true);
  for (const release of opened) release();
  await Promise.all(blocked.map((each) => each.reply("1")));
});

test("an exception in middleware of the edge is an error for that message, told to the hook [fault:W4]", async () => {
  const transport = new LocalTransport();
  const told: string[] = [];
  const edge = new Router({ onError: (error) => void told.push(error.message) }).use(json()).use((ctx) => {
    if (ctx.meta("fail") === "now") throw new Error("middleware failed");
    if (ctx.meta("fail") === "later") return Promise.reject(new Error("middleware failed later"));
    return ctx.next();
  });
  const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("hello"));
  await using service = new Service("hello", transport, router, { drainTimeoutMs: 0 });
  await using gateway = new Gateway("gateway", transport, { drainTimeoutMs: 0 });
  edge.use(gateway);
  await service.start();
  await gateway.start();
  await using listening = await edge.listen({ port: 0 });
  const client = new WebSocket(listening.url);
  await once(client, "open");

  for (const [fail, expected] of [
    ["now", { error: { code: "INTERNAL" } }],
    ["later", { error: { code: "INTERNAL" } }],
    ["never", { data: { message: "hello" } }],
  ] as const) {
    client.send(JSON.stringify({ id: fail, path: "/hello", meta: { fail } }));
    const [answer] = await once(client, "message");
    expect(JSON.parse(answer.toString())).toMatchObject({ id: fail, ...expected });
  }

  expect(told).toEqual(["middleware failed", "middleware failed later"]);
  client.terminate();
});

test("a log that fails disturbs nobody [fault:T6]", async () => {
  const broken = (): never => {
    throw new Error("no space left on device");
  };
  const logger = { warn: broken, error: broken };
  const router = new Router({ logger })
    .use(json())
    .publicBind("/fail", () => {
      throw new Error("failed");
    })
    .publicBind("/hello", (ctx) => ctx.reply("hello"));
  await using listening = await router.listen({ port: 0, logger });
  const foreign = new WebSocket(listening.url, { origin: "https://evil.example" });
  const [, refusal] = await once(foreign, "unexpected-response");
  foreign.on("error", () => undefined); // It was given up before it was open.
  const client = new WebSocket(listening.url);
  await once(client, "open");

  for (const [path, expected] of [
    ["/fail", { error: { code: "INTERNAL" } }],
    ["/hello", { data: { message: "hello" } }],
  ] as const) {
    client.send(JSON.stringify({ id: path, path }));
    const [answer] = await once(client, "message");
    expect(JSON.parse(answer.toString())).toMatchObject({ id: path, ...expected });
  }

  expect(refusal.statusCode).toBe(403);
  foreign.terminate();
  client.terminate();
});
