import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { MessageChannel } from "node:worker_threads";
import { Router } from "velaros";
import { json } from "velaros/json";
import { connectClient } from "velaros/testing";
import type { Codec } from "velaros-protocol";
import { jsonCodec } from "velaros-protocol/json";
import { msgpackCodec } from "velaros-protocol/msgpack";
import { protobufCodec } from "velaros-protocol/protobuf";
import { codecContract } from "velaros-protocol/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { router as backPressureRouter } from "../examples/guide/velaros/back-pressure.ts";
import { router as codecsRouter } from "../examples/guide/velaros/codecs.ts";
import { router as contextRouter } from "../examples/guide/velaros/context.ts";
import { answerQuestions } from "../examples/guide/velaros/conversations-client.ts";
import { router as conversationsRouter } from "../examples/guide/velaros/conversations.ts";
import { serveWorker } from "../examples/guide/velaros/custom-connection.ts";
import { createApp as createExpressApp } from "../examples/guide/velaros/express.ts";
import { createApp as createFastifyApp } from "../examples/guide/velaros/fastify.ts";
import { createApp as createHonoApp } from "../examples/guide/velaros/hono.ts";
import { createApp as createPlainApp } from "../examples/guide/velaros/http-server.ts";
import { Room } from "../examples/guide/velaros/lifecycle.ts";
import { serve as serveLimited } from "../examples/guide/velaros/limits.ts";
import { jsonWithDates, router as datesRouter } from "../examples/guide/velaros/own-codec.ts";
import { id, path, router as patternsRouter } from "../examples/guide/velaros/patterns.ts";
import { createRouter as createRoutingRouter } from "../examples/guide/velaros/routing.ts";
import { lockOut, requireAdmin, securityOptions } from "../examples/guide/velaros/security.ts";
import { serveUntil } from "../examples/guide/velaros/shutdown.ts";
import { book, type Client } from "../examples/guide/velaros/typed-client.ts";
import { router as validationRouter } from "../examples/guide/velaros/validation.ts";
import { JsonClient } from "./support/json-client.ts";
import { runGuideProgram } from "./support/run-program.ts";

describe("the router's guide: testing", async () => {
  // The tests of the guide are tests here too.
  await import("../examples/guide/velaros/testing.ts");
});

test("the router's guide: a first router answers", async () => {
  const program = runGuideProgram("examples/guide/velaros/first-router.ts", { PORT: "0" });
  await expect.poll(program.output, { timeout: 20_000 }).toContain("Listening on ");
  await using client = await JsonClient.connect(/Listening on (\S+)/.exec(program.output())?.[1] ?? "");

  expect((await client.ask("/hello/Ada")).data).toEqual({ text: "Hello, Ada!" });
  program.process.kill("SIGINT");
  expect(await program.exited).toBe(0);
});

test("the router's guide: routing", async () => {
  const lines: string[] = [];
  const router = createRoutingRouter((line) => lines.push(line));
  await using client = connectClient(router);
  await using admin = connectClient(router, { trusted: { role: "admin" } });

  const answers = [
    await client.request("/users/ada/posts"),
    await client.request("/users/ada/posts/7"),
    await client.request("/people/ada"),
    await client.request("/users/ada/posts/first"),
    await client.request("/admin/restart"),
    await admin.request("/admin/restart"),
  ];

  expect(answers.map(({ data, error }) => error?.code ?? data)).toEqual([
    { postsOf: "ada" },
    { post: 7, by: "ada" },
    { user: "ada" },
    { nothingAt: "/users/ada/posts/first" },
    "FORBIDDEN",
    { restarting: true },
  ]);
  expect(lines).toContain("/admin/restart failed");
  expect(lines).toContain("/users/ada ok");
});

test("the router's guide: patterns", async () => {
  await using client = connectClient(patternsRouter);

  expect((await client.request("/orders/7")).data).toEqual({ order: 7 });
  expect((await client.request("/orders/seven")).error?.code).toBe("NOT_FOUND");
  expect((await client.request("/search")).data).toEqual({ term: "" });
  expect((await client.request("/files/a/b.txt")).data).toEqual({ path: "a/b.txt" });
  expect((await client.request("/static/a/b")).data).toEqual({ path: "/static/a/b" });
  expect([id, path]).toEqual(["7", "/users/8/profile"]);
});

