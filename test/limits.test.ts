import { nodeRuntime } from "velaros";
import type { ListenOptions, RefusalReason } from "velaros";
import type { Runtime } from "velaros-protocol";
import { expect } from "vitest";
import { onEveryBus } from "./support/buses.ts";
import type { Edge, Fleet } from "./support/fleet.ts";
import { jsonRouter } from "./support/fleet.ts";
import { closeFrame, handshake, maskedFrame, RawClient } from "./support/raw-client.ts";
import { expectSignals, Observer } from "./support/signals.ts";

/** What an operator and the service get to see of one gateway's clients. */
interface Scene {
  readonly edge: Edge;
  readonly port: number;
  readonly lines: readonly string[];
  /** How the service's close handlers saw clients go. */
  readonly closes: readonly unknown[];
  metric(name: string): Promise<readonly string[]>;
  /** Compares what was seen of a fault with what is promised. */
  showsAsDocumented(fault: string, clients: readonly (string | number)[]): Promise<void>;
}

async function scene(fleet: Fleet, listen: Partial<ListenOptions>): Promise<Scene> {
  const lines: string[] = [];
  const closes: unknown[] = [];
  let count: ((reason: RefusalReason) => void) | undefined;
  const logger: NonNullable<ListenOptions["logger"]> = {
    warn: (details, message) => lines.push(`${message} ${JSON.stringify(details)}`),
    error: () => undefined,
  };
  const onRefused = (reason: RefusalReason): void => count?.(reason);
  const edge = await fleet.edge({ listen: { host: "127.0.0.1", logger, onRefused, ...listen } });
  const atGateway = new Observer(edge.gateway);
  const { metrics } = atGateway;
  count = metrics.refusalsAt(edge.gateway);
  const router = jsonRouter()
    .useClose((ctx) => void closes.push(ctx.closeStatus()))
    .publicBind("/hello", (ctx) => ctx.reply("hello"))
    .publicBind("/pour", async (ctx) => {
      // As somebody writes who does not know of back-pressure.
      for (let part = 0; part < 4_096 && !ctx.signal.aborted; part++) {
        void ctx.push("x".repeat(16_384)).catch(() => undefined);
        if (part % 16 === 0) await new Promise((resolve) => void setImmediate(resolve));
      }
    });
  const { service } = await fleet.service("api", router);
  const atService = new Observer(service);
  return {
    edge,
    port: Number(new URL(edge.url).port),
    lines,
    closes,
    async metric(name) {
      const text = await metrics.registry.metrics();
      return text.split("\n").filter((line) => line.startsWith(name));
    },
    showsAsDocumented: (fault, clients) =>
      expectSignals(fault, { clients, gateways: [atGateway], services: [atService], lines }),
  };
}

/** Ten seconds of patience pass in half a second. */
const speed = 20;
const quickRuntime: Runtime = {
  ...nodeRuntime,
  nowMs: () => nodeRuntime.nowMs() * speed,
  setTimer: (delayMs, callback) => nodeRuntime.setTimer(delayMs / speed, callback),
};

const get = "GET /ws HTTP/1.1";

/** What the operators' documents call these. */
const tooMany = "More clients than there may be";
const unwelcome = "Clients that may not connect, or ask in a way that can't be read";
const tooSlow = "A client reads too slowly";
const tooFast = "A client sends too fast";
const wrong = "A client breaks the protocol, or exceeds the limits of messages";
const expired = "A session runs out, or is withdrawn";

