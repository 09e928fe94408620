// npm run bench:workers [velaros] [eurus] [spread] [-- --rounds 5]
//
// One worker process and two on the same port, in turns. The load comes from the same machine: with two cores, what
// the generator, the service and the bus take is missing to the workers. So look at CPU per message, which says
// whether sharing costs anything, and at how evenly connections spread, before you look at throughput. At the end the
// same load is spread over ever more gateways and services, each a process: batches shrink, and the bus is awake for
// more of them at a time.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { cpuOf } from "./cases.ts";
import { build } from "./harness/build.ts";
import { type Child, endOnSignals, Processes } from "./harness/child.ts";
import { limitsFor } from "./harness/limits.ts";
import { describeMachine } from "./harness/machine.ts";
import { startNats } from "./harness/nats.ts";
import { type Figure, figureOf, micros, table } from "./harness/report.ts";
import type { SpreadResult, WorkersReport, WorkersResult } from "./harness/reports.ts";
import { writeResults } from "./harness/results.ts";
import { readWords, refuse } from "./harness/words.ts";
import { Generator } from "./load/generator.ts";
import { measureAlternately, type Subject, type Timing } from "./load/measure.ts";
import { describeShape, type LoadShape, type Window } from "./load/shape.ts";
import { drawDocs } from "./docs.ts";

const kinds = ["velaros", "eurus"] as const;
type Kind = (typeof kinds)[number];
const labels: Readonly<Record<Kind, string>> = { velaros: "Velaros alone", eurus: "Eurus over NATS" };
const spreads = [1, 4, 8] as const;
const spreadShape: LoadShape = { dataBytes: 64, connections: 200, perSecond: 4_000 };
const workerCounts = [1, 2] as const;
const shapes: readonly LoadShape[] = [
  { dataBytes: 64, connections: 100, inFlight: 1 },
  { dataBytes: 64, connections: 100, inFlight: 16 },
];

interface Deployment {
  readonly workers: Child;
  /** Role → process id. */
  readonly processes: Readonly<Record<string, number>>;
}

const usage = "npm run bench:workers [velaros|eurus|spread] [-- --rounds 5]";
const { numbers, names } = readWords({ usage, numbers: { rounds: 5 }, names: true });
const chosen = names.length > 0 ? kinds.filter((kind) => names.includes(kind)) : kinds;
const withSpread = names.length === 0 || names.includes("spread");
if (chosen.length === 0 && !withSpread) refuse(`${names.join(" and ")} is not measured`, usage);
const timing: Timing = {
  rounds: numbers.rounds,
  firstWarmupMs: 1_500,
  warmupMs: 250,
  windowMs: 1_000,
};
const root = fileURLToPath(new URL("..", import.meta.url));
endOnSignals();
build(root);
const processes = new Processes(root);
const machine = describeMachine(root);
say(`${machine.cores} cores, which generator and bus share; ${timing.rounds} rounds, in turns; medians.`);
if (machine.loadBefore > 0.5)
  say(`*** Something else is running (load ${machine.loadBefore}): expect noise.`);

const results: WorkersResult[] = [];
for (const kind of chosen) {
  for (const shape of shapes) results.push(...(await measureShape(kind, shape)));
}
const spread = withSpread ? await measureSpread() : [];
const complete = chosen.length === kinds.length && withSpread && timing.rounds >= 5;
const report: WorkersReport = { machine, results, spread, spreadShape: describeShape(spreadShape) };
say(`\nWritten to ${writeResults(root, "workers", complete, report)}`);
if (complete) drawDocs(root);

async function measureShape(kind: Kind, shape: LoadShape): Promise<readonly WorkersResult[]> {
  try {
    const generator = await Generator.start(processes);
    const deployments = new Map<string, Deployment>();
    const subjects: Subject[] = [];
    for (const workers of workerCounts) {
      const name = `${kind}-${workers}`;
      const deployment = await deploy(kind, workers, shape);
      deployments.set(name, deployment);
      subjects.push(await subjectOf(name, deployment, generator, shape));
    }
    const windows = await measureAlternately(subjects, timing);
    const [first] = windows.values();
    const measured: WorkersResult[] = [];
    for (const [index, workers] of workerCounts.entries()) {
      const name = subjects[index]?.name ?? "";
      const connections = (await deployments.get(name)?.workers.ask("connections")) as readonly number[];
      measured.push(resultOf(kind, shape, workers, connections, windows.get(name) ?? [], first ?? []));
    }
    show(kind, shape, measured);
    return measured;
  } finally {
    await processes.stopAll();
  }
}

