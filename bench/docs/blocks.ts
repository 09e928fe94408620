import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CheckResult, type Figure, micros, type TargetResult } from "../harness/report.ts";
import { costBeside } from "../harness/growth-costs.ts";
import type { Machine } from "../harness/machine.ts";
import type {
  CaseResult,
  FleetReport,
  GrowthReport,
  LoadReport,
  MemoryReport,
  PointResult,
  SoakReport,
  WorkersReport,
} from "../harness/reports.ts";
import { markdownTable } from "./markdown.ts";

/** Renders one block of the documents from the results in `folder`; says how to measure what has none. */
export function renderBlock(name: string, folder: string): string {
  const block = renderers[name as keyof typeof renderers];
  if (block === undefined) throw new Error(`There is no block "${name}"`);
  const file = join(folder, `${block.file}.json`);
  if (!existsSync(file)) return `_Not measured yet: \`${block.command}\`._`;
  return block.render(JSON.parse(readFileSync(file, "utf8")) as never);
}

const renderers = {
  load: { file: "load", command: "npm run bench", render: load },
  memory: { file: "memory", command: "npm run bench:memory", render: memory },
  growth: { file: "growth", command: "npm run bench:growth", render: growth },
  soak: { file: "soak", command: "npm run bench:soak", render: soak },
  workers: { file: "workers", command: "npm run bench:workers", render: workers },
  fleet: { file: "fleet", command: "npm run bench:fleet", render: fleet },
} as const;

function load({ machine, cases }: LoadReport): string {
  const checks = cases.flatMap((one) => one.checks.map((check) => checkRow(one, check)));
  const reached = checks.filter((row) => row.at(-1) === "reached").length;
  return [
    measuredOn(machine),
    "![CPU time per message beside the baselines](charts/cpu-per-message.svg)",
    `${reached} of ${checks.length} targets reached:`,
    markdownTable([["", "load", "measured", "range", "target", ""], ...checks], [1, 5]),
    ...cases.map(caseTable),
  ].join("\n\n");
}

function checkRow({ id }: CaseResult, check: CheckResult): string[] {
  const { value, unit } = check;
  return [
    check.text,
    id,
    `${micros(value.median)} ${unit}`,
    range(value),
    `${check.atLeast ? "≥" : "≤"} ${check.target} ${unit}`,
    check.ok ? "reached" : "missed",
  ];
}

function caseTable({ id, shape, limits, targets }: CaseResult): string {
  const rows = Object.entries(targets).map(([name, result]) => [
    name,
    cpuOf(result),
    Object.entries(result.cpuMicros)
      .filter(([role]) => role !== "server")
      .map(([role, figure]) => `${role} ${micros(figure.median)}`)
      .join(", "),
    thousands(result.repliesPerSecond.median),
    micros(result.p50Micros.median),
    micros(result.p99Micros.median),
  ]);
  const headings = [`${id}, µs`, "CPU per message", "of which", "replies/s", "p50", "p99"];
  return `${shape}. ${limits}\n\n${markdownTable([headings, ...rows], [2])}`;
}

function cpuOf({ cpuMicros }: TargetResult): string {
  const own = Object.entries(cpuMicros).filter(([role]) => role !== "nats-server");
  return own.length === 0 ? "" : micros(own.reduce((sum, [, figure]) => sum + figure.median, 0));
}

function memory({ machine, targets }: MemoryReport): string {
  const rows = Object.entries(targets).flatMap(([name, target]) =>
    Object.keys(target.idleKib)
      .filter((role) => role !== "nats-server")
      .map((role) => [
        role === "server" ? name : `${name}, ${role}`,
        kib(target.idleKib[role]),
        kib(target.afterOneMessageKib[role]),
        kib(target.afterCollectionKib[role]),
        thousands(target.connectsPerSecond),
      ]),
  );
  const connections = Object.values(targets)[0]?.connections ?? 0;
  return [
    `${measuredOn(machine)} ${thousands(connections)} connections, no compression, limits at their defaults. The first message of a client pins it to an instance; what that costs the service is stated in its own line.`,
    "![Resident memory per connection](charts/memory-per-connection.svg)",
    markdownTable([
      ["KiB RSS per connection", "idle", "after one message", "after a collection", "connects/s"],
      ...rows,
    ]),
  ].join("\n\n");
}

