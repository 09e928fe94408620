import { once } from "node:events";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { closeOf, openWebSocket, RecordingHost } from "../../../../test/support/edge.ts";
import { handshake, RawClient } from "../../../../test/support/raw-client.ts";
import { attach } from "./attach.ts";
import { Endpoint } from "./endpoint.ts";

async function start(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

/** Both live on one port: the page of the framework, and an echo. */
async function expectBoth(port: number): Promise<void> {
  const page = await fetch(`http://127.0.0.1:${port}/hello`);
  expect(await page.text()).toBe("hello");
  const client = await openWebSocket(`ws://127.0.0.1:${port}/ws`);
  client.send("echo");
  const [data] = (await once(client, "message")) as [Buffer];
  expect(data.toString()).toBe("echo");
  client.terminate();
  using foreign = await RawClient.connect(port);
  foreign.socket.write(handshake({}, "GET /elsewhere HTTP/1.1"));
  await foreign.until(() => foreign.response !== undefined);
  expect(foreign.response).toMatch(/^HTTP\/1.1 404 /);
}

test("WebSockets live beside an Express app", async () => {
  const app = express();
  app.get("/hello", (_request, response) => void response.send("hello"));
  const server = createServer(app);
  const attachment = attach(new RecordingHost(), server, { path: "/ws" });
  await expectBoth(await start(server));
  await attachment.close({ graceMs: 50 });
  await stop(server);
});

test("WebSockets live beside a Fastify app", async () => {
  const app = fastify();
  app.get("/hello", async () => "hello");
  const attachment = attach(new RecordingHost(), app.server, { path: "/ws" });
  await app.listen({ port: 0, host: "127.0.0.1" });
  await expectBoth((app.server.address() as AddressInfo).port);
  await attachment.close({ graceMs: 50 });
  await app.close();
});

test("WebSockets live beside a Hono app", async () => {
  const app = new Hono();
  app.get("/hello", (context) => context.text("hello"));
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  const attachment = attach(new RecordingHost(), server, { path: "/ws" });
  await expectBoth(await start(server));
  await attachment.close({ graceMs: 50 });
  await stop(server);
});

test("Foreign paths are left to another upgrade listener, in whichever order they were added", async () => {
  const server = createServer();
  const host = new RecordingHost();
  const other = new WebSocketServer({ noServer: true });
  const onOther = (webSocket: { send(text: string): void }): void => webSocket.send("other");
  const attachment = attach(host, server, { path: "/ws" });
  server.on("upgrade", (request, socket, head) => {
    if (request.url === "/other") other.handleUpgrade(request, socket, head, onOther);
  });
  const port = await start(server);
  const client = await openWebSocket(`ws://127.0.0.1:${port}/ws`);
  client.send("mine");
  const [mine] = (await once(client, "message")) as [Buffer];
  expect(mine.toString()).toBe("mine");
  const foreign = await openWebSocket(`ws://127.0.0.1:${port}/other`);
  if (foreign.readyState === foreign.OPEN) foreign.close();
  expect((await closeOf(foreign)).code).toBe(1005);
  expect(host.inlets.length).toBe(1);
  client.terminate();
  await attachment.close({ graceMs: 50 });
  await stop(server);
});

test("Two attachments share a server by path", async () => {
  const server = createServer();
  const [first, second] = [new RecordingHost(), new RecordingHost()];
  const attachments = [attach(first, server, { path: "/a" }), attach(second, server, { path: "/b" })];
  const port = await start(server);
  const a = await openWebSocket(`ws://127.0.0.1:${port}/a`);
  const b = await openWebSocket(`ws://127.0.0.1:${port}/b`);
  expect([first.inlets.length, second.inlets.length]).toEqual([1, 1]);
  using foreign = await RawClient.connect(port);
  foreign.socket.write(handshake({}, "GET /c HTTP/1.1"));
  await foreign.until(() => foreign.response !== undefined);
  expect(foreign.response).toMatch(/^HTTP\/1.1 404 /);
  const closed = closeOf(a);
  await attachments[0]?.close();
  expect(await closed).toEqual({ code: 1001, reason: "server is stopping" });
  expect(b.readyState).toBe(b.OPEN);
  b.terminate();
  await attachments[1]?.close({ graceMs: 50 });
  await stop(server);
});

test("A closed attachment answers 503 while the server serves its other pages", async () => {
  const server = createServer((_request, response) => response.end("hello"));
  await using attachment = attach(new RecordingHost(), server, { path: "/ws" });
  const port = await start(server);
  await attachment.close();
  using client = await RawClient.connect(port);
  client.socket.write(handshake({}, "GET /ws HTTP/1.1"));
  await client.until(() => client.response !== undefined);
  expect(client.response).toMatch(/^HTTP\/1.1 503 /);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("hello");
  await stop(server);
});

test("As a handler it explains itself, as middleware it passes requests on", async () => {
  const endpoint = new Endpoint(new RecordingHost(), {});
  const app = express();
  app.use("/pass", (request, response, next) => endpoint.handleRequest(request, response, next));
  app.get("/pass", (_request, response) => void response.send("passed"));
  app.use("/stop", (request, response) => endpoint.handleRequest(request, response));
  const server = createServer(app);
  const port = await start(server);
  expect(await (await fetch(`http://127.0.0.1:${port}/pass`)).text()).toBe("passed");
  const stopped = await fetch(`http://127.0.0.1:${port}/stop`);
  expect(stopped.status).toBe(400);
  expect(await stopped.text()).toContain("Upgrade: websocket");
  await stop(server);
});

test("An upgrade request that no listener took is refused, and the log says what to call", async () => {
  const lines: string[] = [];
  const logger = { warn: (_details: object, message: string) => lines.push(message), error: () => undefined };
  const endpoint = new Endpoint(new RecordingHost(), { logger });
  const server = createServer((request, response) => endpoint.handleRequest(request, response));
  const port = await start(server);
  using client = await RawClient.connect(port);
  client.socket.write(handshake());
  await client.until(() => client.response !== undefined);
  expect(client.response).toMatch(/^HTTP\/1.1 400 /);
  expect(lines).toEqual([expect.stringContaining("attach(server)")]);
  await stop(server);
});

test("After a close the same path of the same server may be attached anew", async () => {
  const server = createServer();
  const port = await start(server);
  await attach(new RecordingHost(), server, { path: "/ws" }).close();
  const host = new RecordingHost();
  await using attachment = attach(host, server, { path: "/ws" });

  const client = await openWebSocket(`ws://127.0.0.1:${port}/ws`);

  expect(host.inlets.length).toBe(1);
  expect(server.listenerCount("upgrade")).toBe(1);
  client.terminate();
  await attachment.close({ graceMs: 50 });
  await stop(server);
});

test("A signal closes the attachment and leaves the server alone", async () => {
  const ending = new AbortController();
  const server = createServer((_request, response) => response.end("hello"));
  const port = await start(server);
  await using attachment = attach(new RecordingHost(), server, { signal: ending.signal });
  const client = await openWebSocket(`ws://127.0.0.1:${port}/`);
  const closed = closeOf(client);

  ending.abort();

  expect(await closed).toEqual({ code: 1001, reason: "server is stopping" });
  await expect.poll(() => attachment.size).toBe(0);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("hello");
  await stop(server);
});
