// A gateway in a process with a small heap, which its clients can fill: as much as they like, what they hoard is kept until they are gone.
import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { Metrics } from "eurus/metrics";
import { Router } from "velaros";
import { json } from "velaros/json";

const transport = new LocalTransport();
const metrics = new Metrics();
const gateway = new Gateway("main-gateway", transport);
metrics.watch(gateway);
const events = new Set<string>();
gateway.onEvent(({ type }) => void events.add(type));
await gateway.start();
const work = new Router()
  .use(json())
  .publicBind("/hello", (ctx) => ctx.reply("hello"))
  .publicBind("/told", async (ctx) =>
    ctx.reply({
      metrics: await metrics.registry.metrics(),
      events: [...events],
      bytes: process.memoryUsage.rss(),
    }),
  );
await new Service("work", transport, work).start();

const edge = new Router({ maxHandlersPerSocket: 10_000 })
  .use(json())
  .publicBind("/hoard", async (ctx) => {
    const hoarded = ctx.unmarshal();
    await ctx.done;
    return hoarded;
  })
  .publicBind("/pour", (ctx) => {
    // As somebody writes who does not know of back-pressure.
    const { mebibytes } = ctx.unmarshal<{ readonly mebibytes: number }>();
    for (let poured = 0; poured < mebibytes; poured++) {
      void ctx.push("x".repeat(1024 * 1024)).catch(() => undefined);
    }
  })
  .use(gateway);
const isOff = process.env["WATCH"] === "off";
const listening = await edge.listen({
  port: 0,
  host: "127.0.0.1",
  path: "/ws",
  onRefused: metrics.refusalsAt(gateway),
  // A client may be as slow as it likes: nothing but the memory is to be short.
  maxBufferedBytes: 64 * 1024 * 1024,
  stallTimeoutMs: 60_000,
  maxProcessMemoryBytes: Number(process.env["MAX_PROCESS_MEMORY_BYTES"] ?? Infinity),
  ...(isOff ? { refuseAboveMemoryPercent: Infinity, closeAboveMemoryPercent: Infinity } : {}),
});
process.stdout.write(`${listening.url}\n`);
