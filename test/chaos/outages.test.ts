import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { natsTest } from "../support/nats-server.ts";
import { ChaosFleet } from "./chaos-fleet.ts";
import { isLong, scale } from "./scale.ts";

const { clients: count, inFlight } = scale;

for (const outageMs of isLong ? [1_000, 30_000] : [1_000]) {
  natsTest(
    `NATS is away for ${outageMs} ms under load: clients hear so at once, and nobody loses a pin [fault:N1 fault:N2 fault:N6]`,
    async () => {
      await using fleet = await ChaosFleet.start();
      const [gateways, instances] = await Promise.all([
        Promise.all([fleet.gateway(), fleet.gateway()]),
        fleet.instances(2),
      ]);
      for (const gateway of gateways) await fleet.knows(gateway, instances);
      const halves = await Promise.all(gateways.map((gateway) => fleet.pinned(count / 2, gateway)));
      const idle = await Promise.all(gateways.map((gateway) => fleet.pinned(3, gateway)));
      const clients = halves.flat();
      const load = fleet.load(clients.slice(inFlight), gateways);
      await load.flows(count);
      const open = clients.slice(0, inFlight).map((client) => client.ask({ takesMs: 500 }));

      await fleet.server.kill();
      for (const gateway of gateways) {
        await gateway.tells({ type: "bus", status: "disconnected" });
        expect(await gateway.metric("eurus_bus_disconnected")).toBe(1);
      }
      for (const instance of instances) await instance.tells({ type: "bus", status: "disconnected" });
      const meanwhile = await Promise.all([...gateways, ...instances].map((member) => member.scrape()));
      for (const client of idle.flat()) expect(await client.ask()).toBe("SERVICE_UNAVAILABLE");
      await delay(outageMs);
      await fleet.server.restart();

      const settled = new Set(await Promise.all(open));
      for (const outcome of settled)
        expect(["ok", "DELIVERY_UNKNOWN", "SERVICE_UNAVAILABLE"]).toContain(outcome);
      await load.flows(count * 3);
      await load.end();
      expect(load.closeCodes).toEqual(new Map());
      expect(load.errors.filter((code) => !/^(SERVICE_UNAVAILABLE|DELIVERY_UNKNOWN)$/u.test(code))).toEqual(
        [],
      );
      for (const instance of instances) {
        await instance.tells({ type: "bus", status: "connected" });
      }
      for (const gateway of gateways) {
        await gateway.tells({ type: "bus", status: "connected" });
        const refused = await gateway.metric("eurus_messages_refused_total", 'code="SERVICE_UNAVAILABLE"');
        expect(refused).toBeGreaterThanOrEqual(3);
        expect(await gateway.metric("eurus_bus_disconnected")).toBe(0);
        expect(gateway.of("instance-removed")).toEqual([]);
        expect(gateway.of("link-lost")).toEqual([]);
        expect(gateway.of("unpinned")).toEqual([]);
      }
      for (const instance of instances) {
        expect(await instance.metric("eurus_service_connections_closed_total")).toBe(0);
      }
      await fleet.showsAsDocumented("NATS is away", { gateways, services: instances, meanwhile });
      await fleet.judge(outageMs + 15_000);
    },
    120_000,
  );
}
