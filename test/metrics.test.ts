import { Metrics } from "eurus/metrics";
import { Registry } from "prom-client";
import { ReplyError, Router } from "velaros";
import { json } from "velaros/json";
import { expect } from "vitest";
import { z } from "zod";
import { onEveryBus } from "./support/buses.ts";
import { jsonRouter } from "./support/fleet.ts";
import { JsonClient } from "./support/json-client.ts";
import { expectSignals, Observer } from "./support/signals.ts";

/** The samples of the text format whose names begin so, each on a line, as they were scraped. */
async function scrape(metrics: Metrics, name: string): Promise<readonly string[]> {
  const text = await metrics.registry.metrics();
  return text.split("\n").filter((line) => line.startsWith(name));
}

onEveryBus(({ test, newFleet }) => {
  test("connections and routed messages are exported under their names [claim:96 claim:97 claim:98]", async () => {
    const metrics = new Metrics();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    metrics.watch(edge.gateway);
    for (const name of ["chat", "users"]) {
      await fleet.service(
        name,
        jsonRouter().publicBind(`/${name}`, (ctx) => ctx.reply("ok")),
      );
    }

    const clients = await fleet.clients(edge, 5);
    for (let count = 0; count < 7; count++) await clients[0]?.ask("/chat");
    for (let count = 0; count < 3; count++) await clients[count]?.ask("/users");

    const text = await metrics.registry.metrics();
    expect(text).toContain("# HELP eurus_active_connections Active WebSocket connections");
    expect(text).toContain("# TYPE eurus_active_connections gauge");
    expect(text).toContain("# HELP eurus_messages_total Total messages routed");
    expect(text).toContain("# TYPE eurus_messages_total counter");
    expect(await scrape(metrics, "eurus_active_connections")).toEqual([
      'eurus_active_connections{gateway="main-gateway"} 5',
    ]);
    expect(await scrape(metrics, "eurus_messages_total")).toEqual([
      'eurus_messages_total{gateway="main-gateway",service="chat"} 7',
      'eurus_messages_total{gateway="main-gateway",service="users"} 3',
    ]);

    for (const client of clients) client.webSocket.close(1000);
    await expect
      .poll(() => scrape(metrics, "eurus_active_connections"))
      .toEqual(['eurus_active_connections{gateway="main-gateway"} 0']);
    expect(await scrape(metrics, "eurus_connections_closed_total")).toEqual([
      'eurus_connections_closed_total{gateway="main-gateway",status="1000",source="client"} 5',
    ]);
  });

  test("pins, instances, refusals and losses are counted by their causes", async () => {
    const metrics = new Metrics();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    metrics.watch(edge.gateway);
    const router = jsonRouter().publicBind("/wait", (ctx) => ctx.done);
    const { service } = await fleet.service("chat", router);
    const [one, two] = await fleet.clients(edge, 2);
    one?.send({ id: "1", path: "/wait" });
    two?.send({ id: "1", path: "/wait" });
    two?.send({ id: "2", path: "/a/../b" });

    const gateway = 'gateway="main-gateway"';
    await expect
      .poll(() => scrape(metrics, "eurus_messages_in_flight"))
      .toEqual([`eurus_messages_in_flight{${gateway}} 2`]);
    expect(await scrape(metrics, "eurus_pins")).toEqual([`eurus_pins{${gateway},service="chat"} 2`]);
    expect(await scrape(metrics, "eurus_instances{")).toEqual([
      `eurus_instances{${gateway},service="chat",state="ready"} 1`,
    ]);
    expect(await scrape(metrics, "eurus_waiting_connections")).toEqual([
      `eurus_waiting_connections{${gateway}} 0`,
    ]);
    expect(await scrape(metrics, "eurus_bus_disconnected")).toEqual([`eurus_bus_disconnected{${gateway}} 0`]);

    expect(edge.gateway.removeService(service)).toBe(true);
    await one?.closed();
    await two?.closed();
    const lost = `${gateway},service="chat",cause="removed"`;
    expect(await scrape(metrics, "eurus_instances_removed_total")).toEqual([
      `eurus_instances_removed_total{${lost}} 1`,
    ]);
    expect(await scrape(metrics, "eurus_links_lost_total")).toEqual([`eurus_links_lost_total{${lost}} 1`]);
    expect(await scrape(metrics, "eurus_pinned_total")).toEqual([
      `eurus_pinned_total{${gateway},service="chat"} 2`,
    ]);
    expect(await scrape(metrics, "eurus_unpinned_total")).toEqual([
      `eurus_unpinned_total{${gateway},service="chat",cause="instance-lost"} 2`,
    ]);
    expect(await scrape(metrics, "eurus_messages_refused_total")).toEqual([
      `eurus_messages_refused_total{${gateway},service="",code="BAD_PATH"} 1`,
      `eurus_messages_refused_total{${gateway},service="chat",code="DELIVERY_UNKNOWN"} 2`,
    ]);
  });

  test("a service's connections, gateways and closes are counted", async () => {
    const registry = new Registry();
    const metrics = new Metrics({ registry });
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const { service } = await fleet.unstarted(
      "chat",
      jsonRouter().publicBind("/chat", (ctx) => ctx.reply("ok")),
    );
    const unwatch = metrics.watch(service);
    await service.start();
    const clients = await fleet.clients(edge, 3);
    for (const client of clients) await client.ask("/chat");

    expect(metrics.registry).toBe(registry);
    expect(await scrape(metrics, "eurus_service_connections{")).toEqual([
      'eurus_service_connections{service="chat"} 3',
    ]);
    expect(await scrape(metrics, "eurus_service_gateways")).toEqual([
      'eurus_service_gateways{service="chat"} 1',
    ]);
    clients[0]?.webSocket.close(4321);
    await expect
      .poll(() => scrape(metrics, "eurus_service_connections_closed_total"))
      .toEqual([
        'eurus_service_connections_closed_total{service="chat",status="4000-4999",source="client"} 1',
      ]);

    await service.stop();
    await service.start();
    expect(await scrape(metrics, "eurus_service_connections{")).toEqual([
      'eurus_service_connections{service="chat"} 0',
    ]);
    expect(await scrape(metrics, "eurus_service_gateways")).toEqual([
      'eurus_service_gateways{service="chat"} 1',
    ]);
    unwatch();
    expect(await scrape(metrics, "eurus_service_connections{")).toEqual([]);
  });

  test("a path of a mebibyte fills no log", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const client = await fleet.client(edge);
    const path = `/${"x".repeat(900_000)}`;

    expect(await client.ask(path)).toMatchObject({ error: { code: "BAD_PATH" } });

    const refused = edge.events.filter((event) => event.type === "refused");
    expect(refused).toMatchObject([{ code: "BAD_PATH", path: path.slice(0, 1_024) }]);
  });

  test("what a service's handlers fail with is counted by its code, beside all messages", async () => {
    const metrics = new Metrics();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const thrown: Error[] = [];
    const router = new Router({ onError: (error) => void thrown.push(error) })
      .use(json())
      .publicBind("/fine", (ctx) => ctx.reply("ok"))
      .publicBind("/broken", () => {
        throw new Error("broken");
      })
      .publicBind("/checked", { input: z.object({ age: z.number() }) }, (ctx) => ctx.reply("ok"))
      .publicBind("/forbidden", () => {
        throw new ReplyError("FORBIDDEN", "No.");
      })
      .publicBind("/full", () => {
        throw new ReplyError("ROOM_FULL", "Full.");
      });
    const { service } = await fleet.service("chat", router);
    metrics.watch(service);
    const atService = new Observer(service);
    const client = await fleet.client(edge);

    const codes: (string | undefined)[] = [];
    for (const path of ["/fine", "/broken", "/fine", "/checked", "/forbidden", "/full", "/broken"]) {
      codes.push((await client.ask(path)).error?.code);
    }
    const chosen = ["FORBIDDEN", "ROOM_FULL"];
    await expectSignals("A handler throws, or gets what violates its schema", {
      clients: codes.filter((code) => code !== undefined).filter((code) => !chosen.includes(code)),
      services: [atService],
      lines: thrown,
    });

    expect(await scrape(metrics, "eurus_service_messages_total")).toEqual([
      'eurus_service_messages_total{service="chat"} 7',
    ]);
    const failed = 'eurus_service_messages_failed_total{service="chat",code=';
    expect(await scrape(metrics, "eurus_service_messages_failed_total")).toEqual([
      `${failed}"INTERNAL"} 2`,
      `${failed}"VALIDATION_FAILED"} 1`,
      `${failed}"FORBIDDEN"} 1`,
      `${failed}"other"} 1`,
    ]);
  });

  test("what nobody serves, or what can't be read, is answered with a code and counted by it", async () => {
    await using fleet = newFleet();
    const { gateway } = await fleet.edge();
    const atGateway = new Observer(gateway);
    const edge = new Router({ onUnanswered: atGateway.metrics.unansweredAt(gateway) });
    await using listening = await edge.use(json()).use(gateway).listen({ port: 0, host: "127.0.0.1" });
    await using client = await JsonClient.connect(listening.url);

    await client.ask("/nothing");
    await client.ask("/a/../b");
    client.webSocket.send("no JSON");

    await expect.poll(() => client.codes).toEqual(["NOT_FOUND", "BAD_PATH", "BAD_MESSAGE"]);
    const refused = (await atGateway.scrape()).match(/^eurus_messages_refused_total.*$/gm) ?? [];
    expect(new Set(refused.map((line) => /code="(\w+)"/.exec(line)?.[1]))).toEqual(new Set(client.codes));
    await expectSignals("A client sends what nobody serves, or what can't be read", {
      clients: client.codes,
      gateways: [atGateway],
    });
  });

  test("a client that has too much under way is counted at the service that refuses it", async () => {
    const metrics = new Metrics();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    const router = new Router({ maxWaitingMessages: 1, onError: () => undefined })
      .use(json())
      .publicBind("/ask", (ctx) => ctx.receive());
    const { service } = await fleet.service("chat", router);
    metrics.watch(service);
    const client = await fleet.client(edge);

    for (let count = 0; count < 4; count++) client.send({ id: `${count}`, path: "/ask" });

    await expect
      .poll(() => scrape(metrics, "eurus_service_messages_failed_total"))
      .toEqual([expect.stringMatching(/code="OVERLOADED"\} [1-4]$/)]);
  });

  test("how long messages take is a histogram: replies, errors at the edge and ends without a reply", async () => {
    const metrics = new Metrics();
    await using fleet = newFleet();
    const edge = await fleet.edge();
    metrics.watch(edge.gateway);
    const router = jsonRouter()
      .publicBind("/fine", (ctx) => ctx.reply("ok"))
      .publicBind("/silent", () => undefined)
      .publicBind("/long", (ctx) => ctx.done);
    const { service } = await fleet.service("chat", router);
    const client = await fleet.client(edge);
    const count = async (): Promise<readonly string[]> =>
      scrape(metrics, "eurus_message_duration_seconds_count");

    for (let asked = 0; asked < 5; asked++) await client.ask("/fine");
    client.send({ id: "silent", path: "/silent" });
    client.send({ id: "unheard", path: "/fine" });
    const series = 'eurus_message_duration_seconds_count{gateway="main-gateway",service="chat"}';
    await expect.poll(count).toEqual([`${series} 7`]);
    const startedAt = performance.now();
    client.send({ id: "lost", path: "/long" });
    await expect.poll(() => edge.gateway.sockets()[0]?.openMessages).toBe(1);
    edge.gateway.removeService(service);
    await client.closed();
    await expect.poll(count).toEqual([`${series} 8`]);

    const sum = Number((await scrape(metrics, "eurus_message_duration_seconds_sum"))[0]?.split(" ")[1]);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan((performance.now() - startedAt) / 1_000 + 7 * 5);
    const buckets = await scrape(metrics, "eurus_message_duration_seconds_bucket");
    expect(buckets.at(-1)).toBe(
      'eurus_message_duration_seconds_bucket{le="+Inf",gateway="main-gateway",service="chat"} 8',
    );
    const counts = buckets.map((line) => Number(line.split(" ")[1]));
    expect(counts).toEqual(counts.toSorted((one, other) => one - other));
  });

  test("gateways of one name share their figures", async () => {
    const metrics = new Metrics();
    await using fleet = newFleet();
    const edges = [await fleet.edge(), await fleet.edge()];
    for (const { gateway } of edges) metrics.watch(gateway);
    await fleet.service(
      "chat",
      jsonRouter().publicBind("/chat", (ctx) => ctx.reply("ok")),
    );
    for (const edge of edges) await (await fleet.client(edge)).ask("/chat");

    expect(await scrape(metrics, "eurus_active_connections")).toEqual([
      'eurus_active_connections{gateway="main-gateway"} 2',
    ]);
    expect(await scrape(metrics, "eurus_messages_total")).toEqual([
      'eurus_messages_total{gateway="main-gateway",service="chat"} 2',
    ]);
    expect(await scrape(metrics, "eurus_instances{")).toEqual([
      'eurus_instances{gateway="main-gateway",service="chat",state="ready"} 2',
    ]);
  });
});