/** Requests that are turned away while one client is connected already. */
const refusals: readonly {
  readonly what: string;
  readonly reason: RefusalReason;
  readonly status: number;
  readonly fault?: string;
  readonly listen?: Partial<ListenOptions>;
  readonly head?: string;
}[] = [
  {
    what: "one client too many",
    reason: "TOO_MANY_CONNECTIONS",
    status: 503,
    fault: tooMany,
    listen: { maxConnections: 1 },
  },
  {
    what: "one client of an address too many",
    reason: "TOO_MANY_CONNECTIONS_OF_ADDRESS",
    status: 429,
    fault: tooMany,
    listen: { maxConnectionsPerAddress: 1 },
  },
  {
    what: "clients that come too fast",
    reason: "TOO_MANY_ACCEPTS",
    status: 503,
    fault: tooMany,
    listen: { maxAcceptsPerSecond: 0.001 },
  },
  {
    what: "a foreign page",
    reason: "FORBIDDEN_ORIGIN",
    status: 403,
    head: handshake({ Origin: "https://evil.example" }, get),
  },
  {
    what: "who proves nothing",
    reason: "UNAUTHENTICATED",
    status: 401,
    listen: { authenticate: ({ headers }) => (headers["x-late"] === undefined ? {} : undefined) },
    head: handshake({ "X-Late": "1" }, get),
  },
  {
    what: "who can't be authenticated in time",
    reason: "AUTHENTICATION_OVERLOAD",
    status: 503,
    listen: {
      authenticateTimeoutMs: 50,
      authenticate: ({ headers }) =>
        headers["x-late"] === undefined ? {} : new Promise<Record<string, never>>(() => undefined),
    },
    head: handshake({ "X-Late": "1" }, get),
  },
  {
    what: "a foreign subprotocol",
    reason: "UNSUPPORTED_SUBPROTOCOL",
    status: 400,
    head: handshake({ "Sec-WebSocket-Protocol": "soap" }, get),
  },
  {
    what: "another version",
    reason: "UNSUPPORTED_VERSION",
    status: 426,
    head: handshake({ "Sec-WebSocket-Version": "8" }, get),
  },
  { what: "a request that can't be read", reason: "BAD_REQUEST", status: 400, head: "\u0000\u0001\r\n\r\n" },
  {
    what: "long headers",
    reason: "TOO_MANY_HEADERS",
    status: 431,
    head: handshake({ Cookie: "c".repeat(20_000) }, get),
  },
  {
    what: "a request that takes too long",
    reason: "REQUEST_TIMEOUT",
    status: 408,
    listen: { handshakeTimeoutMs: 200 },
    head: "GET /ws HTTP/1.1\r\nHost: x\r\n",
  },
  { what: "another path", reason: "NOT_FOUND", status: 404, head: handshake({}, "GET /other HTTP/1.1") },
];

/** What a connected client does, and how it ends. */
const endings: readonly {
  readonly what: string;
  readonly code: number;
  readonly reason: string;
  readonly fault?: string;
  readonly listen?: Partial<ListenOptions>;
  readonly act: (client: RawClient) => void;
}[] = [
  {
    what: "sends too fast for too long",
    code: 1008,
    reason: "rate limit exceeded",
    fault: tooFast,
    listen: { runtime: quickRuntime, messagesPerSecond: 100, messageBurst: 10 },
    act: (client) => {
      const frames = Array.from({ length: 100 }, () =>
        maskedFrame(0x1, Buffer.from('{"id":"2","path":"/hello"}')),
      );
      const flood = setInterval(() => client.socket.write(Buffer.concat(frames)), 5);
      client.socket.on("close", () => clearInterval(flood));
    },
  },
  {
    what: "reads too slowly",
    code: 1013,
    reason: "slow consumer",
    fault: tooSlow,
    listen: { stallTimeoutMs: 200 },
    act: (client) => {
      client.text('{"path":"/pour"}');
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 1_500);
    },
  },
  {
    what: "sends more than a message may have",
    code: 1009,
    reason: "message too big",
    listen: { maxMessageBytes: 100 },
    act: (client) => client.text("x".repeat(101)),
  },
  {
    what: "never ends its message",
    code: 1008,
    reason: "message in too many parts",
    act: (client) => {
      client.socket.write(maskedFrame(0x1, Buffer.from("x"), { final: false }));
      for (let part = 0; part < 1_100; part++) {
        client.socket.write(maskedFrame(0x0, Buffer.from("x"), { final: false }));
      }
    },
  },
  {
    what: "pings faster than pongs can leave",
    code: 1008,
    reason: "too many pings",
    act: (client) =>
      client.socket.write(
        Buffer.concat(Array.from({ length: 100 }, () => maskedFrame(0x9, Buffer.from("x")))),
      ),
  },
  {
    what: "takes too long for a frame",
    code: 1008,
    reason: "message took too long",
    listen: { pingIntervalMs: 50, pongTimeoutMs: 50, messageTimeoutMs: 200, closeTimeoutMs: 200 },
    act: (client) => {
      client.socket.write(maskedFrame(0x1, Buffer.alloc(0), { claimedLength: 1_000 }));
      const drip = setInterval(() => client.socket.write("x"), 10);
      client.socket.on("close", () => clearInterval(drip));
    },
  },
  {
    what: "breaks the rules of frames",
    code: 1002,
    reason: "protocol error",
    act: (client) => client.socket.write(maskedFrame(0x3, Buffer.from("x"))),
  },
  {
    what: "sends text that is none",
    code: 1007,
    reason: "text that is not UTF-8",
    act: (client) => client.socket.write(maskedFrame(0x1, Buffer.from([0xff, 0xfe]))),
  },
  {
    what: "stays longer than its authentication",
    code: 1008,
    reason: "authentication expired",
    fault: expired,
    listen: {
      pongTimeoutMs: 100,
      authenticate: (_request, { expiresAt }) => {
        expiresAt(Date.now() + 500);
        return {};
      },
    },
    act: () => undefined,
  },
];

