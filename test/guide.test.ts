import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Gateway } from "eurus";
import { LocalTransport } from "eurus/local";
import { Metrics } from "eurus/metrics";
import { NatsTransport } from "eurus/nats";
import { Router } from "velaros";
import { jsonCodec } from "velaros/json";
import { msgpackCodec } from "velaros/msgpack";
import { protobuf, protobufCodec } from "velaros/protobuf";
import type { Codec, Envelope } from "velaros-protocol";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createService as createProtobufService, Numbers, Sum } from "../examples/guide/encoding-protobuf.ts";
import { createGateway, createService } from "../examples/guide/encodings.ts";
import { logTrouble } from "../examples/guide/events.ts";
import { checkHealth } from "../examples/guide/health-check.ts";
import { createRouter as createHealthRouter } from "../examples/guide/health.ts";
import { createRouter as createLifecycleRouter } from "../examples/guide/lifecycle.ts";
import { gateway as localGateway, service as localService } from "../examples/guide/local-transport.ts";
import { startMonitor } from "../examples/guide/monitor-client.ts";
import { createRouter as createMonitorRouter } from "../examples/guide/monitor-service.ts";
import { startGateway } from "../examples/guide/multiple-gateways.ts";
import { connectTo, shareConnection } from "../examples/guide/nats-transport.ts";
import { createMetricsServer, listen as listenAndCount } from "../examples/guide/observability.ts";
import { createApp } from "../examples/guide/one-server.ts";
import { startServices } from "../examples/guide/selective-routing.ts";
import { router as loginRouter } from "../examples/guide/socket-pinning.ts";
import { proveTransport } from "../examples/guide/transport-contract.ts";
import { Fleet, jsonRouter } from "./support/fleet.ts";
import { JsonClient } from "./support/json-client.ts";
import { NatsServer, natsTest } from "./support/nats-server.ts";
import { runGuideProgram } from "./support/run-program.ts";

const root = join(import.meta.dirname, "..");
const guideFolder = join(root, "docs", "guide");
/** A block of code, with the comment before it that names the file it was taken from. */
const block = /(?:<!-- (\S+) -->\n\n)?```(\w*)\n([^]*?)```/g;
/** What no test can run: shell commands, and pictures made of text. */
const notPrograms = new Set(["sh", "text"]);

const pages = (await readdir(guideFolder, { recursive: true })).filter((name) => name.endsWith(".md"));

test.each(pages)(
  "the programs of docs/guide/%s are files of the examples, word for word (else: npx vitest run test/guide.test.ts -u) [claim:129]",
  async (page) => {
    const text = await readFile(join(guideFolder, page), "utf8");
    let renewed = "";
    let end = 0;
    for (const match of text.matchAll(block)) {
      const [whole, file, language = ""] = match;
      if (!notPrograms.has(language)) expect(file, whole).toBeDefined();
      renewed += text.slice(end, match.index);
      renewed +=
        file === undefined ? whole : `<!-- ${file} -->\n\n\`\`\`${language}\n${await shown(file)}\`\`\``;
      end = match.index + whole.length;
    }

    await expect(renewed + text.slice(end)).toMatchFileSnapshot(join(guideFolder, page));
  },
);

