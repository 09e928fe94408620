// The load generator: a process of its own that does what its parent asks. It reads the CPU accounts of the
// servers itself, at the very moment at which it reads its own counters.
import process from "node:process";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { ready } from "../servers/lib/child.ts";
import { LoadConnection, outstandingLimit, type Tally } from "./connection.ts";
import { cpuMicros } from "./cpu.ts";
import { buildFrameRing, firstArea, type FrameRing } from "./frames.ts";
import { Histogram } from "./histogram.ts";
import type { Destination, LoadShape, Window } from "./shape.ts";
import { startTicker } from "./ticker.ts";

export type GeneratorRequest =
  | {
      readonly do: "connect";
      readonly name: string;
      readonly destination: Destination;
      readonly shape: LoadShape;
    }
  | {
      readonly do: "run";
      readonly name: string;
      readonly shape: LoadShape;
      readonly warmupMs: number;
      readonly windowMs: number;
      /** Role → process id. */
      readonly processes: Readonly<Record<string, number>>;
    }
  | { readonly do: "disconnect"; readonly name: string };

/** What a `connect` tells. */
export interface Connected {
  readonly connectSeconds: number;
}

interface Clients {
  readonly connections: LoadConnection[];
  readonly tally: Tally;
}

const connectsAtOnce = 200;
const drainTimeoutMs = 5_000;
/** A paced connection that has this much unanswered gets nothing more: the server has fallen behind. */
const pacedOutstandingLimit = outstandingLimit;

const clientsByName = new Map<string, Clients>();

ready({}, (request) => perform(request as GeneratorRequest));

async function perform(request: GeneratorRequest): Promise<Window | Connected | undefined> {
  switch (request.do) {
    case "connect":
      return connectAll(request.name, request.destination, request.shape);
    case "run":
      return run(request);
    case "disconnect":
      for (const connection of clientsByName.get(request.name)?.connections ?? []) connection.close();
      clientsByName.delete(request.name);
      return undefined;
  }
}

async function connectAll(name: string, destination: Destination, shape: LoadShape): Promise<Connected> {
  const rings = Array.from({ length: destination.areas ?? 1 }, (_, index) =>
    buildFrameRing(destination.dialect, shape.dataBytes, firstArea + index),
  );
  const tally: Tally = {
    replies: 0,
    checked: 0,
    outstanding: 0,
    latencies: new Histogram(),
    failure: undefined,
  };
  const connections: LoadConnection[] = [];
  const from = performance.now();
  while (connections.length < shape.connections) {
    const batch: LoadConnection[] = [];
    for (let count = Math.min(connectsAtOnce, shape.connections - connections.length); count > 0; count--) {
      const ring = rings[(connections.length + batch.length) % rings.length] as FrameRing;
      batch.push(new LoadConnection(destination, ring, tally));
    }
    connections.push(...batch);
    await Promise.all(batch.map((connection) => connection.opened));
  }
  clientsByName.set(name, { connections, tally });
  return { connectSeconds: (performance.now() - from) / 1000 };
}

async function run(request: Extract<GeneratorRequest, { do: "run" }>): Promise<Window> {
  const clients = clientsByName.get(request.name);
  if (clients === undefined) throw new Error(`Nothing is connected under the name ${request.name}`);
  const { connections, tally } = clients;
  const stop = startLoad(connections, tally, request.shape);

  await delay(request.warmupMs);
  tally.latencies.reset();
  const before = reading(tally, request.processes);
  await delay(request.windowMs);
  const after = reading(tally, request.processes);
  const p50Micros = tally.latencies.quantile(0.5);
  const p99Micros = tally.latencies.quantile(0.99);
  stop();
  await drained(tally);

  const replies = after.replies - before.replies;
  const seconds = (after.atMs - before.atMs) / 1000;
  const cpuMicrosPerReply: Record<string, number> = {};
  for (const role of Object.keys(request.processes)) {
    cpuMicrosPerReply[role] = ((after.cpu[role] ?? 0) - (before.cpu[role] ?? 0)) / replies;
  }
  const generatorMicros = after.own - before.own;
  return {
    seconds,
    replies,
    p50Micros,
    p99Micros,
    cpuMicrosPerReply,
    generatorMicrosPerReply: generatorMicros / replies,
    generatorUtilisation: generatorMicros / seconds / 1e6,
    checkedReplies: tally.checked,
  };
}

function startLoad(connections: readonly LoadConnection[], tally: Tally, shape: LoadShape): () => void {
  if (shape.inFlight !== undefined) {
    const now = performance.now();
    for (const connection of connections) {
      connection.refill = true;
      connection.send(shape.inFlight, now);
    }
    return () => {
      for (const connection of connections) connection.refill = false;
    };
  }

  const perMs = (shape.perSecond ?? 0) / 1000;
  const startedMs = performance.now();
  let sent = 0;
  return startTicker(Math.max(0.05, 1 / perMs), () => {
    const due = Math.floor((performance.now() - startedMs) * perMs);
    for (; sent < due; sent++) {
      const connection = connections[sent % connections.length];
      if (connection === undefined) return;
      if (connection.outstanding >= pacedOutstandingLimit) {
        tally.failure ??= new Error(`The server can't keep up with ${shape.perSecond} messages per second`);
        return;
      }
      // From when the message was due, not from when the ticker got to it: waiting counts.
      connection.send(1, startedMs + (sent + 1) / perMs);
    }
  });
}

function reading(tally: Tally, processes: Readonly<Record<string, number>>) {
  const cpu: Record<string, number> = {};
  for (const [role, pid] of Object.entries(processes)) cpu[role] = cpuMicros(pid);
  return { replies: tally.replies, cpu, own: cpuMicros(process.pid), atMs: performance.now() };
}

/** Every message must be answered in the end, and nothing may have gone wrong on the way. */
async function drained(tally: Tally): Promise<void> {
  const deadline = performance.now() + drainTimeoutMs;
  while (tally.outstanding > 0 && tally.failure === undefined && performance.now() < deadline) await delay(5);
  if (tally.failure !== undefined) throw tally.failure;
  if (tally.outstanding !== 0) throw new Error(`${tally.outstanding} replies are missing after 5 s`);
}
