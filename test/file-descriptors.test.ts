import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { JsonClient } from "./support/json-client.ts";
import { NatsServer, natsTest } from "./support/nats-server.ts";
import { runProgram } from "./support/run-program.ts";
import { expectSignals } from "./support/signals.ts";

const root = join(import.meta.dirname, "..");
const descriptors = 200;
const program = `
import { Gateway, Service } from "eurus";
import { Metrics } from "eurus/metrics";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";
const transport = await NatsTransport.connect({ servers: process.env.NATS });
const gateway = new Gateway("main-gateway", transport);
await gateway.start();
const metrics = new Metrics();
const work = new Router().use(json())
  .publicBind("/hello", (ctx) => ctx.reply("hello"))
  .publicBind("/metrics", async (ctx) => ctx.reply(await metrics.registry.metrics()));
const service = new Service("work", transport, work);
await service.start();
const { port } = await new Router().use(json()).use(gateway).listen({
  port: 0, host: "127.0.0.1", onRefused: metrics.refusalsAt(gateway), ...JSON.parse(process.env.LISTEN ?? "{}"),
});
console.log("port " + port);
`;

interface Squeezed {
  readonly port: number;
  readonly server: NatsServer;
  output(): string;
}

/** A gateway with a service, over NATS, in a process that may have 200 files and sockets open. */
async function squeezed(listen: object = {}): Promise<Squeezed> {
  const server = await NatsServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const node = [process.execPath, "--conditions=@velaros/source", "--import", "tsx", "--input-type=module"];
  const running = runProgram(
    "sh",
    ["-c", `ulimit -n ${descriptors} && exec "$@"`, "sh", ...node, "-e", program],
    {
      cwd: root,
      environment: { NATS: server.url, LISTEN: JSON.stringify(listen) },
    },
  );
  await expect.poll(() => running.output(), { timeout: 15_000 }).toMatch(/port \d+/);
  return { port: Number(/port (\d+)/.exec(running.output())?.[1]), server, output: () => running.output() };
}

/** How the server took a connection: an open WebSocket, the status of its refusal, or 0 when it hung up. */
async function visit(port: number): Promise<WebSocket | number> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/`);
  client.on("error", () => undefined);
  const opened = once(client, "open").then(
    () => client,
    () => 0,
  );
  const refused = once(client, "unexpected-response").then(
    ([, response]) => response.statusCode as number,
    () => 0,
  );
  return Promise.race([opened, refused]);
}

async function scrape(client: JsonClient): Promise<string> {
  const { data } = await client.ask("/metrics");
  return (data as { readonly message: string }).message;
}

async function metric(client: JsonClient, reason: string): Promise<number> {
  const message = await scrape(client);
  const found = new RegExp(`eurus_connections_refused_total{[^}]*"${reason}"} (\\d+)`).exec(message);
  return Number(found?.[1] ?? 0);
}

natsTest(
  "a process with few file descriptors turns away what it could not hold, says so, and goes on [fault:W5]",
  async () => {
    const { port, output } = await squeezed();
    await using first = await JsonClient.connect(`ws://127.0.0.1:${port}/`);

    const visits = await Promise.all(Array.from({ length: 250 }, () => visit(port)));

    const clients = visits.filter((visited) => visited instanceof WebSocket);
    expect(clients.length).toBeGreaterThan(100);
    expect(clients.length).toBeLessThan(descriptors * 0.8);
    // The limit is met before the last descriptor is used; who comes while refusals are still being read is hung up on.
    expect(visits).toContain(503);
    expect(await first.ask("/hello")).toMatchObject({ data: { message: "hello" } });
    expect(await metric(first, "TOO_MANY_CONNECTIONS")).toBeGreaterThan(0);
    expect(output()).toContain("velaros warning: Refused a client: The server has as many connections");
    for (const client of clients) client.close();
    await Promise.all(clients.map((client) => once(client, "close")));
    await using later = await JsonClient.connect(`ws://127.0.0.1:${port}/`);
    expect(await later.ask("/hello")).toMatchObject({ data: { message: "hello" } });
  },
);

natsTest(
  "sockets that say nothing can't take the last file descriptors: clients are served, NATS is reached again, and there is a line [fault:W5 fault:C8]",
  async () => {
    // More than fits: only the room that the listener leaves is between the process and its end.
    const { port, server, output } = await squeezed({ maxConnections: 10_000, handshakeTimeoutMs: 4_000 });
    await using first = await JsonClient.connect(`ws://127.0.0.1:${port}/`);
    await first.ask("/hello");

    const silent: Socket[] = Array.from({ length: 250 }, () => connect(port, "127.0.0.1"));
    for (const socket of silent) socket.on("error", () => undefined);
    await expect.poll(() => output()).toContain("The process has as many sockets as it may have files open.");
    expect(await first.ask("/hello")).toMatchObject({ data: { message: "hello" } });
    // What comes back needs a new descriptor, while there are none for clients.
    await server.kill();
    await server.restart();
    await expect
      .poll(async () => (await first.ask("/hello")).data, { timeout: 8_000 })
      .toEqual({ message: "hello" });
    expect(await metric(first, "TOO_MANY_SOCKETS")).toBeGreaterThan(0);
    await expectSignals("No file descriptors are left", {
      meanwhile: [await scrape(first)],
      lines: output().match(/The process has as many sockets/g) ?? [],
    });

    for (const socket of silent) socket.destroy();
    await expect
      .poll(async () => {
        const visited = await visit(port);
        if (visited instanceof WebSocket) visited.terminate();
        return visited instanceof WebSocket;
      })
      .toBe(true);
  },
  40_000,
);
