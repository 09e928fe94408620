// What one round trip over the bus costs: one request in flight, the client library's own request().
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { Histogram } from "../load/histogram.ts";
import type { Window } from "../load/shape.ts";
import { readConfig, ready } from "./lib/child.ts";

const { natsPort } = readConfig<{ readonly natsPort: number }>();
const nats = await connect({ servers: `127.0.0.1:${natsPort}`, noAsyncTraces: true });
const payload = Buffer.alloc(128, "x");

async function measure(durationMs: number): Promise<Window> {
  const latencies = new Histogram();
  const startedMs = performance.now();
  let replies = 0;
  let nowMs = startedMs;
  while (nowMs - startedMs < durationMs) {
    const sentMs = nowMs;
    await nats.request("bench.echo", payload, { timeout: 5_000 });
    nowMs = performance.now();
    latencies.record((nowMs - sentMs) * 1000);
    replies++;
  }
  return {
    seconds: (nowMs - startedMs) / 1000,
    replies,
    p50Micros: latencies.quantile(0.5),
    p99Micros: latencies.quantile(0.99),
    cpuMicrosPerReply: {},
    generatorMicrosPerReply: Number.NaN,
    generatorUtilisation: Number.NaN,
    checkedReplies: 0,
  };
}

ready({}, async (request) => {
  const { warmupMs, windowMs } = request as { readonly warmupMs: number; readonly windowMs: number };
  await measure(warmupMs);
  await delay(1);
  return measure(windowMs);
});