test("the router's guide: context", async () => {
  await using client = connectClient(contextRouter);

  expect(await client.request("/me")).toMatchObject({ status: 401, error: { code: "FORBIDDEN" } });
  expect((await client.request("/login", {})).data).toMatchObject({ fields: [{ username: "is missing" }] });
  expect((await client.request("/login", { username: "ada" })).data).toEqual({ welcome: "ada" });
  expect((await client.request("/me")).data).toEqual({ username: "ada", age: expect.any(Number) });
  client.send({ id: "c", path: "/countdown" });
  await expect.poll(() => client.received.length).toBe(4);
  expect(client.received.map(({ id: ofAnswer, data }) => [ofAnswer, data])).toEqual([
    ["c", { left: 3 }],
    ["c", { left: 2 }],
    ["c", { left: 1 }],
    [undefined, { text: "Lift-off" }],
  ]);
});

test("the router's guide: conversations", async () => {
  await using client = connectClient(conversationsRouter);

  client.send({ id: "1", path: "/basket", data: { name: "bread" } });
  expect(await client.receive()).toEqual({ id: "1", data: { soFar: 1 } });
  client.send({ id: "1", data: { name: "milk", last: true } });
  expect(await client.receive()).toEqual({ id: "1", data: { bought: ["bread", "milk"] } });
  expect((await client.request("/quiz")).data).toEqual({ right: false, tooLate: true });
  expect(await client.receive()).toMatchObject({ path: "/quiz", data: { message: "2 + 2?" } });
});

test("the router's guide: a client that answers questions", async () => {
  const listening = await conversationsRouter.listen({ port: 0 });
  onTestFinished(() => listening.close({ graceMs: 0 }));
  const ws = new WebSocket(listening.url);
  await once(ws, "open");
  // The interface is the browser's.
  answerQuestions(ws as unknown as globalThis.WebSocket, (question) => question !== undefined);
  const answered = new Promise((resolve) => {
    ws.on("message", (bytes) => {
      const message = JSON.parse(String(bytes)) as { readonly path?: string };
      if (message.path === undefined) resolve(message);
    });
  });

  ws.send(JSON.stringify({ id: "1", path: "/delete" }));

  expect(await answered).toEqual({ id: "1", data: { deleted: true } });
  ws.terminate();
});

test("the router's guide: lifecycle", async () => {
  const room = new Room();
  await using ada = connectClient(room.router);
  const grace = connectClient(room.router);
  expect([(await ada.receive()).data, (await grace.receive()).data]).toEqual([
    { welcome: 1 },
    { welcome: 2 },
  ]);

  grace.send({ path: "/leave" });

  expect(await grace.closed).toEqual({ status: 4000, reason: "bye", source: "server" });
  expect(await ada.receive()).toMatchObject({
    path: "/room",
    data: { left: grace.connection.inlet.socketId, status: 4000, reason: "bye", by: "server" },
  });
});

test("the router's guide: stopping", async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const ended = serveUntil(stop.signal, new Router().use(json()), (line: string) => lines.push(line));
  await expect.poll(() => lines).toHaveLength(1);
  await using client = await JsonClient.connect(lines[0]?.split(" ").at(-1) ?? "");

  stop.abort();
  await ended;

  await expect.poll(() => client.ended?.code).toBe(1001);
});

test.each<Codec>([jsonCodec, msgpackCodec, protobufCodec])(
  "the router's guide: a client may speak $name",
  async (codec) => {
    await using client = connectClient(codecsRouter, { codec });

    const { data } = await client.request("/encoding");

    expect(data instanceof Uint8Array ? new TextDecoder().decode(data) : data).toEqual(
      codec === protobufCodec ? codec.name : { name: codec.name },
    );
  },
);

describe("the router's guide: an encoding of one's own", () => {
  const unencodable: Record<string, unknown> = {};
  unencodable["self"] = unencodable;
  const data = [{ at: new Date(0).toJSON().slice(0, 10) }, [1, "two", null]];
  test.for(codecContract(jsonWithDates, { data, unencodable, body: "text" }))("$name", ({ run }) => run());

  test("works in a router", async () => {
    await using client = connectClient(datesRouter, { codec: jsonWithDates });

    expect((await client.request("/year", new Date(0))).data).toEqual({ year: 1970 });
  });
});

