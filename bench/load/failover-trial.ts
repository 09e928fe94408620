// Clients of a service of which an instance is killed, in a process of their own.
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { ready } from "../servers/lib/child.ts";
import { machineMs } from "./clock.ts";
import { FailoverClient } from "./failover-client.ts";
import { startTicker } from "./ticker.ts";

export interface TrialRequest {
  readonly port: number;
  /** The instance to kill, and its process. */
  readonly victim: string;
  readonly victimPid: number;
  readonly clients: number;
  readonly newClients: number;
}

/** Moments on the clock of the machine. */
export interface TrialResult {
  readonly killedMs: number;
  readonly settledMs: number;
  readonly openMessages: number;
  /** Longest time between the first message of a new client and its answer. */
  readonly longestWaitMs: number;
  /** Codes of the errors that new clients got before they were served. */
  readonly newClientErrors: readonly string[];
}

const pollMs = 5;
const patienceMs = 10_000;
const trafficBeforeMs = 100;

ready({}, (request) => runTrial(request as TrialRequest));

/** One message each millisecond; from the kill on every other is the first one of a new client. */
async function runTrial(request: TrialRequest): Promise<TrialResult> {
  const { port, victim } = request;
  const settled = await connect(port, request.clients);
  const newcomers = await connect(port, request.newClients);
  for (const client of settled) client.send("/work");
  await until("every client is served", () => settled.every(({ instance }) => instance !== undefined));
  const affected = settled.filter(({ instance }) => instance === victim);
  if (affected.length === 0) throw new Error("No client is at the instance to kill");

  for (const client of settled) client.send("/hold");
  const came: { readonly client: FailoverClient; readonly atMs: number }[] = [];
  let ticks = 0;
  let killed = false;
  const stop = startTicker(1, () => {
    const tick = ticks++;
    const newcomer = killed && tick % 2 === 0 ? newcomers[came.length] : undefined;
    if (newcomer !== undefined) came.push({ client: newcomer, atMs: machineMs() });
    (newcomer ?? settled[tick % settled.length])?.send("/work");
  });
  try {
    // At any moment between two messages and two heartbeats.
    await delay(trafficBeforeMs + Math.random() * trafficBeforeMs);
    const killedMs = machineMs();
    process.kill(request.victimPid, "SIGKILL");
    killed = true;
    const openMessages = affected.reduce((sum, client) => sum + client.awaitOpen(), 0);

    await until("what was open has an outcome", () => {
      if (affected.some(({ lostMessages }) => lostMessages)) throw new Error("A message has no outcome");
      return affected.every(({ settledMs }) => settledMs !== undefined);
    });
    await until("every new client is served", () =>
      newcomers.every(({ servedMs }) => servedMs !== undefined),
    );
    return {
      killedMs,
      settledMs: Math.max(...affected.map(({ settledMs }) => settledMs ?? Number.NaN)),
      openMessages,
      longestWaitMs: Math.max(...came.map(({ client, atMs }) => (client.servedMs ?? Number.NaN) - atMs)),
      newClientErrors: newcomers.flatMap(({ errors }) => errors),
    };
  } finally {
    stop();
    for (const client of [...settled, ...newcomers]) client.close();
  }
}

function connect(port: number, count: number): Promise<FailoverClient[]> {
  return Promise.all(Array.from({ length: count }, () => FailoverClient.connect(port)));
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadlineMs = machineMs() + patienceMs;
  while (!isSo()) {
    if (machineMs() > deadlineMs) throw new Error(`Not within ${patienceMs / 1000} s: ${what}`);
    await delay(pollMs);
  }
}