test("every file of examples/guide is in the guide, and every file that the guide shows is run by a test [claim:129]", async () => {
  const texts = await Promise.all(pages.map((page) => readFile(join(guideFolder, page), "utf8")));
  const inGuide = new Set([...texts.join("\n").matchAll(block)].flatMap(([, file]) => file ?? []));
  const names = await readdir(join(root, "examples", "guide"), { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts")).map((name) => `examples/guide/${name}`);
  const tests = (await readdir(join(root, "test"))).filter((name) => name.endsWith(".test.ts"));
  const contents = await Promise.all(tests.map((name) => readFile(join(root, "test", name), "utf8")));
  const programs = contents.join("\n");

  expect(files.filter((file) => !inGuide.has(file))).toEqual([]);
  // The quick start is one program of several files; packages.test.ts follows its page and the one before it.
  const isRun = (file: string): boolean =>
    programs.includes(`"../${file}"`) ||
    programs.includes(`"${file}"`) ||
    /^examples\/(quick-start|guide\/installation)\//.test(file);
  expect([...inGuide].filter((file) => !isRun(file))).toEqual([]);
});

describe("testing", async () => {
  // The tests of the guide are tests here too.
  await import("../examples/guide/testing.ts");
  await import("../examples/guide/testing-a-handler.ts");
});

describe("a transport of one's own", () => {
  proveTransport(() => {
    const bus = new LocalTransport();
    return Promise.resolve({ connect: () => Promise.resolve(bus), stop: () => bus.close() });
  });
});

test("socket pinning: what a login stored is there later, for this connection only [claim:35 claim:36 claim:129]", async () => {
  await using fleet = newFleet();
  const edge = await fleet.edge();
  await fleet.service("accounts", loginRouter);
  const [ada, stranger] = await fleet.clients(edge, 2);

  expect(await ada?.ask("/auth/login", { name: "ada", password: "lovelace" })).toMatchObject({
    data: { status: "welcome" },
  });
  expect(await ada?.ask("/api/data")).toMatchObject({ data: { userId: "u-1815", role: "admin" } });
  expect(await stranger?.ask("/auth/login", { name: "ada", password: "?" })).toMatchObject({
    error: { code: "FORBIDDEN" },
  });
  expect(await stranger?.ask("/api/data")).toMatchObject({ error: { code: "FORBIDDEN" } });
});

test.each<readonly [string, Codec]>([
  ["JSON", jsonCodec],
  ["MessagePack", msgpackCodec],
])(
  "encodings: a client that speaks %s is routed and answered in it [claim:40 claim:129]",
  async (_, codec) => {
    const transport = new LocalTransport();
    await using service = createService(transport);
    const [gateway, edge] = createGateway(transport);
    onTestFinished(() => gateway.stop());
    await service.start();
    await gateway.start();
    const listening = await edge.listen({ port: 0 });
    onTestFinished(() => listening.close({ graceMs: 0 }));
    const client = await CodecClient.connect(listening.url, codec);

    expect(await client.ask("/sum", [1, 2, 3])).toMatchObject({ data: { sum: 6 } });
  },
);

test("encodings: messages of Protocol Buffers are routed, decoded and answered; others are refused [claim:40 claim:41 claim:129]", async () => {
  const transport = new LocalTransport();
  await using service = createProtobufService(transport);
  await using gateway = new Gateway("main-gateway", transport);
  await gateway.start();
  await service.start();
  const listening = await new Router().use(protobuf()).use(gateway).listen({ port: 0 });
  onTestFinished(() => listening.close({ graceMs: 0 }));
  const client = await CodecClient.connect(listening.url, protobufCodec);

  const wrong = await client.ask("/sum", Uint8Array.of(0x0a, 0xff));
  expect(wrong).toMatchObject({ error: { code: "VALIDATION_FAILED" } });
  const { data } = await client.ask("/sum", Numbers.encode({ values: [1, 2, 3] }).finish());
  expect(Sum.decode(data as Uint8Array)).toMatchObject({ value: 6 });
});

/** A client that speaks any encoding. */
class CodecClient {
  readonly #socket: WebSocket;
  readonly #codec: Codec;

  private constructor(socket: WebSocket, codec: Codec) {
    this.#socket = socket;
    this.#codec = codec;
  }

  static async connect(url: string, codec: Codec): Promise<CodecClient> {
    const socket = new WebSocket(url, codec.subprotocol);
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    expect(socket.protocol).toBe(codec.subprotocol);
    return new CodecClient(socket, codec);
  }

  async ask(path: string, data: unknown): Promise<Envelope> {
    const answer = once(this.#socket, "message");
    this.#socket.send(this.#codec.encode({ id: path, path, data }));
    const [bytes] = (await answer) as [Buffer];
    return this.#codec.decode(bytes);
  }
}

natsTest(
  "a basic gateway and three instances of a basic service, each a program of its own [claim:46 claim:47 claim:48 claim:49 claim:53 claim:129]",
  async () => {
    const server = await NatsServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const environment = { NATS_URL: server.url, PORT: "0" };
    const gateway = runGuideProgram("examples/guide/basic-gateway.ts", environment);
    const services = [1, 2, 3].map(() => runGuideProgram("examples/guide/basic-service.ts", environment));
    await expect.poll(gateway.output, { timeout: 30_000 }).toContain("Listening on ");
    const url = /Listening on (\S+)/.exec(gateway.output())?.[1] ?? "";

    await using first = await JsonClient.connect(url);
    await expect
      .poll(async () => (await first.ask("/api/users/42")).data, { timeout: 30_000 })
      .toEqual({ id: "42", name: "Ada" });
    const path = "/api/posts/2024/11/my-post";
    expect(await first.ask(path)).toMatchObject({ data: { path } });
    for (const hidden of ["/health", "/metrics"]) {
      expect(await first.ask(hidden)).toMatchObject({ error: { code: "NOT_FOUND" } });
    }
    const asked = runGuideProgram("examples/guide/ask.ts", { GATEWAY_URL: url }, "/api/users/42");
    expect(await asked.exited).toBe(0);
    expect(asked.output()).toBe('{"id":"1","data":{"id":"42","name":"Ada"}}\n');
    const servedBy = new Set<string>();
    // Three programs start at their own pace; each new client goes to the one with the fewest.
    await expect
      .poll(
        async () => {
          const client = await JsonClient.connect(url);
          onTestFinished(() => client[Symbol.asyncDispose]());
          const { data } = await client.ask(path);
          servedBy.add((data as { servedBy: string }).servedBy);
          return servedBy.size;
        },
        { timeout: 30_000 },
      )
      .toBe(3);

    for (const program of [...services, gateway]) {
      program.process.kill("SIGTERM");
      expect(await program.exited).toBe(0);
    }
  },
  120_000,
);

natsTest(
  "several cores: each worker is a gateway, and all share a port and the services [claim:129]",
  async () => {
    const server = await NatsServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const environment = { NATS_URL: server.url, PORT: "0" };
    const program = runGuideProgram("examples/guide/workers.ts", environment);
    runGuideProgram("examples/guide/basic-service.ts", environment);
    const listening = (): RegExpExecArray[] => [
      ...program.output().matchAll(/Process (\d+) is listening on (\S+)/g),
    ];
    await expect.poll(() => listening().length, { timeout: 30_000 }).toBe(availableParallelism());
    expect(new Set(listening().map(([, pid]) => pid)).size).toBe(availableParallelism());
    const urls = new Set(listening().map(([, , url]) => url));
    expect(urls.size).toBe(1);

    const [url = ""] = urls;
    await using client = await JsonClient.connect(url);
    await expect
      .poll(async () => (await client.ask("/api/users/42")).data, { timeout: 30_000 })
      .toEqual({ id: "42", name: "Ada" });
    program.process.kill("SIGTERM");
    expect(await program.exited).toBe(0);
  },
  120_000,
);

test.each([
  ["GatewayOptions", "packages/eurus/src/gateway/gateway-options.ts", "creating-gateways.md"],
  ["ServiceOptions", "packages/eurus/src/service/service-options.ts", "creating-services.md"],
])("every member of %s is in the guide's table, and nothing else is", async (name, file, page) => {
  const source = await readFile(join(root, file), "utf8");
  const [, body = ""] = new RegExp(`export interface ${name} \\{\n([^]*?)\n\\}`).exec(source) ?? [];
  const members = [...body.matchAll(/^  readonly (\w+)\?/gm)].map(([, member]) => member);
  const rows = [...(await readFile(join(guideFolder, page), "utf8")).matchAll(/^\| (`[^|]*) \|/gm)];
  const described = rows.flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, option]) => option),
  );

  expect(members.length).toBeGreaterThan(5);
  expect(described.toSorted()).toEqual(members.toSorted());
});

test("every limit of announcements is in the guide", async () => {
  const source = await readFile(join(root, "packages/eurus/src/directory/announcement-limits.ts"), "utf8");
  const [, body = ""] = /interface AnnouncementOptions \{\n([^]*?)\n\}/.exec(source) ?? [];
  const members = [...body.matchAll(/^ {2}readonly (\w+)\?/gm)].map(([, member]) => member);
  const page = await readFile(join(guideFolder, "creating-gateways.md"), "utf8");
  const described = [...page.matchAll(/`announcements\.(\w+)`/g)].map(([, member]) => member);

  expect(members.length).toBeGreaterThan(5);
  expect(described.toSorted()).toEqual(members.toSorted());
});

test.each([
  ["RouterOptions", "packages/velaros/src/router/options.ts"],
  ["AttachOptions", "packages/velaros/src/node/options.ts"],
  ["ListenOptions", "packages/velaros/src/node/options.ts"],
])("every member of %s is in the router's guide", async (name, file) => {
  const source = await readFile(join(root, file), "utf8");
  const [, body = ""] = new RegExp(`export interface ${name}[^{]*\\{\n([^]*?)\n\\}`).exec(source) ?? [];
  const members = [...body.matchAll(/^  readonly (\w+)\?/gm)].flatMap(([, member]) => member ?? []);
  const texts = await Promise.all(
    pages
      .filter((page) => page.startsWith("velaros"))
      .map((page) => readFile(join(guideFolder, page), "utf8")),
  );

  expect(members.length).toBeGreaterThan(2);
  expect(members.filter((member) => !new RegExp(`\\b${member}\\b`).test(texts.join("\n")))).toEqual([]);
});

test("multiple gateways: a client of either reaches the service [claim:44 claim:129]", async () => {
  const transport = new LocalTransport();
  await using fleet = new Fleet(() => Promise.resolve(transport));
  const started = [await startGateway(transport, 0), await startGateway(transport, 0)];
  onTestFinished(async () => {
    for (const [gateway, listening] of started) {
      await gateway.stop();
      await listening.close({ graceMs: 0 });
    }
  });
  await fleet.service(
    "api",
    jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!")),
  );

  for (const [, listening] of started) {
    await using client = await JsonClient.connect(listening.url);
    expect(await client.ask("/hello")).toMatchObject({ data: { message: "Hello!" } });
  }
});

test("local transport: one object is how gateway and service find each other [claim:55 claim:129]", async () => {
  await using gateway = localGateway;
  await using service = localService;
  await gateway.start();
  await service.start();

  expect(gateway.canServePath("/hello")).toBe(true);
});

natsTest(
  "NATS transport: with a connection of its own, and over one that is shared [claim:129]",
  async () => {
    await using server = await NatsServer.start();
    const transport = await connectTo(server.url);
    const [shared, connection] = await shareConnection(server.url);
    const problems: Error[] = [];
    shared.onError((error) => problems.push(error));
    const received = new Promise((resolve) =>
      shared.subscribe("greetings", ({ payload }) => resolve([...(payload as Uint8Array)])),
    );
    await shared.flush();
    transport.publish("greetings", Uint8Array.of(1, 2, 3));

    expect(await received).toEqual([1, 2, 3]);
    await shared.close();
    expect(connection.isClosed()).toBe(false);
    expect(problems).toEqual([]);
    await connection.close();
    await transport.close();
  },
);

test("failure handling: the health check takes out an instance that does not answer, and only that [claim:71 claim:129]", async () => {
  await using fleet = newFleet();
  // So long a lease that only the check can find out.
  const edge = await fleet.edge({ options: { instanceLeaseMs: 600_000 } });
  const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!"));
  const hanging = await fleet.service("hello", router);
  const healthy = await fleet.service("hello", router);
  const [one, two] = await fleet.clients(edge, 2);
  await one?.ask("/hello");
  await two?.ask("/hello");
  onTestFinished(checkHealth(edge.gateway, 50));

  hanging.hang();

  await expect
    .poll(() => edge.gateway.services().map(({ id }) => id), { timeout: 8_000 })
    .toEqual([healthy.service.id]);
  await expect
    .poll(() => [one, two].flatMap((client) => client?.ended ?? []))
    .toEqual([{ code: 1001, reason: "Service unreachable" }]);
  expect(edge.events).toContainEqual(
    expect.objectContaining({ type: "instance-removed", instanceId: hanging.service.id, cause: "removed" }),
  );
});

natsTest(
  "failure handling: the health check closes nobody while NATS is away, nor for one pause [weakness:W12]",
  async () => {
    await using server = await NatsServer.start();
    await using fleet = new Fleet(() => NatsTransport.connect({ servers: server.url }));
    const edge = await fleet.edge();
    const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!"));
    const { service } = await fleet.service("hello", router);
    const clients = await fleet.clients(edge, 3);
    for (const client of clients) await client.ask("/hello");
    onTestFinished(checkHealth(edge.gateway, 10));

    // Stopped for longer than three pings take: first without a word, then for good.
    server.signal("SIGSTOP");
    await expect.poll(() => edge.gateway.busStatus, { timeout: 10_000 }).toBe("disconnected");
    server.signal("SIGCONT");
    await expect.poll(() => edge.gateway.busStatus, { timeout: 10_000 }).toBe("connected");
    await server.kill();
    for (let count = 0; count < 5; count++) {
      expect(await edge.gateway.pingService(service)).toBe(false); // each waits for a second, as those of the check
      expect(edge.gateway.removeService(service)).toBe(false);
    }
    await server.restart();

    await expect
      .poll(async () => (await clients[0]?.ask("/hello"))?.data, { timeout: 10_000 })
      .toEqual({ message: "Hello!" });
    expect(clients.flatMap((client) => client.ended ?? [])).toEqual([]);
    expect(edge.events.filter(({ type }) => type === "instance-removed")).toEqual([]);
  },
  60_000,
);

test("failure handling: an instance that pauses for one ping and goes on is not taken out [weakness:W12]", async () => {
  await using fleet = newFleet();
  const edge = await fleet.edge();
  const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!"));
  const instance = await fleet.service("hello", router);
  const client = await fleet.client(edge);
  await client.ask("/hello");
  onTestFinished(checkHealth(edge.gateway, 10));

  const goOn = instance.hang();
  expect(await edge.gateway.pingService(instance.service)).toBe(false);
  goOn();
  expect(await edge.gateway.pingService(instance.service)).toBe(true);

  expect(await client.ask("/hello")).toMatchObject({ data: { message: "Hello!" } });
  expect(client.ended).toBeUndefined();
  expect(edge.events.filter(({ type }) => type === "instance-removed")).toEqual([]);
});

test("selective gateway routing: each service is behind the gateways that it names [claim:63 claim:64 claim:65 claim:66 claim:129]", async () => {
  const transport = new LocalTransport();
  await using outer = new Gateway("public-gateway", transport);
  await using inner = new Gateway("internal-gateway", transport);
  await outer.start();
  await inner.start();
  const routerFor = (path: string): Router => jsonRouter().publicBind(path, (ctx) => ctx.reply(path));
  const services = await startServices(transport, {
    publicRouter: routerFor("/api"),
    adminRouter: routerFor("/admin"),
    sharedRouter: routerFor("/shared"),
  });

  const paths = ["/api", "/admin", "/shared"];
  expect(paths.filter((path) => outer.canServePath(path))).toEqual(["/api", "/shared"]);
  expect(paths.filter((path) => inner.canServePath(path))).toEqual(["/admin", "/shared"]);
  for (const service of services) await service.stop();
});

test("connection lifecycle: coming and going are noticed once each, with how it ended [claim:74 claim:75 claim:129]", async () => {
  const lines: string[] = [];
  await using fleet = newFleet();
  const edge = await fleet.edge();
  await fleet.service(
    "hello",
    createLifecycleRouter((line) => lines.push(line)),
  );
  const client = await fleet.client(edge);
  for (let count = 0; count < 3; count++) await client.ask("/hello");
  client.webSocket.close(4000, "bye");

  await expect.poll(() => lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^Client connected: \S+$/);
  expect(lines[1]).toMatch(/^Client \S+ disconnected after \d+ ms: 4000 "bye" by client$/);
});

test("bidirectional communication: the service asks, the client answers, until it goes [claim:78 claim:79 claim:80 claim:81 claim:82 claim:129]", async () => {
  const lines: string[] = [];
  await using fleet = newFleet();
  const edge = await fleet.edge();
  const errors: Error[] = [];
  await fleet.service(
    "monitor",
    createMonitorRouter((line) => lines.push(line), 5),
    { onError: (error) => errors.push(error) },
  );

  const client = startMonitor(edge.url, () => ({ cpu: 12.345, memory: 50 }));
  await expect.poll(() => lines.length).toBeGreaterThanOrEqual(3);
  client.close();

  await expect.poll(() => edge.gateway.sockets()).toEqual([]);
  expect(new Set(lines)).toEqual(new Set([`Client CPU: ${(12.345).toFixed(2)} %, memory: 50.00 %`]));
  expect(errors).toEqual([]);
});

test("comparison: an HTTP API and WebSockets share a server [claim:92 claim:94 claim:129]", async () => {
  const transport = new LocalTransport();
  await using fleet = new Fleet(() => Promise.resolve(transport));
  const [server, gateway] = await createApp(transport);
  onTestFinished(() => gateway.stop());
  const port = await listenOn(server);
  await fleet.service(
    "hello",
    jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!")),
  );

  const address = `127.0.0.1:${port}`;
  expect(await (await fetch(`http://${address}/api/users`)).json()).toEqual({ path: "/api/users" });
  expect((await fetch(`http://${address}/other`)).status).toBe(404);
  await using client = await JsonClient.connect(`ws://${address}/ws`);
  expect(await client.ask("/hello")).toMatchObject({ data: { message: "Hello!" } });
  const refused = new WebSocket(`ws://${address}/other`);
  const error = await new Promise<Error>((resolve) => refused.once("error", resolve));
  expect(error.message).toContain("404");
});

test("observability: metrics are served in Prometheus' text format [claim:98 claim:129]", async () => {
  await using fleet = newFleet();
  const edge = await fleet.edge();
  const metrics = new Metrics();
  const port = await listenOn(createMetricsServer(edge.gateway, metrics));
  await using listening = await listenAndCount(edge.gateway, metrics, 0);
  await fleet.service(
    "hello",
    jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!")),
  );
  await (await fleet.client(edge)).ask("/hello");
  await using direct = await JsonClient.connect(listening.url);
  expect(await direct.ask("/nothing")).toMatchObject({ error: { code: "NOT_FOUND" } });
  expect((await fetch(listening.url.replace("ws", "http"))).status).toBe(400);
  const stranger = new WebSocket(listening.url, { origin: "https://evil.example" });
  await once(stranger, "error");

  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await response.text();
  expect(text).toContain('eurus_active_connections{gateway="main-gateway"} 2');
  expect(text).toContain('eurus_messages_total{gateway="main-gateway",service="hello"} 1');
  expect(text).toContain(
    'eurus_connections_refused_total{gateway="main-gateway",reason="FORBIDDEN_ORIGIN"} 1',
  );
  expect(text).toContain(
    'eurus_messages_refused_total{gateway="main-gateway",service="",code="NOT_FOUND"} 1',
  );
});

test("observability: every metric is described in the guide, and nothing else is", async () => {
  const page = await readFile(join(guideFolder, "production.md"), "utf8");
  const described = [...page.matchAll(/^\| `(eurus_\w+)/gm)].map(([, name]) => name);
  await using fleet = newFleet();
  const { gateway } = await fleet.edge();
  const port = await listenOn(createMetricsServer(gateway, new Metrics()));

  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const exported = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);

  expect(described.toSorted()).toEqual(exported.toSorted());
});

test("observability: trouble is logged from events [claim:129]", async () => {
  const lines: string[] = [];
  await using fleet = newFleet();
  const edge = await fleet.edge();
  onTestFinished(logTrouble(edge.gateway, (line) => lines.push(line)));
  const router = jsonRouter().publicBind("/hello", (ctx) => ctx.reply("Hello!"));
  const { service } = await fleet.service("hello", router);
  await fleet.service("other", router);
  const client = await fleet.client(edge);
  await client.ask("/a//b");
  edge.gateway.removeService(service.id);

  expect(lines).toEqual([
    "/hello belongs to hello, and other announced it too",
    'Answered a message to "/a//b" with BAD_PATH',
    "Lost an instance of hello: removed",
  ]);
});

natsTest(
  "health monitoring: probes over HTTP tell who lives and who is ready, while draining and without NATS too",
  async () => {
    await using server = await NatsServer.start();
    await using fleet = new Fleet(() => NatsTransport.connect({ servers: server.url }));
    const edge = await fleet.edge({ options: { drainTimeoutMs: 10_000 } });
    let finish = (): void => undefined;
    const router = jsonRouter().publicBind("/wait", async (ctx) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await ctx.reply("done");
    });
    const { service } = await fleet.service("hello", router);
    const metrics = new Metrics();
    const ofGateway = await listenOn(createMetricsServer(edge.gateway, metrics));
    const ofService = await listenOn(createMetricsServer(service, metrics));
    const answers = (path: string): Promise<readonly number[]> =>
      Promise.all(
        [ofGateway, ofService].map(async (port) => (await fetch(`http://127.0.0.1:${port}${path}`)).status),
      );
    const client = await fleet.client(edge);
    client.send({ id: "1", path: "/wait" });
    await expect.poll(() => edge.gateway.sockets()[0]?.openMessages).toBe(1);
    expect(await answers("/readyz")).toEqual([200, 200]);
    expect(await answers("/else")).toEqual([404, 404]);

    await server.kill();
    await expect.poll(() => answers("/readyz")).toEqual([503, 503]);
    expect(await answers("/healthz")).toEqual([200, 200]);
    await server.restart();
    await expect.poll(() => answers("/readyz"), { timeout: 10_000 }).toEqual([200, 200]);

    const stopped = edge.gateway.stop();
    expect(await answers("/readyz")).toEqual([503, 200]);
    expect(await answers("/healthz")).toEqual([200, 200]);
    expect(client.ended).toBeUndefined();
    finish();
    await stopped;
    expect(await answers("/readyz")).toEqual([503, 200]);
    const serviceStopped = service.stop();
    expect(await answers("/readyz")).toEqual([503, 503]);
    await serviceStopped;
  },
);

test("health monitoring: an unhealthy service answers with 503 and keeps the connection [claim:21 claim:99 claim:100 claim:129]", async () => {
  let health = { ok: false, database: "away" };
  const router = createHealthRouter(() => Promise.resolve(health));
  const listening = await router.listen({ port: 0 });
  onTestFinished(() => listening.close({ graceMs: 0 }));
  await using client = await JsonClient.connect(listening.url);

  expect((await client.ask("/health")).raw).toBe(
    '{"id":"ask-1","status":503,"data":{"ok":false,"database":"away"}}',
  );
  health = { ok: true, database: "there" };
  expect((await client.ask("/health")).raw).toBe('{"id":"ask-2","data":{"ok":true,"database":"there"}}');
});

function newFleet(): Fleet {
  const bus = new LocalTransport();
  return new Fleet(() => Promise.resolve(bus));
}

async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** What the guide shows of a file: all of it, but for the line that says what it is. */
async function shown(file: string): Promise<string> {
  const text = await readFile(join(root, file), "utf8");
  return text.replace(/^\/\/ .*\n/, "");
}