onEveryBus(({ test, newFleet }) => {
  test.each(refusals)(
    "$what: refused with $status, counted as $reason, in the log, and nobody else notices",
    async ({ reason, status, fault = unwelcome, listen = {}, head = handshake({}, get) }) => {
      await using fleet = newFleet();
      const { edge, port, lines, metric, showsAsDocumented } = await scene(fleet, listen);
      const guest = await fleet.client(edge);
      using client = await RawClient.connect(port);

      client.socket.write(head);
      await client.untilClosed();

      expect(client.response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      if (status === 503 || status === 429) expect(client.response).toMatch(/Retry-After: \d+/);
      expect(await metric("eurus_connections_refused_total")).toEqual([
        `eurus_connections_refused_total{gateway="main-gateway",reason="${reason}"} 1`,
      ]);
      expect(lines.filter((line) => line.startsWith("Refused a "))).toHaveLength(1);
      expect(await guest.ask("/hello")).toMatchObject({ data: { message: "hello" } });
      expect(edge.gateway.sockets()).toHaveLength(1);
      await showsAsDocumented(fault, [status]);
    },
  );

  test.each(endings)(
    "a client that $what: closed with $code, an event, counted, in the log, and its service is told",
    async ({ code, reason, fault = wrong, listen = {}, act }) => {
      await using fleet = newFleet();
      const { edge, port, lines, closes, metric, showsAsDocumented } = await scene(fleet, {
        closeTimeoutMs: 2_000,
        ...listen,
      });
      using client = await RawClient.open(port, false, "/ws");
      client.text('{"id":"1","path":"/hello"}');
      await client.until(() => client.texts.length === 1);

      act(client);
      await client.until(() => client.closeFrame !== undefined);
      client.socket.write(closeFrame(code));
      await client.untilClosed();

      expect(client.closeFrame).toEqual({ code, reason });
      if (reason === "rate limit exceeded") expect(client.texts.at(-1)).toContain('"RATE_LIMITED"');
      const ended = { status: code, reason, source: "server" };
      expect(edge.events.filter(({ type }) => type === "socket-closed")).toMatchObject([ended]);
      await expect.poll(() => closes).toEqual([ended]);
      expect(await metric("eurus_connections_closed_total")).toEqual([
        `eurus_connections_closed_total{gateway="main-gateway",status="${code}",source="server"} 1`,
      ]);
      expect(lines).toEqual([expect.stringContaining(`Closed a client: ${reason}.`)]);
      const errors = client.texts.flatMap((text) => /"code":"(\w+)"/.exec(text)?.[1] ?? []);
      await showsAsDocumented(fault, [code, ...errors]);
    },
  );
});

onEveryBus(({ test, newFleet }) => {
  test("nothing that a client sends after it was given up reaches a service, however long it stays", async () => {
    await using fleet = newFleet();
    const { edge, port, closes } = await scene(fleet, { maxMessageBytes: 1_000, closeTimeoutMs: 1_000 });
    const routed = (): number => edge.events.filter(({ type }) => type === "routed").length;
    using client = await RawClient.open(port, true, "/ws");
    client.text('{"id":"1","path":"/hello"}');
    await client.until(() => client.texts.length === 1);

    // The message over the limit and those behind it leave in one piece; the client answers no close frame.
    const hello = maskedFrame(0x1, Buffer.from('{"id":"2","path":"/hello"}'));
    client.socket.write(Buffer.concat([maskedFrame(0x1, Buffer.alloc(1_001, "x")), hello, hello]));
    await client.until(() => client.closeFrame !== undefined);
    const flood = setInterval(() => client.socket.write(hello), 1);
    await client.untilClosed();
    clearInterval(flood);

    await expect.poll(() => closes).toHaveLength(1);
    expect(routed()).toBe(1);
    expect(client.texts).toHaveLength(1);
  });

  test("nor what it sends after its handlers, or its service, were too slow for it", async () => {
    await using fleet = newFleet();
    const ran: string[] = [];
    const edge = await fleet.edge({
      options: { stallTimeoutMs: 300 },
      listen: { host: "127.0.0.1", closeTimeoutMs: 1_000 },
    });
    const router = jsonRouter()
      .publicBind("/wait", (ctx) => ctx.done)
      .publicBind("/late", (ctx) => void ran.push(ctx.path));
    await fleet.service("api", router);
    using client = await RawClient.open(Number(new URL(edge.url).port), true, "/ws");

    // More than a service takes of one client, whose handlers don't end.
    const data = "x".repeat(8_192);
    for (let number = 1; number <= 200; number++) {
      client.text(JSON.stringify({ id: String(number), path: "/wait", data }));
    }
    client.text('{"path":"/late"}');
    await client.until(() => client.closeFrame !== undefined);
    const flood = setInterval(() => client.text('{"path":"/late"}'), 1);
    await client.untilClosed();
    clearInterval(flood);

    expect(client.closeFrame).toEqual({ code: 1013, reason: "Service is not keeping up" });
    await expect.poll(() => edge.gateway.sockets()).toEqual([]);
    expect(ran).toEqual([]);
  });
});
