import { NatsTransport } from "eurus/nats";
import type { RefusalReason } from "velaros";
import { expect } from "vitest";
import { WebSocket } from "ws";
import { onEveryBus } from "./support/buses.ts";
import { Fleet, jsonRouter } from "./support/fleet.ts";
import type { Edge } from "./support/fleet.ts";
import { NatsServer, natsTest } from "./support/nats-server.ts";
import { expectSignals, Observer } from "./support/signals.ts";

/** What becomes of somebody who connects now: the status in place of an upgrade, or 101. */
function connecting({ url }: Edge): Promise<{ status: number | undefined; retryAfter: string | undefined }> {
  const webSocket = new WebSocket(url);
  return new Promise((resolve) => {
    webSocket.once("unexpected-response", (_, { statusCode, headers }) =>
      resolve({ status: statusCode, retryAfter: headers["retry-after"] }),
    );
    webSocket.once("open", () => {
      webSocket.terminate();
      resolve({ status: 101, retryAfter: undefined });
    });
  });
}

onEveryBus(({ test, newFleet }) => {
  test("a gateway that stops takes no new clients, from the beginning of its drain until it runs again [claim:122]", async () => {
    const refused: RefusalReason[] = [];
    let count: ((reason: RefusalReason) => void) | undefined;
    await using fleet = newFleet();
    const edge = await fleet.edge({
      options: { drainTimeoutMs: 10_000 },
      listen: {
        onRefused: (reason) => {
          refused.push(reason);
          count?.(reason);
        },
      },
    });
    const atGateway = new Observer(edge.gateway);
    count = atGateway.metrics.refusalsAt(edge.gateway);
    let finish = (): void => undefined;
    const router = jsonRouter()
      .publicBind("/wait", async (ctx) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return ctx.reply("done");
      })
      .publicBind("/who", (ctx) => ctx.reply("me"));
    const { service } = await fleet.service("chat", router);
    const atService = new Observer(service);
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/wait" });
    await expect.poll(() => edge.gateway.sockets()[0]?.openMessages).toBe(1);
    expect(edge.gateway.ready).toBe(true);

    const stopped = edge.gateway.stop();

    expect(edge.gateway.ready).toBe(false);
    expect(await connecting(edge)).toEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
    expect(refused).toEqual(["CLOSING"]);
    // What comes over connections that exist is put off, with the time to wait.
    await expect
      .poll(async () => (await client.ask("/who")).error)
      .toMatchObject({ code: "SHUTTING_DOWN", retryAfterMs: 1_000 });
    finish();
    expect(await client.reply("1")).toMatchObject({ data: { message: "done" } });
    await stopped;
    expect(await client.closed()).toEqual({ code: 1001, reason: "Gateway stopping" });

    expect((await connecting(edge)).status).toBe(503);
    await expectSignals("A gateway is asked to stop", {
      clients: [...client.codes, 503],
      gateways: [atGateway],
      services: [atService],
    });
    await edge.gateway.start();
    expect(edge.gateway.ready).toBe(true);
    const next = await fleet.client(edge);
    expect(await next.ask("/who")).toMatchObject({ data: { message: "me" } });
  });

  test("whoever reaches a gateway by another way while it stops is closed with 1001, which says come back", async () => {
    await using fleet = newFleet();
    const edge = await fleet.edge();
    await edge.gateway.stop();

    const closes: unknown[] = [];
    const connection = edge.router.connect(
      { remoteAddress: "", headers: {} },
      {
        send: () => undefined,
        close: (status, reason) => void closes.push([status, reason]),
        pause: () => undefined,
        resume: () => undefined,
      },
    );
    await connection.finished;

    expect(closes).toEqual([[1001, "Gateway stopping"]]);
    expect(edge.gateway.sockets()).toEqual([]);
  });

  test("a service is ready from its start to the beginning of its stop", async () => {
    await using fleet = newFleet();
    const { service } = await fleet.unstarted("chat", jsonRouter());

    expect(service.ready).toBe(false);
    await service.start();
    expect(service.ready).toBe(true);
    const stopped = service.stop();
    expect(service.ready).toBe(false);
    await stopped;
    expect(service.ready).toBe(false);
  });
});

natsTest(
  "without NATS neither gateway nor service is ready, and both are again when it is back",
  async () => {
    await using server = await NatsServer.start();
    await using fleet = new Fleet(() => NatsTransport.connect({ servers: server.url }));
    const edge = await fleet.edge();
    const { service } = await fleet.service("chat", jsonRouter());
    const ready = (): unknown => [edge.gateway.ready, service.ready];
    expect(ready()).toEqual([true, true]);

    await server.kill();
    await expect.poll(ready).toEqual([false, false]);
    // Clients are let in all the same: they hear at once that nothing goes through.
    expect((await connecting(edge)).status).toBe(101);
    await server.restart();
    await expect.poll(ready, { timeout: 10_000 }).toEqual([true, true]);
  },
);
