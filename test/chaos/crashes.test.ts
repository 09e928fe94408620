import { expect } from "vitest";
import { natsTest } from "../support/nats-server.ts";
import { ChaosFleet, eventually } from "./chaos-fleet.ts";
import { isLong, scale } from "./scale.ts";

const { clients: pinned, inFlight } = scale;

for (const onInstanceLost of isLong ? (["close", "repin"] as const) : (["close"] as const)) {
  natsTest(
    `an instance is killed with sockets pinned and requests in flight: all are settled, all are told (${onInstanceLost}) [fault:S1]`,
    async () => {
      await using fleet = await ChaosFleet.start();
      const options = { onInstanceLost };
      const [gateway, doomed] = await Promise.all([fleet.gateway(), fleet.instance({ options })]);
      await fleet.knows(gateway, [doomed]);
      const clients = await fleet.pinned(pinned, gateway);
      const survivor = await fleet.instance({ options });
      await fleet.knows(gateway, [doomed, survivor]);
      const outcomes = clients.slice(0, inFlight).map((client) => client.ask({ takesMs: 60_000 }));
      await fleet.handles(pinned + inFlight);

      await fleet.kill(doomed);
      const load = fleet.load(clients.slice(inFlight, inFlight * 2), [gateway]);

      expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["DELIVERY_UNKNOWN"]));
      await gateway.tells({ type: "instance-suspect", instanceId: doomed.id });
      await gateway.tells({ type: "instance-removed", instanceId: doomed.id, cause: "unreachable" });
      await gateway.tells({ type: "link-lost", instanceId: doomed.id, pins: pinned });
      if (onInstanceLost === "close") {
        await expect.poll(() => clients.every(({ ended }) => ended?.code === 1001), eventually).toBe(true);
        expect(new Set(clients.map(({ ended }) => ended?.reason))).toEqual(new Set(["Service unreachable"]));
      } else {
        await expect.poll(() => clients.every(({ notices }) => notices.length > 0), eventually).toBe(true);
        for (const { ended, notices } of clients) {
          expect(ended).toBeUndefined();
          expect(notices).toEqual(["SESSION_RESET"]);
        }
      }
      await load.flows(inFlight);
      await load.end();
      expect(await gateway.metric("eurus_instances_removed_total", 'cause="unreachable"')).toBe(1);
      expect(await gateway.metric("eurus_unpinned_total", 'cause="instance-lost"')).toBe(pinned);
      await fleet.showsAsDocumented("An instance is killed", { gateways: [gateway] });
      await fleet.judge(10_000);
    },
    120_000,
  );
}

natsTest(
  "a gateway is killed under load: its clients come back elsewhere, and the service lets go of them once [fault:W2 fault:N10]",
  async () => {
    await using fleet = await ChaosFleet.start();
    const [doomed, other, instance] = await Promise.all([
      fleet.gateway(),
      fleet.gateway(),
      fleet.instance({ options: { gatewayLeaseMs: 3_000 } }),
    ]);
    await fleet.knows(doomed, [instance]);
    await fleet.knows(other, [instance]);
    const clients = await fleet.pinned(pinned, doomed);
    const load = fleet.load(clients, [other]);
    await load.flows(pinned);

    await fleet.kill(doomed);

    await instance.tells({ type: "gateway-removed", gatewayId: doomed.id, cause: "lease-expired" });
    await instance.tells({ type: "gateway-link-lost", gatewayId: doomed.id, pins: pinned });
    await load.flows(pinned);
    await load.end();
    expect(load.closeCodes).toEqual(new Map([[1006, pinned]]));
    expect(load.errors).toEqual([]);
    const closed = await instance.metric("eurus_service_connections_closed_total", 'status="1001"');
    expect(closed).toBe(pinned);
    expect(instance.of("virtual-socket-closed").filter(({ status }) => status === 1001)).toHaveLength(pinned);
    await fleet.showsAsDocumented("A gateway is killed", { services: [instance] });
    await fleet.judge(10_000);
  },
  120_000,
);
