import { expect, test } from "vitest";
import { BigFleet } from "./big-fleet.ts";
import type { DiscoveryCost } from "./big-fleet.ts";
import { runFleetScenario } from "./scenario.ts";

const isLong = process.env["EURUS_LONG"] !== undefined;
const kib = 1_024;

test("a fleet finds its members at once, spreads its clients evenly, and does so again when members come and go [weakness:W30]", async () => {
  const size = isLong
    ? { gateways: 20, services: 20, instancesPerService: 5, clients: 200_000 }
    : { gateways: 8, services: 8, instancesPerService: 5, clients: 20_000 };
  const found = await runFleetScenario({ ...size, routesPerService: 20 });

  expect(found.start.convergedMs).toBeLessThanOrEqual(1_000);
  expect(found.arrived.clients).toBe(size.clients);
  expect(found.arrived.balance.worst).toBeLessThanOrEqual(0.05);
  expect(found.added.knownMs).toBeLessThanOrEqual(1_000);
  expect(found.added.most).toBeLessThanOrEqual(1.1);
  expect(found.drained.heardMs).toBeLessThanOrEqual(100);
  expect(found.drained.opensAfterwards).toBe(0);
  expect(found.killed.goneMs).toBeLessThanOrEqual(6_000);
  expect(found.killed.balance.worst).toBeLessThanOrEqual(0.05);
  expect(found.gatewayLost.clients).toBeGreaterThan(0);
  expect(found.gatewayLost.backMs).toBeLessThanOrEqual(10_000);
  expect(found.gatewayLost.ghostsGoneMs).toBeLessThanOrEqual(13_500);
  expect(found.gatewayLost.balance.worst).toBeLessThanOrEqual(0.05);
  expect(found.unserved).toBe(0);
}, 120_000);

test.for([
  { what: "gateways", gateways: 2, services: 1, growth: { gateway: 1.3, instance: 2.2 } },
  { what: "services", gateways: 1, services: 2, growth: { gateway: 2.2, instance: 1.3 } },
])(
  "with twice as many $what discovery costs a process at most twice as much",
  async ({ gateways, services, growth }) => {
    const fewer = await discoveryCost({ gateways: gateways > 1 ? 48 : 8, services: services > 1 ? 48 : 8 });
    const more = await discoveryCost({ gateways: gateways > 1 ? 96 : 8, services: services > 1 ? 96 : 8 });

    expect(fewer.gateway.heardBytes).toBeGreaterThan(kib);
    for (const role of ["gateway", "instance"] as const) {
      const ratio = more[role].heardBytes / fewer[role].heardBytes;
      expect(ratio, role).toBeLessThanOrEqual(growth[role]);
    }
  },
);

/** Of a fleet in which nearly every gateway has a link to every instance. */
async function discoveryCost(size: { gateways: number; services: number }): Promise<DiscoveryCost> {
  const fleet = new BigFleet({ ...size, instancesPerService: 1, routesPerService: 20 });
  await fleet.start(1_000);
  const clients = size.gateways * size.services * 4;
  fleet.arrive(clients, clients);
  await fleet.time.run(5_000);
  return fleet.discoveryCost(12);
}
