// An instance of a service in a process of its own. Its handlers write into the history of the test at once, because
// the process may be killed in the next moment.
import process from "node:process";
import { Service } from "eurus";
import type { ServiceOptions } from "eurus";
import { Metrics } from "eurus/metrics";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import type { Context } from "velaros";
import { json } from "velaros/json";
import type { HistoryEvent } from "../../history/history.ts";
import { leave, readConfig, ready } from "../../nats/programs/parent.ts";
import { wallClockMs } from "../wall-clock.ts";

/** How a test wants its instance. */
export interface ServiceConfig {
  readonly servers: readonly string[];
  readonly options?: ServiceOptions;
}

/** What clients send. */
export interface Question {
  /** Names the message in the history. */
  readonly message: string;
  /** How long the handler takes, in milliseconds; also less, when the client goes away. */
  readonly takesMs?: number;
}

const serviceName = "work";
const config = readConfig<ServiceConfig>();
let sessions = 0;

const router = new Router()
  .use(json())
  .useOpen((ctx) => {
    const session = `${service.id}/${++sessions}`;
    ctx.setOnSocket("session", session);
    const { id: instance } = service;
    record({
      type: "opened",
      atMs: wallClockMs(),
      service: serviceName,
      instance,
      socket: clientOf(ctx),
      session,
    });
  })
  .useClose((ctx) => {
    const { id: instance } = service;
    record({ type: "closed", atMs: wallClockMs(), instance, session: sessionOf(ctx) });
  })
  .publicBind("/work", async (ctx) => {
    const { message, takesMs = 0 } = handled(ctx, false);
    if (takesMs > 0) await pause(takesMs, ctx.signal);
    return { message };
  })
  .bind("/secret", (ctx) => {
    handled(ctx, true);
  });

const transport = await NatsTransport.connect({ servers: [...config.servers], noRandomize: true });
const service: Service = new Service(serviceName, transport, router, config.options);
const metrics = new Metrics();
metrics.watch(service);
service.onEvent((event) => {
  if (event.type === "virtual-socket-opened" || event.type === "received") return;
  process.send?.({ event: event.type === "error" ? { ...event, error: String(event.error) } : event });
});
await service.start();

process.once("SIGTERM", () => {
  void stop();
});

async function stop(): Promise<void> {
  await service.stop();
  await transport.close();
  leave();
}

function handled(ctx: Context, isPrivate: boolean): Question {
  const question = ctx.unmarshal<Question>();
  const { message } = question;
  const { id: instance } = service;
  record({
    type: "handled",
    atMs: wallClockMs(),
    service: serviceName,
    instance,
    socket: clientOf(ctx),
    session: sessionOf(ctx),
    message,
    isPrivate,
  });
  return question;
}

/** Clients name themselves in a header that gateways pass on. */
function clientOf(ctx: Context): string {
  return String(ctx.headers["x-request-id"]);
}

function sessionOf(ctx: Context): string {
  return String(ctx.mustGetFromSocket("session"));
}

function record(history: HistoryEvent): void {
  process.send?.({ history });
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finished = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finished);
      resolve();
    };
    const timer = setTimeout(finished, durationMs);
    signal.addEventListener("abort", finished);
  });
}

ready({ id: service.id }, { metrics: () => metrics.registry.metrics() });
