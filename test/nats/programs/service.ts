// An instance of a service in a process of its own.
import { Service } from "eurus";
import type { ServiceEvent, ServiceOptions } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { json } from "velaros/json";
import { readConfig, ready } from "./parent.ts";

/** How a test wants its instance. */
export interface ServiceConfig {
  readonly servers: readonly string[];
  readonly name?: string;
  /** Stands before every route. */
  readonly prefix?: string;
  readonly options?: ServiceOptions;
}

const config = readConfig<ServiceConfig>();
const counted = new Map<string, number[]>();
const closes: unknown[] = [];
let opens = 0;

const routes = new Router()
  .publicBind("/who", (ctx) => ctx.reply({ id: service.id }))
  .publicBind("/echo", async (ctx) => ctx.reply(await ctx.receive()))
  .publicBind("/size", (ctx) => ctx.reply({ bytes: ctx.data?.byteLength ?? 0 }))
  .publicBind("/wait", async (ctx) => {
    await ctx.done;
  })
  .publicBind("/remember", (ctx) => {
    ctx.setOnSocket("remembered", ctx.unmarshal());
    return ctx.reply("ok");
  })
  .publicBind("/recall", (ctx) => ctx.reply({ remembered: ctx.getFromSocket("remembered") ?? null }))
  .publicBind("/count", (ctx) => {
    const number = ctx.unmarshal<number>();
    const numbers = counted.get(ctx.socketId) ?? [];
    counted.set(ctx.socketId, numbers);
    numbers.push(number);
    return ctx.reply(number);
  })
  .publicBind("/pour", async (ctx) => {
    // More than any buffer on the way holds, for a client that may not read it.
    for (let count = 0; count < 400 && !ctx.signal.aborted; count++)
      await ctx.push("x".repeat(256 * 1024), { path: "/poured" });
  });
const router = new Router()
  .use(json())
  .useOpen(() => {
    opens++;
  })
  .useClose((ctx) => {
    closes.push(ctx.closeStatus());
  })
  .bind("/private", (ctx) => ctx.reply("never"))
  .use(config.prefix ?? "/", routes);

const transport = await NatsTransport.connect({ servers: [...config.servers], noRandomize: true });
const service: Service = new Service(config.name ?? "who", transport, router, config.options);
const events: ServiceEvent[] = [];
service.onEvent((event) => events.push(event));
await service.start();

ready(
  { id: service.id },
  {
    events: () =>
      events.map((event) => (event.type === "error" ? { ...event, error: String(event.error) } : event)),
    counted: () => [...counted.values()],
    closes: () => closes,
    opens: () => opens,
    busStatus: () => transport.status,
    stop: () => service.stop(),
    start: () => service.start(),
  },
);
