// npm run bench:failover [-- --trials 10]
//
// How soon others get over the loss of an instance that is killed with SIGKILL: with traffic, where the bus tells the
// gateway that nobody listens any more, and without, where its heartbeats have to be missed first.
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "./harness/build.ts";
import { type Child, endAfter, endOnSignals, Processes } from "./harness/child.ts";
import { describeMachine } from "./harness/machine.ts";
import { startNats } from "./harness/nats.ts";
import { checkRow, type CheckResult, figureOf, micros, table } from "./harness/report.ts";
import type { FailoverReport } from "./harness/reports.ts";
import { writeResults } from "./harness/results.ts";
import { readWords } from "./harness/words.ts";
import { machineMs } from "./load/clock.ts";
import type { TrialRequest, TrialResult } from "./load/failover-trial.ts";
import type { Loss } from "./servers/failover-gateway.ts";

const instanceCount = 3;
const clients = 12;
const newClients = 30;
const pollMs = 50;
const patienceMs = 15_000;
/** Between two quiet kills: no multiple or fraction of a heartbeat. */
const betweenKillsMs = 370;
const shape = `${instanceCount} instances, ${clients} clients, a message every millisecond; ${newClients} new clients come right after the kill`;

interface Trial extends TrialResult {
  readonly closedMs: number;
  readonly noticedMs: number;
}

const { trials } = readWords({
  usage: "npm run bench:failover [-- --trials 10]",
  numbers: { trials: 10 },
}).numbers;
const root = fileURLToPath(new URL("..", import.meta.url));
endOnSignals();
endAfter(60_000 + trials * 6_000);
build(root);
const machine = describeMachine(root);
if (machine.loadBefore > 0.5)
  say(`*** Something else is running (load ${machine.loadBefore}): expect noise.`);
say(`${trials} kills with traffic and ${trials} without. ${shape}.`);

const processes = new Processes(root);
const underTraffic: Trial[] = [];
const leasesMs: number[] = [];
try {
  const natsPort = (await startNats(processes)).port;
  const gateway = await processes.start("servers/failover-gateway.js", { natsPort });
  const generator = await processes.start("load/failover-trial.js", {});
  const instances: Child[] = [];
  for (let trial = 0; trial < trials; trial++) {
    while (instances.length < instanceCount)
      instances.push(await processes.start("servers/failover-instance.js", { natsPort }));
    // The oldest one has seen the most.
    const victim = instances.shift();
    if (victim !== undefined) underTraffic.push(await killUnderTraffic(victim, gateway, generator));
  }
  const idle: Child[] = [];
  while (idle.length < trials) idle.push(await processes.start("servers/failover-instance.js", { natsPort }));
  leasesMs.push(...(await killInSilence(idle, gateway)));
} finally {
  await processes.stopAll();
}
report();

async function killUnderTraffic(victim: Child, gateway: Child, generator: Child): Promise<Trial> {
  const request: TrialRequest = {
    port: Number(gateway.ready["port"]),
    victim: instanceOf(victim),
    victimPid: victim.pid,
    clients,
    newClients,
  };
  const result = (await generator.ask(request)) as TrialResult;
  const loss = await lossOf(victim, gateway);
  return { ...result, closedMs: await victim.closedMs, noticedMs: loss.atMs };
}

/** Nobody sends anything, so that only missing heartbeats can tell. */
async function killInSilence(idle: readonly Child[], gateway: Child): Promise<readonly number[]> {
  const killed: { readonly victim: Child; readonly atMs: number }[] = [];
  for (const victim of idle) {
    await delay(betweenKillsMs);
    killed.push({ victim, atMs: machineMs() });
    process.kill(victim.pid, "SIGKILL");
  }
  const result: number[] = [];
  for (const { victim, atMs } of killed) {
    const loss = await lossOf(victim, gateway);
    if (loss.cause !== "lease-expired") throw new Error(`A quiet instance was lost as ${loss.cause}`);
    result.push(loss.atMs - atMs);
  }
  return result;
}

/** The first moment at which the gateway would no longer choose the instance. */
async function lossOf(victim: Child, gateway: Child): Promise<Loss> {
  const deadlineMs = machineMs() + patienceMs;
  while (machineMs() < deadlineMs) {
    const losses = (await gateway.ask("losses")) as readonly Loss[];
    const loss = losses.find(({ instance }) => instance === instanceOf(victim));
    if (loss !== undefined) return loss;
    await delay(pollMs);
  }
  throw new Error(`The gateway did not notice within ${patienceMs / 1000} s that an instance was killed`);
}

function instanceOf(child: Child): string {
  return String(child.ready["instance"]);
}

function report(): void {
  const of = (pick: (trial: Trial) => number): readonly number[] => underTraffic.map(pick);
  const checks = [
    check(
      "traffic: no longer chosen",
      of((trial) => trial.noticedMs - trial.killedMs),
      10,
    ),
    check(
      "traffic: open messages have their outcome",
      of((trial) => trial.settledMs - trial.killedMs),
      1_000,
    ),
    check(
      "traffic: longest wait of a new client",
      of((trial) => trial.longestWaitMs),
      1_000,
    ),
    check("silence: no longer chosen", leasesMs, 6_000),
  ];
  const newClientErrors: Record<string, number> = {};
  for (const code of underTraffic.flatMap((trial) => trial.newClientErrors))
    newClientErrors[code] = (newClientErrors[code] ?? 0) + 1;
  const failover: FailoverReport = {
    machine,
    trials,
    shape,
    checks,
    processEndMs: figureOf(of((trial) => trial.closedMs - trial.killedMs)),
    noticedAfterEndMs: figureOf(of((trial) => trial.noticedMs - trial.closedMs)),
    openMessages: sum(of((trial) => trial.openMessages)),
    newClients: trials * newClients,
    newClientErrors,
  };
  say(table([["from the kill, median", "measured", "range", "target", ""], ...checks.map(checkRow)]));
  const { processEndMs, noticedAfterEndMs } = failover;
  say(
    `The system takes ${micros(processEndMs.median)} ms (at most ${micros(processEndMs.max)}) to end the process; ` +
      `the gateway notices ${micros(noticedAfterEndMs.median)} ms (at most ${micros(noticedAfterEndMs.max)}) after that.`,
  );
  say(
    `${failover.openMessages} open messages, each with an outcome; ${failover.newClients} new clients, all served, ` +
      `after these errors: ${JSON.stringify(newClientErrors)}.`,
  );
  say(`Written to ${writeResults(root, "failover", trials >= 10, failover)}`);
}

function check(text: string, milliseconds: readonly number[], target: number): CheckResult {
  const value = figureOf(milliseconds);
  return { text, unit: "ms", value, target, atLeast: false, ok: value.median <= target };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
