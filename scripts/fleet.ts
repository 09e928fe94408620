// npm run fleet -- --connections 1e6 --messages-per-second 1e5 --gateways 100 --services 50 --instances 10
//
// What a fleet needs, by the arithmetic of docs/fleet.md and the costs in bench/results.
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { fleetNeeds } from "./fleet-model.ts";
import type { FleetPlan } from "./fleet-model.ts";
import { readUnitCosts } from "./fleet-costs.ts";

const usage = `npm run fleet -- [--connections 1e6] [--messages-per-second 1e5] [--message-bytes 200]
                 [--gateways 100] [--services 50] [--instances 10] [--pins 1]`;
const plan = readPlan();
const { costs, source } = readUnitCosts(join(import.meta.dirname, "../bench/results"));
const found = fleetNeeds(plan, costs);
const { discovery, needs } = found;

say(`${count(plan.connections)} connections, ${count(plan.messagesPerSecond)} messages of ${plan.messageBytes} B a second,
${plan.gateways} gateways, ${plan.services} services of ${plan.instances} instances, ${plan.pins} pins per connection.
Costs: ${source}.

${found.batch.toFixed(2)} messages share a packet. CPU per message: gateway ${found.gatewayMicros.toFixed(1)} µs, instance ${found.instanceMicros.toFixed(1)} µs, NATS ${found.natsMicros.toFixed(1)} µs.
Heartbeats, once a second: a gateway hears ${count(discovery.heardByGateway)} of ${(discovery.instanceBytes / 1e3).toFixed(1)} KB, an instance ${count(discovery.heardByInstance)}, most of ${(discovery.gatewayBytes / 1e3).toFixed(1)} KB;
the bus hands out ${count(discovery.busMessagesPerSecond)} messages and ${count(discovery.busBytesPerSecond / 1e6)} MB for them.
Messages: ${count(found.packetsPerSecond)} packets a second. Subscriptions: ${count(found.subscriptions)}.
`);
for (const { what, value, unit, limit, remedy } of needs) {
  const used = value / limit;
  const figures = `${count(value)} of ${count(limit)} ${unit}`.trimEnd();
  say(
    `${used > 1 ? "✗" : "✓"} ${what.padEnd(46)} ${figures.padStart(24)}  ${`${Math.round(used * 100)} %`.padStart(6)}`,
  );
  if (used > 1) say(`    → ${remedy}`);
}

function readPlan(): FleetPlan {
  const defaults = {
    connections: "1e6",
    "messages-per-second": "1e5",
    "message-bytes": "200",
    gateways: "100",
    services: "50",
    instances: "10",
    pins: "1",
  };
  try {
    const options = Object.fromEntries(
      Object.entries(defaults).map(([name, fallback]) => [
        name,
        { type: "string" as const, default: fallback },
      ]),
    );
    const { values } = parseArgs({ options });
    const number = (name: keyof typeof defaults): number => {
      const value = Number(values[name]);
      if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not '${String(values[name])}'`);
      return value;
    };
    return {
      connections: number("connections"),
      messagesPerSecond: number("messages-per-second"),
      messageBytes: number("message-bytes"),
      gateways: number("gateways"),
      services: number("services"),
      instances: number("instances"),
      pins: number("pins"),
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}\n`);
    process.exit(1);
  }
}

function count(value: number): string {
  if (!Number.isFinite(value)) return "never";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(2)).toString();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
