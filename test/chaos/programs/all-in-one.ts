// A gateway, a service and, when asked, their clients in one process, which can say what it holds on to.
import { once } from "node:events";
import { readdirSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Gateway, Service } from "eurus";
import type { Packet, Transport, Unsubscribe } from "eurus";
import { LocalTransport } from "eurus/local";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import type { ListenOptions } from "velaros";
import { json } from "velaros/json";
import { WebSocket } from "ws";
import { readConfig, ready } from "../../nats/programs/parent.ts";
import { WrappedTransport } from "../../support/wrapped-transport.ts";

/** How a test wants it. */
export interface AllInOneConfig {
  /** Addresses of NATS, where gateway and service have a connection each; without them they share a bus in here. */
  readonly servers?: readonly string[];
  readonly listen?: Partial<ListenOptions>;
}

/** What a process holds on to. */
export interface Holdings {
  /** After everything that can be collected was. */
  readonly heapBytes: number;
  /** How many there are of each kind: sockets, timers and the like. */
  readonly resources: Readonly<Record<string, number>>;
  /** File descriptors; `0` on systems that don't list them. */
  readonly descriptors: number;
  readonly subscriptions: number;
  readonly instances: number;
  readonly pins: number;
  readonly gatewaySockets: number;
  readonly serviceSockets: number;
}

let subscriptions = 0;

/** Counts subscriptions. */
class CountedTransport extends WrappedTransport {
  override subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    const unsubscribe = super.subscribe(subject, handler);
    subscriptions++;
    let isSubscribed = true;
    return () => {
      if (isSubscribed) subscriptions--;
      isSubscribed = false;
      unsubscribe();
    };
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const config = readConfig<AllInOneConfig>();
const local = new LocalTransport();
const refusals: string[] = [];
let serviceSockets = 0;

async function connect(): Promise<Transport> {
  const { servers } = config;
  return new CountedTransport(
    servers === undefined ? local : await NatsTransport.connect({ servers: [...servers] }),
  );
}

const gateway = new Gateway("main-gateway", await connect());
await gateway.start();
const servicesTransport = await connect();
const service = new Service("work", servicesTransport, work());
service.onEvent(({ type }) => {
  if (type === "virtual-socket-opened") serviceSockets++;
  if (type === "virtual-socket-closed") serviceSockets--;
});
await service.start();
const edge = new Router().use(json()).use(gateway);
const { port, url } = await edge.listen({
  host: "127.0.0.1",
  port: 0,
  path: "/ws",
  onRefused: (reason) => refusals.push(reason),
  ...config.listen,
});

function work(): Router {
  return new Router()
    .use(json())
    .useOpen((ctx) => ctx.setOnSocket("opened", true))
    .publicBind("/work", (ctx) => ctx.reply("done"))
    .publicBind("/keep", (ctx) => {
      ctx.setOnSocket("kept", ctx.unmarshal<{ readonly text: string }>().text.split(""));
      return ctx.reply("kept");
    });
}

/** Clients that come, ask once, and go: by closing, or without a word. */
async function comeAndGo(count: number): Promise<void> {
  const atOnce = 50;
  for (let done = 0; done < count; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => visit(index % 2 === 0)));
  }
  while (gateway.sockets().length > 0 || serviceSockets > 0) await delay(5);
}

async function visit(isPolite: boolean): Promise<void> {
  const client = new WebSocket(url);
  await once(client, "open");
  client.send(JSON.stringify({ id: "1", path: "/work" }));
  await once(client, "message");
  const closed = once(client, "close");
  if (isPolite) client.close();
  else client.terminate();
  await closed;
}

/** Instances of further services that start, are known, and stop. */
async function startAndStop(count: number): Promise<void> {
  const atOnce = 20;
  for (let done = 0; done < count; done += atOnce) {
    const instances = Array.from(
      { length: atOnce },
      (_, index) => new Service(`service-${index}`, servicesTransport, work()),
    );
    await Promise.all(instances.map((instance) => instance.start()));
    if (gateway.services().length !== atOnce + 1) throw new Error("an instance is not known");
    await Promise.all(instances.map((instance) => instance.stop()));
  }
}

function descriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

function holdings(): Holdings {
  collectGarbage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    // Work that ends with this turn is held by nobody.
    if (kind !== "Immediate") resources[kind] = (resources[kind] ?? 0) + 1;
  }
  return {
    heapBytes: process.memoryUsage().heapUsed,
    resources,
    descriptors: descriptors(),
    subscriptions,
    instances: gateway.services().length,
    pins: gateway.services().reduce((sum, { pins }) => sum + pins, 0),
    gatewaySockets: gateway.sockets().length,
    serviceSockets,
  };
}

ready(
  { url, id: gateway.id },
  {
    comeAndGo: (count) => comeAndGo(Number(count)),
    startAndStop: (count) => startAndStop(Number(count)),
    holdings,
    refusals: () => refusals,
    sockets: () => gateway.sockets().length,
    port: () => port,
  },
);
