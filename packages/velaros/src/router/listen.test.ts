import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { Router } from "../index.ts";
import { json } from "../json.ts";

/** Connects, sends one message, and returns what came until the connection ended. */
async function talk(
  url: string,
  message: string,
  options: object = {},
): Promise<{ received: string[]; code: number; reason: string }> {
  const socket = new WebSocket(url, options);
  const received: string[] = [];
  socket.on("message", (bytes: Buffer) => received.push(bytes.toString()));
  await once(socket, "open");
  socket.send(message);
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return { received, code, reason: reason.toString() };
}

test("a router listens, answers, and delivers farewell, status and reason of a close [quirk:Q26]", async () => {
  const router = new Router()
    .use(json())
    .bind("/x", async (ctx) => {
      await ctx.reply("hello");
      ctx.closeWithStatus(4001, "enough");
    })
    .useClose((ctx) => ctx.push("farewell"));
  await using listening = await router.listen({ port: 0, path: "/ws" });

  expect(await talk(listening.url, '{"id":"1","path":"/x"}')).toEqual({
    received: ['{"id":"1","data":{"message":"hello"}}', '{"data":{"message":"farewell"}}'],
    code: 4001,
    reason: "enough",
  });
});

test("a message above the limit closes with 1009 and runs the close handlers once [quirk:Q25]", async () => {
  const closes: number[] = [];
  const router = new Router()
    .use(json())
    .useClose((ctx) => void closes.push(ctx.closeStatus().status))
    .setMaxReadMessageSize(0)
    .setMaxReadMessageSize(64);
  await using listening = await router.listen({ port: 0 });

  expect(await talk(listening.url, "x".repeat(65))).toMatchObject({ code: 1009 });
  await expect.poll(() => closes).toEqual([1009]);
});

test("the setters of origins and pings are options of the endpoints that are opened later", async () => {
  const router = new Router({ logger: { warn() {}, error() {} } })
    .use(json())
    .setOrigins(["https://*.example.com"])
    .setPingInterval(20)
    .setPingTimeout(0);
  await using listening = await router.listen({ port: 0 });

  const allowed = new WebSocket(listening.url, { origin: "https://app.example.com" });
  await once(allowed, "ping");
  allowed.close();
  const refused = new WebSocket(listening.url, { origin: "https://example.org" });
  const [error] = (await once(refused, "error")) as [Error];

  expect(error.message).toContain("403");
});

test("a server may hand over its requests itself", async () => {
  const router = new Router().use(json()).bind("/x", async (ctx) => {
    await ctx.reply("here");
    ctx.close();
  });
  const server = createServer((incoming, response) => router.handleRequest(incoming, response));
  server.on("upgrade", (incoming, socket, head) => router.handleUpgrade(incoming, socket, head));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;

  expect(await talk(`ws://127.0.0.1:${port}/any`, '{"path":"/x"}')).toMatchObject({
    received: ['{"data":{"message":"here"}}'],
    code: 1000,
  });
  const plain = request({ port, host: "127.0.0.1" }).end();
  const [response] = (await once(plain, "response")) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(400);
  server.close();
});

test("who dispatches requests himself has every option, and can stop in peace", async () => {
  const refusals: string[] = [];
  const router = new Router({ logger: { warn() {}, error() {} } })
    .use(json())
    .bind("/who", (ctx) => ctx.reply(ctx.trusted["user"]));
  await using handlers = router.upgradeHandlers({
    maxConnections: 1,
    authenticate: () => ({ user: "ann" }),
    onRefused: (reason) => refusals.push(reason),
  });
  const server = createServer((incoming, response) => handlers.handleRequest(incoming, response));
  server.on("upgrade", (incoming, socket, head) => handlers.handleUpgrade(incoming, socket, head));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;

  const client = new WebSocket(`ws://127.0.0.1:${port}/any`);
  await once(client, "open");
  client.send('{"path":"/who"}');
  const [answer] = (await once(client, "message")) as [Buffer];
  expect(JSON.parse(answer.toString())).toEqual({ data: { message: "ann" } });
  await once(new WebSocket(`ws://127.0.0.1:${port}/any`), "error");
  expect([handlers.size, refusals]).toEqual([1, ["TOO_MANY_CONNECTIONS"]]);
  const closed = once(client, "close");
  await handlers.close();

  expect((await closed)[0]).toBe(1001);
  expect(handlers.size).toBe(0);
  await once(new WebSocket(`ws://127.0.0.1:${port}/any`), "error");
  expect(refusals.at(-1)).toBe("CLOSING");
  server.close();
});

test("a handler of a lost connection learns it, and its close handlers run [claim:113]", async () => {
  const log: string[] = [];
  const router = new Router()
    .use(json())
    .bind("/wait", async (ctx) => {
      log.push("waits");
      await ctx.done;
      log.push("done");
    })
    .useClose(
      (ctx) => void log.push(`closed ${ctx.closeStatus().status} by the ${ctx.closeStatus().source}`),
    );
  await using listening = await router.listen({ port: 0 });
  const socket = new WebSocket(listening.url);
  await once(socket, "open");
  socket.send('{"path":"/wait"}');
  await expect.poll(() => log).toEqual(["waits"]);

  socket.terminate();

  await expect.poll(() => log).toHaveLength(3);
  expect(log).toContain("done");
  expect(log).toContain("closed 1006 by the client");
});
