// npm run bench:fleet [-- --gateways 100 --services 50 --instances 10 --clients 1000000]
//
// Discovery, heartbeats and balance of a fleet that no machine of ours could hold, in virtual time: announcers,
// directories and balancers are the real ones, clients are only counted. It runs the sources, and CPU is that of
// this one process, charged to whom it worked for.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { type Balance, runFleetScenario } from "../test/simulation/fleet/scenario.ts";
import { drawDocs } from "./docs.ts";
import { describeMachine } from "./harness/machine.ts";
import { table } from "./harness/report.ts";
import type { FleetReport } from "./harness/reports.ts";
import { writeResults } from "./harness/results.ts";
import { readWords } from "./harness/words.ts";

const fullSize = { gateways: 100, services: 50, instances: 10, clients: 1_000_000 };
const { numbers } = readWords({
  usage: "npm run bench:fleet [-- --gateways 100 --services 50 --instances 10 --clients 1000000]",
  numbers: fullSize,
});
const root = fileURLToPath(new URL("..", import.meta.url));
const machine = describeMachine(root);
const size = {
  gateways: numbers.gateways,
  services: numbers.services,
  instancesPerService: numbers.instances,
  routesPerService: 20,
};
const { clients } = numbers;
say(
  `${size.gateways} gateways, ${size.services} services of ${size.instancesPerService} instances, ${clients.toLocaleString("en")} clients`,
);

const startedMs = performance.now();
const found = await runFleetScenario({
  ...size,
  clients,
  onProgress: (text) => say(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${text}`),
});
const { start, steady, arrived, added, drained, killed, gatewayLost } = found;
say(
  `\n${table([
    ["discovery, per process and second", "hears", "KB", "says", "KB", "CPU µs per announcement", "core"],
    ...(["gateway", "instance"] as const).map((role) => {
      const cost = steady[role];
      return [
        role,
        cost.heardMessages.toFixed(0),
        (cost.heardBytes / 1e3).toFixed(0),
        cost.sentMessages.toFixed(1),
        (cost.sentBytes / 1e3).toFixed(1),
        cost.microsPerHeard.toFixed(0),
        percent(cost.core),
      ];
    }),
  ])}`,
);
say(
  `The bus hands out ${(steady.busMessages / 1e3).toFixed(1)} thousand messages and ${(steady.busBytes / 1e6).toFixed(0)} MB a second for it.`,
);
say(`
All processes started within a second: known everywhere ${start.convergedMs} ms after the last one.
  A gateway heard ${start.gateway.heardMessages.toFixed(0)} announcements (${(start.gateway.heardBytes / 1e6).toFixed(1)} MB) and spent ${start.gateway.cpuMs.toFixed(0)} ms on them, an instance ${start.instance.heardMessages.toFixed(0)} (${(start.instance.heardBytes / 1e6).toFixed(1)} MB) and ${start.instance.cpuMs.toFixed(0)} ms.
All clients arrived within 20 s: ${balanced(arrived.balance)}; ${arrived.microsPerChoice.toFixed(1)} µs per choice.
An instance was added: known after ${added.knownMs} ms, full after ${(added.filledMs / 1e3).toFixed(1)} s by new clients alone, never above ${percent(added.most)} of an even share.
One was drained: avoided by all after ${drained.heardMs} ms, ${drained.opensAfterwards} clients came afterwards.
One was killed with ${killed.clients} clients: gone everywhere after ${(killed.goneMs / 1e3).toFixed(1)} s, all clients back after ${(killed.backMs / 1e3).toFixed(1)} s; ${balanced(killed.balance)}.
A gateway was lost with ${gatewayLost.clients} clients: all back after ${(gatewayLost.backMs / 1e3).toFixed(1)} s, ${balanced(gatewayLost.balanceBefore)};
  instances stopped counting its clients after ${(gatewayLost.ghostsGoneMs / 1e3).toFixed(1)} s; then ${balanced(gatewayLost.balance)}.
Clients that found nobody: ${found.unserved}`);

const complete = isDeepStrictEqual(numbers, fullSize);
const report: FleetReport = { machine, size: { ...size, clients }, found };
say(`\nWritten to ${writeResults(root, "fleet", complete, report)}`);
if (complete) drawDocs(root);

function balanced({ median, worst }: Balance): string {
  return `no instance further from even than ${percent(worst)} (median of the services ${percent(median)})`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
