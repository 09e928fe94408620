import { setTimeout as delay } from "node:timers/promises";
import type { KnownInstance } from "eurus";
import { expect } from "vitest";
import { natsTest } from "../support/nats-server.ts";
import { ChaosFleet } from "./chaos-fleet.ts";
import type { GatewayMember, ServiceMember } from "./chaos-fleet.ts";
import { isLong, scale } from "./scale.ts";

const { clients: count } = scale;
const roundMs = 200;
const runsMs = roundMs / 10;
/** The long run starves processes for several of the leases that are the default; the short one has shorter leases. */
const starvedMs = isLong ? 40_000 : 4_000;
const leases = isLong
  ? { gateway: {}, instance: {} }
  : {
      gateway: { instanceLeaseMs: 1_500, heartbeatIntervalMs: 300 },
      instance: { gatewayLeaseMs: 1_500, heartbeatIntervalMs: 300 },
    };

/** Lets a process run a tenth of the time, until it is over. */
async function starve(member: GatewayMember | ServiceMember, untilMs: number): Promise<void> {
  // None of them should always find the others awake.
  await delay(Math.random() * roundMs);
  while (performance.now() < untilMs) {
    member.signal("SIGSTOP");
    await delay(roundMs - runsMs);
    member.signal("SIGCONT");
    await delay(runsMs);
  }
}

natsTest(
  "processes get a tenth of a core for longer than their leases: everything is slower, and nobody gives anybody up [fault:T5]",
  async () => {
    await using fleet = await ChaosFleet.start();
    const [gateway, ...instances] = await Promise.all([
      fleet.gateway({ options: leases.gateway }),
      fleet.instance({ options: leases.instance }),
      fleet.instance({ options: leases.instance }),
    ]);
    await fleet.knows(gateway, instances);
    const clients = await fleet.pinned(count, gateway);
    const load = fleet.load(clients, [gateway]);
    await load.flows(count);

    const untilMs = performance.now() + starvedMs;
    const answersBefore = load.answers;
    await Promise.all([gateway, ...instances].map((member) => starve(member, untilMs)));
    expect(load.answers).toBeGreaterThan(answersBefore);

    await load.flows(count);
    await load.end();
    expect(load.errors).toEqual([]);
    expect(load.closeCodes).toEqual(new Map());
    for (const type of [
      "instance-removed",
      "instance-suspect",
      "link-lost",
      "unpinned",
      "refused",
    ] as const) {
      expect(gateway.of(type)).toEqual([]);
    }
    for (const instance of instances) {
      for (const type of ["gateway-removed", "gateway-link-lost", "virtual-socket-closed"] as const) {
        expect(instance.of(type)).toEqual([]);
      }
    }
    expect(gateway.of("bus")).toEqual([]);
    expect(instances.flatMap((instance) => instance.of("bus"))).toEqual([]);
    const known = await gateway.program.ask<readonly KnownInstance[]>("services");
    expect(known.reduce((sum, { pins }) => sum + pins, 0)).toBe(count);
    await fleet.judge(15_000);
  },
  120_000,
);
