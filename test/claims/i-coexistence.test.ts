import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { WebSocket } from "ws";
import { onEveryBus } from "../support/buses.ts";
import { jsonRouter } from "../support/fleet.ts";
import { JsonClient } from "../support/json-client.ts";

onEveryBus(({ test, newFleet }) => {
  test("an HTTP API and the gateway live on one server [claim:92 claim:93 claim:94]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service(
      "api",
      jsonRouter().publicBind("/hi", (ctx) => ctx.reply("hi")),
    );
    const server = createServer((request, response) => {
      if (request.url === "/ws") edge.router.handleRequest(request, response);
      else response.end(`HTTP ${request.url}`);
    });
    edge.router.attach(server, { path: "/ws" });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;

    await using client = await JsonClient.connect(`ws://127.0.0.1:${port}/ws`);
    expect(await client.ask("/hi")).toMatchObject({ data: { message: "hi" } });
    const api = await fetch(`http://127.0.0.1:${port}/api/users`);
    expect(await api.text()).toBe("HTTP /api/users");
    const plain = await fetch(`http://127.0.0.1:${port}/ws`);
    expect(plain.status).toBe(400);
    expect(plain.headers.get("content-type")).toContain("text/plain");
    expect(await plain.text()).toMatch(/WebSocket/u);
    const elsewhere = new WebSocket(`ws://127.0.0.1:${port}/other`);
    const [error]: unknown[] = await once(elsewhere, "error");
    expect(String(error)).toContain("404");

    server.closeAllConnections();
    server.close();
  });

  test("a gateway's router can be all that a server does, on any path [claim:125]", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await fleet.service(
      "api",
      jsonRouter().publicBind("/hi", (ctx) => ctx.reply("hi")),
    );
    const server = createServer();
    edge.router.attach(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;

    for (const path of ["/", "/ws", "/some/where?x=1"]) {
      await using client = await JsonClient.connect(`ws://127.0.0.1:${port}${path}`);
      expect(await client.ask("/hi")).toMatchObject({ data: { message: "hi" } });
    }

    server.closeAllConnections();
    server.close();
  });
});