/** One load over 1, 4 and 8 gateways and as many instances, in turns. */
async function measureSpread(): Promise<readonly SpreadResult[]> {
  try {
    const generator = await Generator.start(processes);
    const subjects: Subject[] = [];
    for (const count of spreads) {
      const deployment = await deploy("eurus", count, spreadShape, count);
      subjects.push(await subjectOf(`spread-${count}`, deployment, generator, spreadShape));
    }
    const windows = await measureAlternately(subjects, timing);
    const measured = spreads.map((count): SpreadResult => {
      const list = windows.get(`spread-${count}`) ?? [];
      const of = (role: string): Figure => figureOf(list.map((window) => cpuOfRole(window, role)));
      return {
        processes: count,
        gatewayMicros: of("worker"),
        serviceMicros: of("service"),
        natsMicros: of("nats-server"),
        p50Micros: figureOf(list.map((window) => window.p50Micros)),
      };
    });
    const rows = measured.map(({ processes: count, gatewayMicros, serviceMicros, natsMicros, p50Micros }) => [
      `${count} + ${count}`,
      ...[gatewayMicros, serviceMicros, natsMicros, p50Micros].map(({ median }) => micros(median)),
    ]);
    const headings = ["gateways + instances", "CPU µs: gateways", "instances", "nats-server", "p50 µs"];
    say(`\nEurus over NATS, ${describeShape(spreadShape)}\n${table([headings, ...rows])}`);
    return measured;
  } finally {
    await processes.stopAll();
  }
}

async function deploy(
  kind: Kind,
  count: number,
  shape: LoadShape,
  services: number = 1,
): Promise<Deployment> {
  const config = { limits: limitsFor(shape), workers: count };
  const others: Record<string, number> = {};
  let natsPort: number | undefined;
  if (kind === "eurus") {
    const nats = await startNats(processes);
    natsPort = nats.port;
    for (let index = 1; index <= services; index++) {
      const service = await processes.start("servers/eurus-nats-service.js", { natsPort });
      others[`service ${index}`] = service.pid;
    }
    others["nats-server"] = nats.pid;
  }
  const workers = await processes.start("servers/workers.js", { ...config, natsPort });
  const own = Object.fromEntries(
    (workers.ready["pids"] as readonly number[]).map((pid, index) => [`worker ${index + 1}`, pid]),
  );
  return { workers, processes: { "first process": workers.pid, ...own, ...others } };
}

async function subjectOf(
  name: string,
  { workers, processes }: Deployment,
  generator: Generator,
  shape: LoadShape,
): Promise<Subject> {
  const port = Number(workers.ready["port"]);
  await generator.connect(name, { port, path: "/ws", dialect: "envelope" }, shape);
  return {
    name,
    window: (warmupMs, windowMs) => generator.run({ name, shape, warmupMs, windowMs, processes }),
  };
}

function resultOf(
  kind: Kind,
  shape: LoadShape,
  workers: number,
  connections: readonly number[],
  windows: readonly Window[],
  ofOneWorker: readonly Window[],
): WorkersResult {
  const rate = (window: Window | undefined): number =>
    window === undefined ? Number.NaN : window.replies / window.seconds;
  const of = (pick: (window: Window, index: number) => number): Figure => figureOf(windows.map(pick));
  return {
    kind: labels[kind],
    shape: describeShape(shape),
    workers,
    connections,
    repliesPerSecond: of(rate),
    speedUp: of((window, index) => rate(window) / rate(ofOneWorker[index])),
    workerMicros: of((window) => cpuOfRole(window, "worker") + cpuOfRole(window, "first process")),
    serviceMicros: kind === "eurus" ? of((window) => cpuOfRole(window, "service")) : undefined,
    natsMicros: kind === "eurus" ? of((window) => cpuOfRole(window, "nats-server")) : undefined,
    cpuRatio: of((window, index) => {
      const one = ofOneWorker[index];
      return one === undefined ? Number.NaN : cpuOf(window) / cpuOf(one);
    }),
    busyCores: of((window) => {
      const spent = cpuOf(window) + cpuOfRole(window, "nats-server") + window.generatorMicrosPerReply;
      return (spent * rate(window)) / 1e6;
    }),
    generatorCores: of((window) => window.generatorUtilisation),
    p50Micros: of((window) => window.p50Micros),
    p99Micros: of((window) => window.p99Micros),
  };
}

/** CPU per message of all processes in a role. */
function cpuOfRole(window: Window, role: string): number {
  return Object.entries(window.cpuMicrosPerReply).reduce(
    (sum, [name, spent]) => (name.startsWith(role) ? sum + spent : sum),
    0,
  );
}

function show(kind: Kind, shape: LoadShape, measured: readonly WorkersResult[]): void {
  const rows = measured.map((result) => [
    `${result.workers} ${result.workers === 1 ? "worker" : "workers"}`,
    Math.round(result.repliesPerSecond.median).toLocaleString("en"),
    `${micros(result.speedUp.median)} ×`,
    micros(result.workerMicros.median),
    result.serviceMicros === undefined ? "" : micros(result.serviceMicros.median),
    result.natsMicros === undefined ? "" : micros(result.natsMicros.median),
    `${micros(result.cpuRatio.median)} ×`,
    result.connections.join(" + "),
    micros(result.p50Micros.median),
    micros(result.p99Micros.median),
    `${micros(result.busyCores.median)} (${micros(result.generatorCores.median)})`,
  ]);
  const headings = [
    `${labels[kind]}, ${describeShape(shape)}`,
    "replies/s",
    "to 1",
    "CPU µs: workers",
    "service",
    "nats-server",
    "to 1",
    "connections",
    "p50 µs",
    "p99 µs",
    "busy cores (generator)",
  ];
  say(`\n${table([headings, ...rows])}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
