import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { ChaosFleet, eventually } from "../chaos/chaos-fleet.ts";
import type { GatewayMember, ServiceMember } from "../chaos/chaos-fleet.ts";
import { Wires, wireTest } from "./wires.ts";

const count = 200;
const [gatewayWire, firstWire, secondWire] = [0, 1, 2];

interface WiredFleet {
  readonly fleet: ChaosFleet;
  readonly gateway: GatewayMember;
  readonly first: ServiceMember;
  readonly second: ServiceMember;
}

/** A gateway and two instances, each with a wire of its own. */
async function onWires(fleet: ChaosFleet, wires: Wires): Promise<WiredFleet> {
  const on = (wire: number): { readonly servers: readonly string[] } => ({ servers: [wires.url(wire)] });
  const options = { onInstanceLost: "repin" } as const;
  const [gateway, first, second] = await Promise.all([
    fleet.gateway(on(gatewayWire)),
    fleet.instance({ ...on(firstWire), options }),
    fleet.instance({ ...on(secondWire), options }),
  ]);
  await fleet.knows(gateway, [first, second]);
  return { fleet, gateway, first, second };
}

wireTest(
  "every wire to NATS is cut for longer than any lease: clients stay, and no pin is lost [fault:N1 fault:N11]",
  async () => {
    await using wires = await Wires.lay(3);
    await using fleet = ChaosFleet.elsewhere();
    const { gateway, first, second } = await onWires(fleet, wires);
    const clients = await fleet.pinned(count, gateway);
    const load = fleet.load(clients, [gateway]);
    await load.flows(count);

    await Promise.all([gatewayWire, firstWire, secondWire].map((wire) => wires.cut(wire)));
    await gateway.tells({ type: "bus", status: "disconnected" });
    await delay(20_000);
    await Promise.all([gatewayWire, firstWire, secondWire].map((wire) => wires.mend(wire)));

    await load.flows(count * 3, 60_000);
    await load.end();
    expect(load.closeCodes).toEqual(new Map());
    expect(gateway.of("unpinned")).toEqual([]);
    for (const instance of [first, second]) expect(instance.of("gateway-link-lost")).toEqual([]);
    await fleet.judge(60_000);
  },
  180_000,
);

wireTest(
  "one instance's wire is cut for longer than its lease: its clients are told and go on elsewhere [fault:N11]",
  async () => {
    await using wires = await Wires.lay(3);
    await using fleet = ChaosFleet.elsewhere();
    const { gateway, first, second } = await onWires(fleet, wires);
    const clients = await fleet.pinned(count, gateway);
    const load = fleet.load(clients, [gateway]);
    await load.flows(count);

    await wires.cut(firstWire);
    await gateway.tells({ type: "instance-removed", instanceId: first.id, cause: "lease-expired" });
    await load.flows(count);
    await wires.mend(firstWire);
    await fleet.knows(gateway, [first, second]);

    await load.flows(count);
    await load.end();
    expect(load.closeCodes).toEqual(new Map());
    expect(["DELIVERY_UNKNOWN", "SERVICE_UNAVAILABLE"]).toEqual(expect.arrayContaining(load.errors));
    expect(new Set(clients.flatMap(({ notices }) => notices))).toEqual(new Set(["SESSION_RESET"]));
    const lost = (): number => first.of("gateway-link-lost").reduce((sum, { pins }) => sum + pins, 0);
    await expect.poll(lost, eventually).toBe(count / 2);
    await fleet.judge(60_000);
  },
  180_000,
);

wireTest(
  "a thin wire makes a fleet slower, and nothing else [fault:N12]",
  async () => {
    await using wires = await Wires.lay(3);
    await using fleet = ChaosFleet.elsewhere();
    const { gateway, first, second } = await onWires(fleet, wires);
    const clients = await fleet.pinned(count, gateway);
    await wires.narrow(gatewayWire, 1_000);

    const load = fleet.load(clients, [gateway]);
    await load.flows(count * 20, 60_000);
    await load.end();

    expect(load.errors).toEqual([]);
    expect(load.closeCodes).toEqual(new Map());
    expect(gateway.of("link-lost")).toEqual([]);
    for (const instance of [first, second]) expect(instance.of("gateway-link-lost")).toEqual([]);
    await fleet.judge(60_000);
  },
  180_000,
);