function growth({ machine, curves, storms }: GrowthReport): string {
  const rows = curves.flatMap(({ title, points, reference, growth: ratio, growthBeside, target }) => {
    const steps = points.map(({ x }) => thousands(x)).join(" → ");
    const courseOf = (pick: (point: PointResult) => Figure | undefined): string =>
      points.map((point) => micros(pick(point)?.median ?? Number.NaN)).join(" → ");
    const verdict = (value: number): string =>
      target === undefined ? "shown" : `≤ ${target} ×, ${value <= target ? "reached" : "missed"}`;
    const course = courseOf(({ cpuMicros }) => cpuMicros);
    const rows = [[title, steps, course, `${ratio.toFixed(2)} ×`, verdict(ratio)]];
    if (points.some(({ idleMicros }) => idleMicros !== undefined)) {
      const idle = courseOf(({ idleMicros }) => idleMicros);
      rows.push(["of it, what they do also while nobody sends; not judged", "", idle, "", ""]);
    }
    if (reference !== undefined && growthBeside !== undefined) {
      rows.push([`the same clients, ${reference}`, "", courseOf((point) => point.referenceMicros), "", ""]);
      const quotients = points.map((point) => costBeside(point).toFixed(2)).join(" → ");
      rows.push([
        "many compared with one, ×",
        "",
        quotients,
        `${growthBeside.toFixed(2)} ×`,
        verdict(growthBeside),
      ]);
    }
    return rows;
  });
  const stormRows = storms.map((storm) => [
    storm.target,
    thousands(storm.connectsPerSecond),
    micros(storm.connectMicros),
    micros(storm.firstMessageMicros),
    `${storm.recoverySeconds.toFixed(2)} s`,
  ]);
  return [
    measuredOn(machine),
    "![CPU time per message as the fleet grows](charts/growth.svg)",
    markdownTable(
      [["µs of gateway and service per message", "", "", "dearest to cheapest", "target"], ...rows],
      [1, 2, 4],
    ),
    `${thousands(storms[0]?.connections ?? 0)} clients are cut off at once, come back as fast as they can, and send a message each:`,
    markdownTable([
      ["", "connects/s", "CPU µs per connect", "CPU µs per first message", "all answered after"],
      ...stormRows,
    ]),
  ].join("\n\n");
}

function soak({ machine, samples, shape, cpuGrowth, p99Growth, memoryGrowth, ok }: SoakReport): string {
  const minutes = Math.round((samples.at(-1)?.atSeconds ?? 0) / 60);
  return [
    `${measuredOn(machine)} ${minutes} minutes of ${thousands(shape.perSecond ?? 0)} messages a second over NATS. Second half to first, after the warm-up: CPU per message ${cpuGrowth.toFixed(2)} ×, memory ${memoryGrowth.toFixed(2)} × (at most 1.2 ×: ${ok ? "reached" : "missed"}), p99 ${p99Growth.toFixed(2)} ×.`,
    "![CPU time and memory over time](charts/soak.svg)",
  ].join("\n\n");
}

