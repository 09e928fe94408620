import { expect, test } from "vitest";
import { expectSignals, operationsRows } from "./signals.ts";
import type { Observed } from "./signals.ts";

function observed(metrics: string, ...types: readonly string[]): Observed {
  return { events: types.map((type) => ({ type })), scrape: () => Promise.resolve(metrics) };
}

const fault = "A gateway is cut off from NATS for a moment";
const cutOff = observed("", "bus", "refused");
const meanwhile = ['eurus_bus_disconnected{gateway="a"} 1\neurus_messages_refused_total{gateway="a"} 3'];

test("a row is read from the document, side by side", () => {
  const row = operationsRows().find((found) => found.fault === "An instance is asked to stop");

  expect(row).toMatchObject({
    codes: new Set(["SERVICE_UNAVAILABLE", "1001", "SESSION_RESET"]),
    gatewayEvents: ["instance-draining", "instance-removed", "unpinned"],
    serviceEvents: ["draining"],
    metrics: ['eurus_instances{state="draining"}', "eurus_instances_removed_total", "eurus_unpinned_total"],
    hasLine: false,
  });
});

test("what a row names has to be seen, and what clients see has to be named", async () => {
  const clients = ["SERVICE_UNAVAILABLE"];
  await expectSignals(fault, { clients, gateways: [cutOff], meanwhile });

  await expect(expectSignals("No such fault", {})).rejects.toThrow("has no row");
  await expect(expectSignals(fault, { gateways: [cutOff], meanwhile })).rejects.toThrow("no client");
  await expect(
    expectSignals(fault, { clients: [...clients, 1001], gateways: [cutOff], meanwhile }),
  ).rejects.toThrow("does not name");
});

test.each([
  ["gateway: refused", { gateways: [observed("", "bus")], meanwhile }],
  [
    "eurus_bus_disconnected",
    { gateways: [cutOff], meanwhile: meanwhile.map((text) => text.replace("1", "0")) },
  ],
])("a signal that is missing is named: %s", async (signal, signals) => {
  const patience = { withinMs: 10 };
  const seen = { clients: ["SERVICE_UNAVAILABLE"], ...signals };

  await expect(expectSignals(fault, seen, patience)).rejects.toThrow(`missing of the row "${fault}"`);
  await expectSignals(fault, { ...seen, except: [signal] }, patience);
});
