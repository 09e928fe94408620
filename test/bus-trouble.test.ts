import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EurusError, Gateway, Service } from "eurus";
import type { GatewayEvent, ServiceEvent } from "eurus";
import { LocalTransport } from "eurus/local";
import { Metrics } from "eurus/metrics";
import { NatsTransport } from "eurus/nats";
import type { Logger } from "velaros";
import { connectClient } from "velaros/testing";
import { expect, onTestFinished, test } from "vitest";
import { Fleet, jsonRouter } from "./support/fleet.ts";
import { NatsServer, natsTest } from "./support/nats-server.ts";
import { expectSignals, Observer } from "./support/signals.ts";

const silent: Logger = { warn: () => undefined, error: () => undefined };
const answersOfTheService = "eurus.v1.gw.*.*.from.chat-service.*";
const messagesOfTheGateway = "eurus.v1.svc.*.*.from.main-gateway.*";

/** A broker with the permissions of the documentation, but for one subject. */
async function brokerWithout(subject: string): Promise<NatsServer> {
  const config = await readFile(join(import.meta.dirname, "..", "docs", "nats-permissions.conf"), "utf8");
  expect(config).toContain(`"${subject}"`);
  const server = await NatsServer.start({ config: config.replaceAll(`"${subject}"`, `"nowhere"`) });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function transportOf(server: NatsServer, user: string): Promise<NatsTransport> {
  const transport = await NatsTransport.connect({ servers: server.url, user, pass: "change-me" });
  onTestFinished(() => transport.close());
  return transport;
}

async function figure(metrics: Metrics, name: string): Promise<string | undefined> {
  const text = await metrics.registry.metrics();
  return text.split("\n").find((line) => line.startsWith(`${name}{`));
}

/** A logger, and what it was told: level, what it is about, and the sentence. */
function recordingLogger(): { readonly logger: Logger; readonly lines: unknown[][] } {
  const lines: unknown[][] = [];
  const logger: Logger = {
    warn: (details, message) => void lines.push(["warn", details, message]),
    error: (details, message) => void lines.push(["error", details, message]),
  };
  return { logger, lines };
}

natsTest(
  "a permission that is missing is an error event and counted, once for all messages that it stops [fault:N9]",
  async () => {
    const server = await brokerWithout(answersOfTheService);
    const metrics = new Metrics();
    const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!"));
    const chat = new Service("chat-service", await transportOf(server, "chat-service"), router, {
      drainTimeoutMs: 0,
    });
    const events: ServiceEvent[] = [];
    chat.onEvent((event) => events.push(event));
    metrics.watch(chat);
    const atService = new Observer(chat);
    await using fleet = new Fleet(() => transportOf(server, "main-gateway"));
    const edge = await fleet.edge({ options: { openTimeoutMs: 300 } });
    await chat.start();
    onTestFinished(() => chat.stop());
    await expect.poll(() => edge.gateway.canServePath("/hello")).toBe(true);
    const client = await fleet.client(edge);

    for (let count = 0; count < 3; count++) {
      expect((await client.ask("/hello")).error?.code).toMatch(/DELIVERY_UNKNOWN|SERVICE_UNAVAILABLE/);
    }

    const errors = (): readonly Error[] =>
      events.flatMap((event) => (event.type === "error" ? [event.error] : []));
    await expect.poll(errors).toHaveLength(1);
    expect(errors()[0]?.message).toMatch(
      /Permissions Violation for Publish to "eurus\.v1\.gw\.main-gateway\./,
    );
    expect(await figure(metrics, "eurus_service_errors_total")).toBe(
      'eurus_service_errors_total{service="chat-service"} 1',
    );
    await expectSignals("A permission is missing", {
      clients: client.codes,
      services: [atService],
      except: ["gateway: error", "eurus_errors_total"],
    });
  },
);

natsTest(
  "a permission that a gateway lacks is an error event of the gateway, and its clients hear that nobody is there [fault:N9]",
  async () => {
    const server = await brokerWithout(messagesOfTheGateway);
    await using fleet = new Fleet(() => transportOf(server, "main-gateway"));
    const edge = await fleet.edge({ options: { openTimeoutMs: 300 } });
    const atGateway = new Observer(edge.gateway);
    const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!"));
    const chat = new Service("chat-service", await transportOf(server, "chat-service"), router, {
      drainTimeoutMs: 0,
    });
    await chat.start();
    onTestFinished(() => chat.stop());
    await expect.poll(() => edge.gateway.canServePath("/hello")).toBe(true);
    const client = await fleet.client(edge);

    await client.ask("/hello");

    await expectSignals("A permission is missing", {
      clients: client.codes,
      gateways: [atGateway],
      except: ["service: error", "eurus_service_errors_total"],
    });
  },
);

natsTest.each([
  { kind: "gateway", missing: "eurus.v1.announce.gw.main-gateway.*" },
  { kind: "service", missing: "eurus.v1.announce.svc.chat-service.*" },
] as const)(
  "a $kind that may not announce itself says so when it starts, and names the subject and what the broker said",
  async ({ kind, missing }) => {
    const server = await brokerWithout(missing);
    const logger = silent;
    const started =
      kind === "gateway"
        ? new Gateway("main-gateway", await transportOf(server, "main-gateway"), { logger })
        : new Service("chat-service", await transportOf(server, "chat-service"), jsonRouter(), { logger });

    const failure: unknown = await started.start().catch((error: unknown) => error);

    expect(EurusError.is(failure, "EURUS_START_FAILED")).toBe(true);
    const cause = failure instanceof Error ? failure.cause : undefined;
    if (!EurusError.is(cause, "EURUS_ANNOUNCEMENT_UNHEARD")) throw new Error("another cause", { cause });
    expect(cause.details.subject).toBe(missing.replace("*", started.id));
    expect(cause.message).toContain("nats-permissions.conf");
    expect(String(cause.cause)).toContain("Permissions Violation");
  },
);

test("what an operator must not miss is logged while nobody listens, and counted figures change nothing in that", async () => {
  const bus = new LocalTransport();
  const { logger, lines } = recordingLogger();
  const metrics = new Metrics();
  await using gateway = new Gateway("main-gateway", bus, { logger });
  const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!"));
  const { logger: ofService, lines: linesOfService } = recordingLogger();
  await using one = new Service("one", bus, router, { logger: ofService });
  await using two = new Service("two", bus, router, { logger: silent });
  metrics.watch(gateway);
  metrics.watch(one);
  await gateway.start();
  await one.start();
  await two.start();
  for (let count = 0; count < 3; count++) {
    bus.publish("eurus.v1.announce.svc.one.bad", new Uint8Array([1]));
    bus.publish("eurus.v1.announce.gw.main-gateway.bad", new Uint8Array([1]));
  }
  await bus.flush();
  bus.subscribe("boom", () => {
    throw new Error("boom");
  });
  bus.publish("boom", new Uint8Array([1]));
  await bus.flush();

  const about = { gateway: "main-gateway" };
  await expect.poll(() => lines).toHaveLength(3);
  expect(lines).toEqual([
    [
      "warn",
      { ...about, pattern: "/hello", owner: "one", others: ["two"] },
      expect.stringContaining("routeOwners"),
    ],
    [
      "warn",
      expect.objectContaining({ ...about, subject: "eurus.v1.announce.svc.one.bad" }),
      expect.any(String),
    ],
    [
      "error",
      { ...about, error: expect.objectContaining({ code: "EURUS_LISTENER_FAILED" }) },
      expect.any(String),
    ],
  ]);
  expect(linesOfService.map(([level]) => level)).toEqual(["warn", "error"]);

  // Whoever listens decides what is written.
  lines.length = 0;
  const events: GatewayEvent[] = [];
  gateway.onEvent((event) => events.push(event));
  bus.publish("eurus.v1.announce.svc.one.worse", new Uint8Array([1]));
  await bus.flush();
  await expect.poll(() => events.map(({ type }) => type)).toContain("announcement-refused");
  expect(lines).toEqual([]);
});

test("a listener that throws is logged when there is no onError, and disturbs nobody", async () => {
  const { logger, lines } = recordingLogger();
  await using gateway = new Gateway("main-gateway", new LocalTransport(), { logger });
  gateway.onEvent(() => {
    throw new Error("broken");
  });
  await using chat = new Service("chat", gateway.transport, jsonRouter(), { logger: silent });
  await gateway.start();
  await chat.start();

  expect(lines).toHaveLength(1);
  expect(lines[0]?.[1]).toMatchObject({ error: { code: "EURUS_LISTENER_FAILED" } });
});

test("a bus that says it is there and brings nothing back counts as away, in the event and in the figure too", async () => {
  const metrics = new Metrics();
  const bus = new LocalTransport();
  await using fleet = new Fleet(() => Promise.resolve(bus));
  const [atGateway, atService] = [await fleet.connect(), await fleet.connect()];
  await using gateway = new Gateway("main-gateway", atGateway, { drainTimeoutMs: 0 });
  const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!"));
  await using chat = new Service("chat", atService, router, { drainTimeoutMs: 0 });
  const events: (GatewayEvent | ServiceEvent)[] = [];
  gateway.onEvent((event) => events.push(event));
  chat.onEvent((event) => events.push(event));
  metrics.watch(gateway);
  metrics.watch(chat);
  const [observedGateway, observedService] = [new Observer(gateway), new Observer(chat)];
  await gateway.start();
  await chat.start();
  await expect.poll(() => gateway.canServePath("/hello")).toBe(true);
  const figures = async (): Promise<unknown> => [
    await figure(metrics, "eurus_bus_disconnected"),
    await figure(metrics, "eurus_service_bus_disconnected"),
  ];
  expect(await figures()).toEqual([
    'eurus_bus_disconnected{gateway="main-gateway"} 0',
    'eurus_service_bus_disconnected{service="chat"} 0',
  ]);

  atGateway.mute();
  atService.mute();

  await expect
    .poll(figures, { timeout: 15_000 })
    .toEqual([
      'eurus_bus_disconnected{gateway="main-gateway"} 1',
      'eurus_service_bus_disconnected{service="chat"} 1',
    ]);
  expect(bus.status).toBe("connected");
  expect(events.filter(({ type }) => type === "bus")).toEqual([
    { type: "bus", status: "disconnected" },
    { type: "bus", status: "disconnected" },
  ]);
  expect([gateway.ready, chat.ready]).toEqual([false, false]);
  await using client = connectClient(jsonRouter().use(gateway));
  const { error } = await client.request("/hello");
  await expectSignals("NATS takes what we say, and brings nothing back", {
    clients: [error?.code ?? "none"],
    gateways: [observedGateway],
    services: [observedService],
  });
});
