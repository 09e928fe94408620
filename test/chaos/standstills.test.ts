import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { natsTest } from "../support/nats-server.ts";
import { ChaosFleet, eventually } from "./chaos-fleet.ts";
import { isLong, longNatsTest, scale } from "./scale.ts";

const { clients: count, inFlight } = scale;
/** The long run waits for the leases that are the default; the short one has shorter leases. */
const standstillMs = isLong ? 20_000 : 4_000;
const instanceLeaseMs = isLong ? 5_000 : 1_500;
const heartbeatIntervalMs = isLong ? 1_000 : 300;

for (const onInstanceLost of isLong ? (["close", "repin"] as const) : (["repin"] as const)) {
  natsTest(
    `an instance stands still and comes back: its clients went elsewhere, and nothing late reaches them (${onInstanceLost}) [fault:S2]`,
    async () => {
      await using fleet = await ChaosFleet.start();
      const options = { onInstanceLost, heartbeatIntervalMs };
      const [gateway, frozen] = await Promise.all([
        fleet.gateway({ options: { instanceLeaseMs } }),
        fleet.instance({ options }),
      ]);
      await fleet.knows(gateway, [frozen]);
      const clients = await fleet.pinned(count, gateway);
      const other = await fleet.instance({ options });
      await fleet.knows(gateway, [frozen, other]);
      const open = clients.slice(0, inFlight).map((client) => client.ask({ takesMs: 1_000 }));
      await fleet.handles(count + inFlight);
      const load = fleet.load(clients.slice(inFlight), [gateway]);

      frozen.signal("SIGSTOP");
      const backMs = delay(standstillMs);
      expect(new Set(await Promise.all(open))).toEqual(new Set(["DELIVERY_UNKNOWN"]));
      await gateway.tells({ type: "instance-removed", instanceId: frozen.id, cause: "lease-expired" });
      await load.flows(count);
      await backMs;
      frozen.signal("SIGCONT");
      await fleet.knows(gateway, [frozen, other]);

      await load.flows(count);
      await load.end();
      expect(["DELIVERY_UNKNOWN", "SERVICE_UNAVAILABLE"]).toEqual(expect.arrayContaining(load.errors));
      expect(load.closeCodes).toEqual(new Map(onInstanceLost === "close" ? [[1001, count - inFlight]] : []));
      if (onInstanceLost === "repin") {
        for (const { notices } of clients) expect(notices).toContain("SESSION_RESET");
      }
      // It lets go of everybody who was pinned to it, once.
      const lost = (): number => frozen.of("gateway-link-lost").reduce((sum, { pins }) => sum + pins, 0);
      await expect.poll(lost, eventually).toBe(count);
      expect(await gateway.metric("eurus_links_lost_total")).toBe(1);
      await fleet.showsAsDocumented("An instance hangs or stands still", {
        gateways: [gateway],
        services: [frozen],
      });
      await fleet.judge(standstillMs + 10_000);
    },
    120_000,
  );
}

longNatsTest(
  "a gateway stands still and comes back: it lets go of the clients that the service has let go of [fault:W3]",
  async () => {
    await using fleet = await ChaosFleet.start();
    const [frozen, other, instance] = await Promise.all([fleet.gateway(), fleet.gateway(), fleet.instance()]);
    await fleet.knows(frozen, [instance]);
    await fleet.knows(other, [instance]);
    const clients = await fleet.pinned(count, frozen);
    const load = fleet.load(clients, [other]);
    await load.flows(count);

    frozen.signal("SIGSTOP");
    const backMs = delay(standstillMs);
    await instance.tells({ type: "gateway-removed", gatewayId: frozen.id, cause: "lease-expired" });
    await instance.tells({ type: "gateway-link-lost", gatewayId: frozen.id, pins: count });
    await backMs;
    frozen.signal("SIGCONT");

    await load.flows(count);
    await load.end();
    expect(load.closeCodes).toEqual(new Map([[1001, count]]));
    // What was still in its own queue was not handled; of the rest nobody knows.
    expect(load.errors.filter((code) => !/^(SERVICE_UNAVAILABLE|DELIVERY_UNKNOWN)$/u.test(code))).toEqual([]);
    expect(frozen.of("link-lost")).toMatchObject([{ instanceId: instance.id, pins: count }]);
    await fleet.knows(frozen, [instance]);
    await expect.poll(() => frozen.program.ask("sockets"), eventually).toBe(0);
    await fleet.showsAsDocumented("A gateway stands still for longer than a lease", {
      gateways: [frozen],
      services: [instance],
    });
    await fleet.judge(standstillMs + 15_000);
  },
  120_000,
);
