// npm run bench:isolation [-- --rounds 5 --mebibytes 16 --profile folder]
//
// What a client notices of its neighbours at the same gateway: the latency of small numbered messages when it is
// quiet, and while one neighbour streams large messages and another asked for a stream that it does not read.
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { build } from "./harness/build.ts";
import { type Child, endAfter, endOnSignals, Processes } from "./harness/child.ts";
import { describeMachine } from "./harness/machine.ts";
import { startNats } from "./harness/nats.ts";
import { figureOf, micros, table } from "./harness/report.ts";
import type { IsolationReport, IsolationResult } from "./harness/reports.ts";
import { writeResults } from "./harness/results.ts";
import { readWords } from "./harness/words.ts";
import type { DisturberRequest } from "./load/disturber.ts";
import type { Latencies, NumberedRequest } from "./load/numbered.ts";

const clientCount = 4;
const messages = 500;
const everyMs = 3;
const mebibyte = 1024 * 1024;
const settleMs = 300;
const targetRatio = 3;
const targetMicros = 10_000;
interface Round {
  readonly quiet: Latencies;
  readonly loaded: Latencies;
  readonly largeMibPerSecond: number;
}

interface Subject {
  readonly label: string;
  readonly port: number;
  readonly rounds: Round[];
}

const { numbers, texts } = readWords({
  usage: "npm run bench:isolation [-- --rounds 5 --mebibytes 16 --profile folder]",
  numbers: { rounds: 5, mebibytes: 16 },
  texts: { profile: "" },
});
const { rounds, mebibytes } = numbers;
const largeBytes = mebibytes * mebibyte;
const limits = { maxMessageBytes: largeBytes + 1024, messagesPerSecond: 1_000_000, stallTimeoutMs: 60_000 };
const shape = `${clientCount} clients, each ${messages} messages, one every ${everyMs} ms; loaded: ${mebibytes} MiB messages one after the other, and a stream that nobody reads`;
const root = fileURLToPath(new URL("..", import.meta.url));
endOnSignals();
endAfter(60_000 + rounds * 12_000);
build(root);
const machine = describeMachine(root);
if (machine.loadBefore > 0.5)
  say(`*** Something else is running (load ${machine.loadBefore}): expect noise.`);
say(`${rounds} rounds, quiet and loaded in turns. ${shape}.`);

const processes = new Processes(root, { profileFolder: texts.profile || undefined });
const subjects: Subject[] = [];
try {
  const numbered = await processes.start("load/numbered.js", {});
  const disturber = await processes.start("load/disturber.js", {});
  subjects.push(await subjectOf("bare ws, in one process", await startAlone("isolation-ws"), numbered));
  subjects.push(await subjectOf("Eurus in one process", await startAlone("isolation-local"), numbered));
  subjects.push(await subjectOf("Eurus over NATS", await startOverNats(), numbered));
  for (const subject of subjects) await measure(subject, numbered, disturber);
  for (const { rounds: warmUp } of subjects) warmUp.length = 0;
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed())
      await measure(subject, numbered, disturber);
  }
} finally {
  await processes.stopAll();
}
report();

async function startAlone(server: string): Promise<Child> {
  return processes.start(`servers/${server}.js`, { limits });
}

async function startOverNats(): Promise<Child> {
  const natsPort = (await startNats(processes)).port;
  await processes.start("servers/isolation-service.js", { natsPort, name: "numbers" });
  await processes.start("servers/isolation-service.js", { natsPort, name: "streams" });
  return processes.start("servers/eurus-nats-gateway.js", { natsPort, limits });
}

async function subjectOf(label: string, gateway: Child, numbered: Child): Promise<Subject> {
  const port = Number(gateway.ready["port"]);
  const connect: NumberedRequest = { do: "connect", name: label, port, clients: clientCount };
  await numbered.ask(connect);
  return { label, port, rounds: [] };
}

async function measure(subject: Subject, numbered: Child, disturber: Child): Promise<void> {
  const { label, port } = subject;
  const tell = (request: DisturberRequest): Promise<unknown> => disturber.ask(request);
  const round: NumberedRequest = { do: "round", name: label, messages, everyMs };
  const quiet = (await numbered.ask(round)) as Latencies;

  await tell({ do: "start", port, bytes: largeBytes });
  await delay(settleMs);
  const before = Number(await tell({ do: "count" }));
  const beganMs = performance.now();
  const loaded = (await numbered.ask(round)) as Latencies;
  const seconds = (performance.now() - beganMs) / 1000;
  const poured = Number(await tell({ do: "count" })) - before;
  if (poured === 0) throw new Error(`${label}: no large message got through, so nothing was loaded`);
  await tell({ do: "stop" });
  await delay(settleMs);
  subject.rounds.push({ quiet, loaded, largeMibPerSecond: (poured * largeBytes) / mebibyte / seconds });
}

function resultOf({ rounds: measured }: Subject): IsolationResult {
  const of = (pick: (round: Round) => number): ReturnType<typeof figureOf> => figureOf(measured.map(pick));
  const loaded = { p50Micros: of((round) => round.loaded.p50), p99Micros: of((round) => round.loaded.p99) };
  const ratio = of((round) => round.loaded.p99 / round.quiet.p99);
  return {
    quiet: { p50Micros: of((round) => round.quiet.p50), p99Micros: of((round) => round.quiet.p99) },
    loaded,
    ratio,
    largeMibPerSecond: of((round) => round.largeMibPerSecond),
    messagesInOrder: measured.length * 2 * clientCount * messages,
    ok: ratio.median <= targetRatio || loaded.p99Micros.median <= targetMicros,
  };
}

function report(): void {
  const targets: Record<string, IsolationResult> = {};
  const rows = [
    ["µs", "quiet p50", "p99", "loaded p50", "p99", "ratio of p99", "range", "large MiB/s", "target", ""],
  ];
  for (const subject of subjects) {
    const result = resultOf(subject);
    targets[subject.label] = result;
    const { quiet, loaded, ratio } = result;
    rows.push([
      subject.label,
      micros(quiet.p50Micros.median),
      micros(quiet.p99Micros.median),
      micros(loaded.p50Micros.median),
      micros(loaded.p99Micros.median),
      `${micros(ratio.median)} ×`,
      `${micros(ratio.min)}…${micros(ratio.max)}`,
      micros(result.largeMibPerSecond.median),
      `≤ ${targetRatio} × or ≤ ${targetMicros / 1000} ms`,
      result.ok ? styleText("green", "ok") : styleText("red", "missed"),
    ]);
  }
  say(table(rows));
  const total = Object.values(targets).reduce((sum, { messagesInOrder }) => sum + messagesInOrder, 0);
  const isolation: IsolationReport = { machine, rounds, shape, targets };
  const file = writeResults(root, "isolation", rounds >= 5 && mebibytes === 16, isolation);
  say(`${total.toLocaleString("en")} messages, all answered in order. Written to ${file}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
