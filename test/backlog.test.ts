import { Router } from "velaros";
import { json } from "velaros/json";
import { expect } from "vitest";
import { onEveryBus } from "./support/buses.ts";
import { JsonClient } from "./support/json-client.ts";
import { RawClient } from "./support/raw-client.ts";
import { expectSignals, Observer } from "./support/signals.ts";

const kibibyte = 1_024;

onEveryBus(({ test, newFleet }) => {
  test("when many slow clients add up, those with most waiting are closed with 1013 and the others stay [fault:W6]", async () => {
    await using fleet = newFleet();
    const stream = new Router()
      .use(json())
      .publicBind("/stream", async (context) => {
        const { bytes } = context.unmarshal<{ readonly bytes: number }>();
        for (let sent = 0; sent < bytes; sent += 16 * kibibyte) await context.push("x".repeat(16 * kibibyte));
      })
      .publicBind("/echo", (context) => context.reply(context.unmarshal()));
    const edge = await fleet.edge({
      options: { maxBacklogBytes: 300 * kibibyte },
      listen: { sendWaitsAboveBytes: 64 * kibibyte, stallTimeoutMs: 60_000 },
    });
    const { service } = await fleet.service("stream", stream);
    const [atGateway, atService] = [new Observer(edge.gateway), new Observer(service)];
    const port = Number(new URL(edge.url).port);
    await using neighbour = await JsonClient.connect(edge.url);
    await neighbour.ask("/echo", 1);
    const slow = await Promise.all([1, 2, 3].map(() => RawClient.open(port, false, "/ws")));

    for (const client of slow) {
      client.socket.pause();
      client.text('{"path":"/stream","data":{"bytes":33554432}}');
    }

    const closed = () => edge.events.filter((event) => event.type === "socket-closed");
    await expect.poll(() => closed().length, { timeout: 15_000 }).toBeGreaterThan(0);
    for (const event of closed()) {
      expect(event).toMatchObject({
        status: 1013,
        reason: "Too much waits for slow clients",
        source: "server",
      });
    }
    expect(await neighbour.ask("/echo", 2)).toMatchObject({ data: 2 });
    expect(closed().length).toBeLessThan(slow.length);
    await expectSignals("Many slow clients, or many busy handlers, add up", {
      clients: closed().map(({ status }) => status),
      gateways: [atGateway],
      services: [atService],
    });
    for (const client of slow) client[Symbol.dispose]();
  });

  test("when messages for busy handlers add up, the connection with most is closed with 1013 [fault:W6]", async () => {
    await using fleet = newFleet();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const busy = new Router()
      .use(json())
      .publicBind("/busy", () => released)
      .publicBind("/echo", (context) => context.reply(context.unmarshal()));
    const edge = await fleet.edge();
    const { service } = await fleet.service("busy", busy, { maxBacklogBytes: 100 * kibibyte });
    const [atGateway, atService] = [new Observer(edge.gateway), new Observer(service)];
    await using flooder = await JsonClient.connect(edge.url);
    await using neighbour = await JsonClient.connect(edge.url);
    await neighbour.ask("/echo", 1);

    // 64 handlers run at once; what follows waits, in front of the service's window.
    for (let sent = 0; sent < 84; sent++) flooder.send({ path: "/busy", data: "x".repeat(10 * kibibyte) });

    expect(await flooder.closed()).toEqual({ code: 1013, reason: "Too much waits for busy handlers" });
    expect(await neighbour.ask("/echo", 2)).toMatchObject({ data: 2 });
    await expectSignals("Many slow clients, or many busy handlers, add up", {
      clients: flooder.codes,
      gateways: [atGateway],
      services: [atService],
    });
    release();
  });
});