function workers({ machine, results, spread, spreadShape }: WorkersReport): string {
  const rows = results.map((result) => [
    `${result.kind}, ${result.shape}`,
    String(result.workers),
    thousands(result.repliesPerSecond.median),
    `${micros(result.speedUp.median)} ×`,
    micros(result.workerMicros.median),
    result.serviceMicros === undefined ? "" : micros(result.serviceMicros.median),
    result.natsMicros === undefined ? "" : micros(result.natsMicros.median),
    result.connections.join(" + "),
    `${micros(result.busyCores.median)} (${micros(result.generatorCores.median)})`,
  ]);
  const headings = [
    "",
    "workers",
    "replies/s",
    "to one",
    "CPU µs: workers",
    "service",
    "nats-server",
    "connections",
    "busy cores (generator)",
  ];
  const spreadRows = spread.map(({ processes, gatewayMicros, serviceMicros, natsMicros, p50Micros }) => [
    `${processes} + ${processes}`,
    ...[gatewayMicros, serviceMicros, natsMicros, p50Micros].map(({ median }) => micros(median)),
  ]);
  return [
    measuredOn(machine),
    markdownTable([headings, ...rows]),
    `The same load over more gateways and instances, each a process (${spreadShape}): batches shrink, and nats-server is awake for several at a time.`,
    markdownTable([
      ["gateways + instances", "CPU µs: gateways", "instances", "nats-server", "p50 µs"],
      ...spreadRows,
    ]),
  ].join("\n\n");
}

function fleet({ machine, size, found }: FleetReport): string {
  const { start, steady, arrived, added, drained, killed, gatewayLost } = found;
  const { gateways, services, instancesPerService, clients } = size;
  const costs = (["gateway", "instance"] as const).map((role) => {
    const cost = steady[role];
    return [
      role,
      cost.heardMessages.toFixed(0),
      `${(cost.heardBytes / 1e3).toFixed(0)} KB`,
      `${cost.microsPerHeard.toFixed(0)} µs`,
      percent(cost.core),
    ];
  });
  const events = [
    [
      "all processes start within a second",
      `every gateway knows every instance ${start.convergedMs} ms after the last one; until then a gateway heard ${thousands(start.gateway.heardMessages)} announcements (${megabytes(start.gateway.heardBytes)}, ${start.gateway.cpuMs.toFixed(0)} ms of CPU)`,
    ],
    [
      `${thousands(clients)} clients arrive within 20 s`,
      `no instance further than ${percent(arrived.balance.worst)} from an even share; ${arrived.microsPerChoice.toFixed(1)} µs per choice`,
    ],
    [
      "an instance is added",
      `known everywhere after ${added.knownMs} ms; full after ${seconds(added.filledMs)} by new clients alone (1 % of all a second), never above ${percent(added.most)} of an even share`,
    ],
    [
      "an instance is drained",
      `avoided by every gateway after ${drained.heardMs} ms; ${drained.opensAfterwards} clients came afterwards`,
    ],
    [
      `an instance is killed (${thousands(killed.clients)} clients)`,
      `gone from every gateway after ${seconds(killed.goneMs)}, all clients back after ${seconds(killed.backMs)}, no instance further than ${percent(killed.balance.worst)} from even`,
    ],
    [
      `a gateway is lost (${thousands(gatewayLost.clients)} clients)`,
      `all back at others after ${seconds(gatewayLost.backMs)}; instances count the lost ones for ${seconds(gatewayLost.ghostsGoneMs)}; no instance further than ${percent(gatewayLost.balanceBefore.worst)} from even before, ${percent(gatewayLost.balance.worst)} after`,
    ],
  ];
  return [
    `${measuredOn(machine)} ${gateways} gateways, ${services} services of ${instancesPerService} instances, ${thousands(clients)} clients, in virtual time; CPU is real.`,
    markdownTable([
      ["per second", "announcements heard", "bytes", "CPU per announcement", "of a core"],
      ...costs,
    ]),
    `The bus hands out ${thousands(steady.busMessages)} messages and ${megabytes(steady.busBytes)} a second for all of it.`,
    markdownTable([["what happens", "what was seen"], ...events], [1]),
  ].join("\n\n");
}

function measuredOn({ measuredAt, cpu, cores, kernel, commit, loadBefore, versions }: Machine): string {
  const load = loadBefore > 0.5 ? `, beside other work (load ${loadBefore})` : "";
  return `Measured ${measuredAt.slice(0, 10)} at ${commit.slice(0, 12)}: ${cpu}, ${cores} cores, Linux ${kernel}, Node ${versions["node"]}${load}.`;
}

function range({ min, max }: Figure): string {
  return `${micros(min)} … ${micros(max)}`;
}

function kib(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(1);
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`;
}
