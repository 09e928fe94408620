import { expect } from "vitest";
import { natsTest } from "../support/nats-server.ts";
import { ChaosFleet, eventually } from "./chaos-fleet.ts";
import { isLong, longNatsTest, scale } from "./scale.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const { clients: count } = scale;

for (const mode of isLong ? (["hold", "hold-up", "hold-down"] as const) : (["hold-up"] as const)) {
  natsTest(
    `a gateway's wire to NATS is cut for less than its lease (${mode}): clients hear so, and nobody loses a pin [fault:N11]`,
    async () => {
      await using fleet = await ChaosFleet.start();
      await using wire = await TcpProxy.start(fleet.server.port);
      const [gateway, other, instance] = await Promise.all([
        fleet.gateway({ servers: [wire.url] }),
        fleet.gateway(),
        fleet.instance(),
      ]);
      await fleet.knows(gateway, [instance]);
      await fleet.knows(other, [instance]);
      const clients = await fleet.pinned(count, gateway);
      const [idle, ...busy] = clients;
      const load = fleet.load(busy, [gateway]);
      const elsewhere = fleet.load(await fleet.pinned(10, other), [other]);
      await load.flows(count);

      wire.mode = mode;
      await gateway.tells({ type: "bus", status: "disconnected" });
      expect(await idle?.ask()).toBe("SERVICE_UNAVAILABLE");
      const meanwhile = [await gateway.scrape()];
      await elsewhere.flows(100);
      wire.mode = "pass";

      await load.flows(count * 3);
      await Promise.all([load.end(), elsewhere.end()]);
      await gateway.tells({ type: "bus", status: "connected" });
      expect(elsewhere.errors).toEqual([]);
      expect(load.closeCodes).toEqual(new Map());
      expect(gateway.of("unpinned")).toEqual([]);
      expect(await instance.metric("eurus_service_connections_closed_total")).toBe(0);
      await fleet.showsAsDocumented("A gateway is cut off from NATS for a moment", {
        gateways: [gateway],
        meanwhile,
      });
      await fleet.judge(20_000);
    },
    120_000,
  );
}

longNatsTest(
  "an instance's wire is cut for longer than its lease: its clients are told and served elsewhere, and it lets go of them once [fault:N11]",
  async () => {
    await using fleet = await ChaosFleet.start();
    await using wire = await TcpProxy.start(fleet.server.port);
    const options = { onInstanceLost: "repin" } as const;
    const [gateway, partitioned] = await Promise.all([
      fleet.gateway(),
      fleet.instance({ servers: [wire.url], options }),
    ]);
    await fleet.knows(gateway, [partitioned]);
    const clients = await fleet.pinned(count, gateway);
    const other = await fleet.instance({ options });
    await fleet.knows(gateway, [partitioned, other]);
    const load = fleet.load(clients, [gateway]);
    await load.flows(count);

    wire.mode = "hold";
    await gateway.tells({ type: "instance-removed", instanceId: partitioned.id, cause: "lease-expired" });
    await load.flows(count);
    await partitioned.tells({ type: "bus", status: "disconnected" });
    const meanwhile = [await partitioned.scrape()];
    wire.mode = "pass";
    await fleet.knows(gateway, [partitioned, other]);

    await load.flows(count);
    await load.end();
    expect(load.closeCodes).toEqual(new Map());
    expect(["DELIVERY_UNKNOWN", "SERVICE_UNAVAILABLE"]).toEqual(expect.arrayContaining(load.errors));
    for (const { notices } of clients) expect(notices).toContain("SESSION_RESET");
    const lost = (): number => partitioned.of("gateway-link-lost").reduce((sum, { pins }) => sum + pins, 0);
    await expect.poll(lost, eventually).toBe(count);
    await fleet.showsAsDocumented("An instance cannot be reached for longer than a lease", {
      gateways: [gateway],
      services: [partitioned],
      meanwhile,
    });
    await fleet.judge(20_000);
  },
  120_000,
);
