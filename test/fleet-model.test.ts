import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { measuredCosts } from "../scripts/fleet-costs.ts";
import { fleetNeeds, microsPerMessage } from "../scripts/fleet-model.ts";
import type { FleetPlan } from "../scripts/fleet-model.ts";
import { BigFleet } from "./simulation/fleet/big-fleet.ts";
import { runProgram } from "./support/run-program.ts";

const plan: FleetPlan = {
  connections: 1_000_000,
  messagesPerSecond: 100_000,
  messageBytes: 200,
  gateways: 100,
  services: 50,
  instances: 10,
  pins: 1,
};

test("the cost of a message is the measured one in each of the three situations that were measured", () => {
  for (const cost of [measuredCosts.gateway, measuredCosts.instance, measuredCosts.nats]) {
    expect(microsPerMessage(cost, 1, 1)).toBeCloseTo(cost.alone);
    expect(microsPerMessage(cost, 40, 1)).toBeCloseTo(cost.onePerClient);
    expect(microsPerMessage(cost, 400, 16)).toBeCloseTo(cost.manyPerClient);
  }
});

test("what is used most, compared with its limit, comes first", () => {
  const { needs } = fleetNeeds({ ...plan, gateways: 50 }, measuredCosts);
  const used = needs.map(({ value, limit }) => value / limit);

  expect(used).toEqual(used.toSorted((left, right) => right - left));
  expect(needs.find(({ what }) => what === "connections of a gateway")).toMatchObject({
    value: 20_000,
    limit: 16_000,
  });
});

test("the more messages go the same way, the less each costs, and the more the fleet spreads, the more", () => {
  const busy = fleetNeeds({ ...plan, messagesPerSecond: 10_000_000 }, measuredCosts);
  const calm = fleetNeeds(plan, measuredCosts);
  const spread = fleetNeeds({ ...plan, gateways: 1_000 }, measuredCosts);

  expect(busy.batch).toBeGreaterThan(calm.batch);
  expect(busy.gatewayMicros).toBeLessThan(calm.gatewayMicros);
  expect(spread.gatewayMicros).toBeGreaterThan(calm.gatewayMicros);
  expect(spread.discovery.busBytesPerSecond).toBeGreaterThan(calm.discovery.busBytesPerSecond);
});

test.each([
  { gateways: 8, services: 12, instances: 3 },
  { gateways: 40, services: 8, instances: 2 },
])("heartbeats are as many and as large as in a simulated fleet: $gateways gateways", async (size) => {
  const fleet = new BigFleet({ ...size, instancesPerService: size.instances, routesPerService: 20 });
  await fleet.start(1_000);
  const clients = size.gateways * size.services * size.instances * 4;
  fleet.arrive(clients, clients);
  await fleet.time.run(5_000);
  const seen = await fleet.discoveryCost(12);
  const { discovery } = fleetNeeds({ ...plan, ...size }, measuredCosts);

  expect(discovery.heardByGateway / seen.gateway.heardMessages).toBeCloseTo(1, 1);
  expect(discovery.heardByInstance / seen.instance.heardMessages).toBeCloseTo(1, 1);
  expect(discovery.busMessagesPerSecond / seen.busMessages).toBeCloseTo(1, 1);
  expect(discovery.busBytesPerSecond / seen.busBytes).toBeGreaterThan(0.85);
  expect(discovery.busBytesPerSecond / seen.busBytes).toBeLessThan(1.15);
});

const root = fileURLToPath(new URL("..", import.meta.url));

function runFleet(...words: readonly string[]) {
  return runProgram(
    process.execPath,
    ["--conditions=@velaros/source", "--import", "tsx", "scripts/fleet.ts", ...words],
    { cwd: root },
  );
}

test("the calculator prints the same arithmetic, and says what is not enough", async () => {
  const program = runFleet("--connections", "1e6", "--gateways", "10");

  expect(await program.exited).toBe(0);
  expect(program.output()).toContain("1,000,000 connections, 100,000 messages of 200 B a second");
  expect(program.output()).toMatch(/✗ connections of a gateway +100,000 of 16,000 +625 %/);
});

test("the calculator says what it can be asked", async () => {
  const program = runFleet("--gateways", "many");

  expect(await program.exited).toBe(1);
  expect(program.output()).toContain("--gateways takes a number above 0, not 'many'");
});
