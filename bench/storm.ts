import { performance } from "node:perf_hooks";
import process from "node:process";
import type { Processes } from "./harness/child.ts";
import { limitsFor } from "./harness/limits.ts";
import { micros, table } from "./harness/report.ts";
import type { StormResult } from "./harness/reports.ts";
import { type TargetName, targets } from "./harness/targets.ts";
import { cpuMicros } from "./load/cpu.ts";
import { Generator } from "./load/generator.ts";
import type { LoadShape } from "./load/shape.ts";

const connections = 5_000;
const subjects: readonly TargetName[] = ["ws", "velaros", "eurus-nats"];
/** Everybody sends one message at once and nobody a second. */
const oneEach = { warmupMs: 0, windowMs: 1 };

/** All clients are cut off at the same moment, come back as fast as they can, and each sends one message. */
export async function measureStorms(processes: Processes): Promise<readonly StormResult[]> {
  const results: StormResult[] = [];
  for (const name of subjects) results.push(await measureStorm(processes, name));
  const rows = results.map((storm) => [
    storm.target,
    `${storm.connectsPerSecond}/s`,
    micros(storm.connectMicros),
    micros(storm.firstMessageMicros),
    storm.recoverySeconds.toFixed(2),
  ]);
  const headings = [
    "reconnect storm",
    "connects",
    "CPU µs per connect",
    "CPU µs per first message",
    "all answered, s",
  ];
  process.stdout.write(
    `\n${connections} clients are cut off and all come back at once\n${table([headings, ...rows])}\n`,
  );
  return results;
}

async function measureStorm(processes: Processes, name: TargetName): Promise<StormResult> {
  try {
    const generator = await Generator.start(processes);
    const shape: LoadShape = { connections, inFlight: 1, dataBytes: 64 };
    const running = await targets[name].start(processes, { limits: limitsFor(shape) });
    const { port, path, dialect } = running;
    const cpu = (): number =>
      Object.entries(running.processes)
        .filter(([role]) => role !== "nats-server")
        .reduce((sum, [, pid]) => sum + cpuMicros(pid), 0);

    await generator.connect("clients", { port, path, dialect }, shape);
    await generator.run({ name: "clients", shape, ...oneEach, processes: {} });

    const startedMs = performance.now();
    const before = cpu();
    await generator.disconnect("clients");
    const { connectSeconds } = await generator.connect("clients", { port, path, dialect }, shape);
    const connected = cpu();
    await generator.run({ name: "clients", shape, ...oneEach, processes: {} });
    return {
      target: name,
      connections,
      connectsPerSecond: Math.round(connections / connectSeconds),
      connectMicros: (connected - before) / connections,
      firstMessageMicros: (cpu() - connected) / connections,
      recoverySeconds: (performance.now() - startedMs) / 1000,
    };
  } finally {
    await processes.stopAll();
  }
}
