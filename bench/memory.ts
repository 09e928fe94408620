// npm run bench:memory [target…]
//
// Resident memory per idle connection at 10,000 connections (fewer when the descriptor limit says so): right after
// they opened, and after each has sent one message, which in Eurus pins it to a service.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { drawDocs } from "./docs.ts";
import { build } from "./harness/build.ts";
import { endOnSignals, Processes } from "./harness/child.ts";
import { limitsFor } from "./harness/limits.ts";
import { describeMachine } from "./harness/machine.ts";
import { table } from "./harness/report.ts";
import type { MemoryReport, MemoryResult } from "./harness/reports.ts";
import { writeResults } from "./harness/results.ts";
import { type Running, type TargetName, targets } from "./harness/targets.ts";
import { readWords, refuse } from "./harness/words.ts";
import { residentKib } from "./load/cpu.ts";
import { Generator } from "./load/generator.ts";
import type { LoadShape } from "./load/shape.ts";

const measured: readonly TargetName[] = ["ws", "velaros", "eurus-nats"];
/** Client and server are two processes; each needs a few descriptors beside its connections. */
const connections = Math.min(10_000, descriptorLimit() - 500);
const settleMs = 2_000;

const root = fileURLToPath(new URL("..", import.meta.url));
endOnSignals();
build(root);
const usage = `npm run bench:memory [${measured.join("|")}…]`;
const { names } = readWords({ usage, numbers: {}, names: true });
const chosen = names.length > 0 ? measured.filter((name) => names.includes(name)) : measured;
if (chosen.length === 0) refuse(`${names.join(" and ")} is not measured`, usage);
const results: Record<string, MemoryResult> = {};
for (const name of chosen) results[name] = await measureMemory(name);
report();

async function measureMemory(name: TargetName): Promise<MemoryResult> {
  const processes = new Processes(root);
  try {
    const generator = await Generator.start(processes);
    const idle: LoadShape = { connections, perSecond: connections, dataBytes: 64 };
    const running = await targets[name].start(processes, { limits: limitsFor(idle) }, ["--expose-gc"]);
    const { port, path, dialect } = running;

    // Code gets compiled and pools get filled by the first clients, whoever comes after them.
    const few: LoadShape = { connections: 100, inFlight: 1, dataBytes: 64 };
    await generator.connect("first", { port, path, dialect }, few);
    await generator.run({ name: "first", shape: few, warmupMs: 0, windowMs: 1_000, processes: {} });
    await generator.disconnect("first");
    const before = await resident(running, true);

    const { connectSeconds } = await generator.connect("idle", { port, path, dialect }, idle);
    const opened = await resident(running, false);
    // At this rate each of them sends one message in a second; a little more makes sure of the last.
    await generator.run({ name: "idle", shape: idle, warmupMs: 100, windowMs: 1_000, processes: {} });
    const used = await resident(running, false);
    const collected = await resident(running, true);
    const perConnection = (now: Readonly<Record<string, number>>): Record<string, number> =>
      Object.fromEntries(
        Object.entries(now).map(([role, kib]) => [
          role,
          Math.round(((kib - (before[role] ?? 0)) / connections) * 100) / 100,
        ]),
      );
    return {
      connections,
      connectsPerSecond: Math.round(connections / connectSeconds),
      idleKib: perConnection(opened),
      afterOneMessageKib: perConnection(used),
      afterCollectionKib: perConnection(collected),
    };
  } finally {
    await processes.stopAll();
  }
}

async function resident(running: Running, collect: boolean): Promise<Record<string, number>> {
  await delay(settleMs);
  if (collect) {
    for (const child of Object.values(running.children)) await child.ask("collect");
    await delay(settleMs / 4);
  }
  return Object.fromEntries(Object.entries(running.processes).map(([role, pid]) => [role, residentKib(pid)]));
}

function report(): void {
  const rows: string[][] = [
    ["KiB RSS per connection", "idle", "after one message", "after a collection", "connects/s"],
  ];
  for (const [name, result] of Object.entries(results)) {
    for (const role of Object.keys(result.idleKib)) {
      const of = (kib: Readonly<Record<string, number>>): string => (kib[role] ?? Number.NaN).toFixed(2);
      rows.push([
        `${name}, ${role}`,
        of(result.idleKib),
        of(result.afterOneMessageKib),
        of(result.afterCollectionKib),
        String(result.connectsPerSecond),
      ]);
    }
  }
  process.stdout.write(
    `${connections} connections, no compression, limits at their defaults\n${table(rows)}\n`,
  );
  const complete = chosen.length === measured.length;
  const memory: MemoryReport = { machine: describeMachine(root), targets: results };
  writeResults(root, "memory", complete, memory);
  if (complete) drawDocs(root);
}

function descriptorLimit(): number {
  const limit = Number(execFileSync("/bin/sh", ["-c", "ulimit -n"], { encoding: "utf8" }));
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}