test("the router's guide: validation, and a client that is typed by the router", async () => {
  await using connected = connectClient(validationRouter);
  const client = {
    async call(pattern: string, input: unknown, params: Readonly<Record<string, string>> = {}) {
      const filled = pattern.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? "");
      return (await connected.request(filled, input)).data;
    },
  };

  expect(await book(client as Client)).toBe(3);
  expect(await connected.request("/tables/3/book", { guests: 99, date: "soon" })).toMatchObject({
    error: { code: "VALIDATION_FAILED", details: { fields: [{ guests: /./ }, { date: /./ }].map(anyText) } },
  });
});

test.each([
  ["node:http", createPlainApp],
  ["Express", createExpressApp],
  ["Hono", createHonoApp],
  ["Fastify", createFastifyApp],
])("the router's guide: beside %s", async (_, createApp) => {
  const app = createApp(new Router().use(json()).bind("/x", () => "socket"));
  const server = "server" in app ? app.server : app;
  if ("ready" in app) await app.ready();
  const port = await listenOn(server);

  expect(await (await fetch(`http://127.0.0.1:${port}/hello`)).text()).toContain("hello");
  await using client = await JsonClient.connect(`ws://127.0.0.1:${port}/ws`);
  expect((await client.ask("/x")).data).toEqual({ message: "socket" });
});

test("the router's guide: limits", async () => {
  const listening = await serveLimited(0);
  onTestFinished(() => listening.close({ graceMs: 0 }));
  await using client = await JsonClient.connect(listening.url);

  expect((await client.ask("/echo", "short")).data).toEqual({ message: "short" });
  client.webSocket.send("x".repeat(65 * 1024));

  await expect.poll(() => client.ended?.code).toBe(1009);
});

test("the router's guide: back-pressure", async () => {
  await using client = connectClient(backPressureRouter);
  client.connection.fallBehind();

  const answer = client.request("/lines", { count: 3 });
  await Promise.resolve();
  expect(client.received).toHaveLength(1);
  client.connection.catchUp();

  expect((await answer).data).toEqual({ sent: 3 });
  expect(client.received.map(({ data }) => data)).toEqual([{ line: 0 }, { line: 1 }, { line: 2 }]);
});

test("the router's guide: security", async () => {
  const router = new Router().use(json());
  requireAdmin(router, (user) => Promise.resolve(user === "ada"));
  router.bind("/admin", (ctx) => [ctx.trusted["user"], ctx.trusted["admin"]]);
  const session = { user: "ada", expiresAtMs: Date.now() + 60_000 };
  const options = securityOptions((token) => Promise.resolve(token === "good" ? session : undefined));
  const listening = await router.listen({ ...options, port: 0 });
  onTestFinished(() => listening.close({ graceMs: 0 }));

  expect(await refusalOf(listening.url, {})).toBe(401);
  expect(await refusalOf(listening.url, { Cookie: "session=bad" })).toBe(401);
  const Cookie = "theme=dark; session=good";
  expect(await refusalOf(listening.url, { Cookie, Origin: "https://evil.example" })).toBe(403);
  const ws = new WebSocket(listening.url, { headers: { Cookie, Origin: "https://app.example.com" } });
  await once(ws, "open");
  ws.send('{"id":"1","path":"/admin"}');
  const [answer] = (await once(ws, "message")) as [Buffer];
  expect(JSON.parse(answer.toString())).toEqual({ id: "1", data: ["ada", true] });
  const closed = once(ws, "close");

  expect(lockOut(listening, "ada")).toBe(1);

  const [code, reason] = (await closed) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([4403, "account locked"]);
});

test("the router's guide: a custom connection", async () => {
  const endings: unknown[] = [];
  const router = new Router()
    .use(json())
    .useClose((ctx) => void endings.push(ctx.closeStatus().status))
    .bind("/x", (ctx) => ({ from: ctx.remoteAddress }));
  const { port1, port2 } = new MessageChannel();

  const served = serveWorker(router, port1);
  port2.postMessage('{"id":"1","path":"/x"}');
  const [answer] = (await once(port2, "message")) as [string];
  port2.close();
  await served;

  expect(JSON.parse(answer)).toEqual({ id: "1", data: { from: "worker" } });
  expect(endings).toEqual([1006]);
});

function anyText(field: object): object {
  return Object.fromEntries(Object.keys(field).map((name) => [name, expect.any(String)]));
}

/** The status of the answer to an upgrade request that is refused. */
async function refusalOf(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const ws = new WebSocket(url, { headers });
  const [, response] = (await once(ws, "unexpected-response")) as [unknown, { readonly statusCode: number }];
  ws.on("error", () => {});
  ws.terminate();
  return response.statusCode;
}

async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
