import { createServer } from "node:http";
import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import { NatsTransport } from "eurus/nats";
import fc from "fast-check";
import { Router } from "velaros";
import { json } from "velaros/json";
import { expect, test } from "vitest";

const numRuns = process.env["EURUS_LONG"] === undefined ? 20_000 : 100_000;

/** What people write, by mistake or on purpose, where a number belongs; and numbers. */
const value = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    Number.NaN,
    Infinity,
    -Infinity,
    -1,
    0,
    -0,
    0.5,
    1,
    2 ** 31,
    2 ** 53,
    "",
    "5",
    "5s",
    true,
    1n,
    Symbol("x"),
    [],
    {},
    Object.create(null),
    () => 5,
  ),
  fc.double(),
  fc.anything({ withNullPrototype: true, withBigInt: true }),
);

function options(...names: readonly string[]): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  return fc.dictionary(fc.constantFrom(...names), value, { minKeys: 1, maxKeys: 3 });
}

const endpointNumbers = [
  "authenticateTimeoutMs",
  "maxPendingAuthentications",
  "maxMessageBytes",
  "maxFragments",
  "maxBufferedChunks",
  "maxPendingPongs",
  "maxHeaders",
  "pingIntervalMs",
  "pongTimeoutMs",
  "messageTimeoutMs",
  "messagesPerSecond",
  "messageBurst",
  "bytesPerSecond",
  "byteBurst",
  "ratePatienceMs",
  "pingTimeoutCutMs",
  "idleTimeoutMs",
  "maxConnectionAgeMs",
  "sendWaitsAboveBytes",
  "maxBufferedBytes",
  "stallTimeoutMs",
  "pauseTimeoutMs",
  "closeTimeoutMs",
  "maxConnections",
  "maxConnectionsPerAddress",
  "maxAcceptsPerSecond",
  "refuseAboveMemoryPercent",
  "closeAboveMemoryPercent",
  "maxProcessMemoryBytes",
] as const;
const routerNumbers = [
  "requestTimeoutMs",
  "maxHandlersPerSocket",
  "maxWaitingMessages",
  "lifecycleTimeoutMs",
] as const;
const gatewayNumbers = [
  "maxFactsBytes",
  "maxInstances",
  "maxRoutes",
  "maxPathBytes",
  "maxPathSegments",
  "maxPinsPerSocket",
  "maxOpenMessagesPerSocket",
  "openTimeoutMs",
  "stallTimeoutMs",
  "retryAfterMs",
  "heartbeatIntervalMs",
  "instanceLeaseMs",
  "drainTimeoutMs",
  "closeBatchSize",
] as const;
const serviceNumbers = [
  "maxSockets",
  "maxGateways",
  "heartbeatIntervalMs",
  "gatewayLeaseMs",
  "drainTimeoutMs",
] as const;

const announcementNumbers = [
  "maxBytes",
  "maxRoutes",
  "maxRouteBytes",
  "maxRouteSegments",
  "maxExpressionSize",
  "maxGatewayNames",
  "maxEntries",
  "maxPerSecond",
  "maxAnnouncers",
] as const;

/** Things that are built from options; each takes what it is given or says which option is wrong. */
const builders: readonly {
  readonly what: string;
  readonly numbers: readonly string[];
  readonly others: readonly string[];
  readonly build: (options: object) => unknown;
}[] = [
  {
    what: "an endpoint",
    numbers: endpointNumbers,
    others: ["path", "origins", "trustedProxies"],
    build: (given) => new Router().attach(createServer(), given),
  },
  {
    what: "a router",
    numbers: routerNumbers,
    others: ["unanswered"],
    build: (given) => new Router(given),
  },
  {
    what: "a gateway",
    numbers: gatewayNumbers,
    others: ["forwardHeaders", "routeOwners", "announcements"],
    build: (given) => new Gateway("gateway", new LocalTransport(), given),
  },
  {
    what: "a service",
    numbers: serviceNumbers,
    others: ["onInstanceLost", "gatewayNames", "routeDescriptors", "announcements"],
    build: (given) => new Service("service", new LocalTransport(), new Router(), given),
  },
  {
    what: "a gateway, about announcements,",
    numbers: announcementNumbers,
    others: [],
    build: (announcements) => new Gateway("gateway", new LocalTransport(), { announcements }),
  },
  {
    what: "a codec",
    numbers: ["maxDepth", "maxIdBytes", "maxMetaBytes"],
    others: [],
    build: json,
  },
];

/** Whether it was built; throws anything that is not an error of ours. */
function isTaken(build: (given: object) => unknown, given: Readonly<Record<string, unknown>>): boolean {
  try {
    build(given);
    return true;
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    if (typeof code !== "string" || !/^(VELAROS|EURUS|CODEC)_[A-Z_]+_INVALID$/.test(code)) throw error;
    return false;
  }
}

test.each(builders)("$what takes any options that can work, and names the one that can't", (builder) => {
  fc.assert(
    fc.property(options(...builder.numbers, ...builder.others), (given) => {
      isTaken(builder.build, given);
    }),
    { numRuns },
  );
});

test.each(builders.flatMap(({ numbers, ...builder }) => numbers.map((name) => ({ ...builder, name }))))(
  "$what does not take for $name what is no number, or a negative one",
  ({ name, build }) => {
    for (const wrong of [Number.NaN, -1, -Infinity, "5", "", true, [], {}, 1n, () => 5]) {
      expect(isTaken(build, { [name]: wrong }), `${typeof wrong} ${String(wrong)}`).toBe(false);
    }
    expect(isTaken(build, { [name]: undefined })).toBe(true);
    expect(isTaken(build, { [name]: 50 })).toBe(true);
  },
);

test("names that are no names are refused, whatever they are", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (name) => {
      const isName = typeof name === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(name);
      const transport = new LocalTransport();
      const make = { Gateway: () => new Gateway(name as string, transport) };
      expect(isTaken(make.Gateway, {})).toBe(isName);
      expect(isTaken(() => new Service(name as string, transport, new Router()), {})).toBe(isName);
    }),
    { numRuns },
  );
});

test("a foreign object in place of a NATS connection is refused at once", () => {
  for (const wrong of [undefined, null, 5, "nats://127.0.0.1", {}]) {
    expect(() => new NatsTransport(wrong as never)).toThrow(/connection/i);
  }
});

test("pings that are years apart cost no memory", () => {
  for (const pingIntervalMs of [Infinity, 1e15, 2 ** 40]) {
    const attachment = new Router().attach(createServer(), { pingIntervalMs, closeTimeoutMs: 0.001 });
    expect(attachment.size).toBe(0);
  }
});

test("options of pings that are no numbers are named, also when the other one is zero", () => {
  const pingIntervalMs = Object.create(null) as unknown as number;

  expect(() => new Router().attach(createServer(), { pongTimeoutMs: 0, pingIntervalMs })).toThrow(
    /pingIntervalMs/,
  );
});

test.each(["handshakeTimeoutMs", "maxHeaderBytes"])(
  "a port is not opened with a %s that is no whole number, or would switch the limit off",
  async (name) => {
    for (const wrong of [Number.NaN, 0, -1, 0.5, Infinity, "5", true, [], {}, 1n]) {
      const opening = new Router().listen({ port: 0, host: "127.0.0.1", [name]: wrong as number });
      await expect(opening, String(wrong)).rejects.toMatchObject({ code: "VELAROS_OPTION_INVALID" });
    }
  },
);
