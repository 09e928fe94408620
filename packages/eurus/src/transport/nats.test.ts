import { connect } from "@nats-io/transport-node";
import { expect, onTestFinished } from "vitest";

import { NatsServer, natsTest } from "../../../../test/support/nats-server.ts";
import { EurusError } from "../errors.ts";
import { transportContract } from "../testing/transport-contract.ts";
import { NatsTransport } from "./nats.ts";
import type { Packet, TransportStatus } from "./transport.ts";

async function startServer(config?: string): Promise<NatsServer> {
  const server = await NatsServer.start(config === undefined ? {} : { config });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function connectTo(...servers: readonly NatsServer[]): Promise<NatsTransport> {
  const transport = await NatsTransport.connect({
    servers: servers.map(({ url }) => url),
    noRandomize: true,
  });
  onTestFinished(() => transport.close());
  return transport;
}

function statusesOf(transport: NatsTransport): TransportStatus[] {
  const statuses: TransportStatus[] = [];
  transport.onStatus((status) => void statuses.push(status));
  return statuses;
}

function collect(transport: NatsTransport, subject: string): Packet[] {
  const packets: Packet[] = [];
  transport.subscribe(subject, (packet) => void packets.push(packet));
  return packets;
}

const wait = { timeout: 10_000, interval: 10 };
const one = Uint8Array.of(1);

for (const { name, run } of transportContract({
  bus: async () => {
    const server = await NatsServer.start();
    return {
      connect: () => NatsTransport.connect({ servers: server.url }),
      dispose: () => server[Symbol.asyncDispose](),
    };
  },
})) {
  natsTest(`NatsTransport: ${name}`, run);
}

natsTest(
  "it comes back when its server does, with its subscriptions, and sends nothing meanwhile [fault:N6]",
  async () => {
    const server = await startServer();
    const transport = await connectTo(server);
    const statuses = statusesOf(transport);
    const received = collect(transport, "a");
    await transport.flush();

    await server.kill();
    await expect.poll(() => transport.status, wait).toBe("disconnected");
    transport.publish("a", one);
    await expect(transport.flush()).rejects.toMatchObject({ code: "EURUS_TRANSPORT_UNAVAILABLE" });
    await server.restart();
    await expect.poll(() => transport.status, wait).toBe("connected");
    transport.publish("a", Uint8Array.of(2));
    await expect.poll(() => received.length, wait).toBe(1);

    expect(received[0]?.payload).toEqual(Buffer.of(2));
    expect(statuses).toEqual(["disconnected", "connected"]);
  },
);

natsTest("it moves to another server of the cluster when its own is killed", async () => {
  const servers = await NatsServer.startCluster(3);
  for (const server of servers) onTestFinished(() => server[Symbol.asyncDispose]());
  const [first, second, third] = servers;
  if (first === undefined || second === undefined || third === undefined) throw new Error("three servers");
  const publisher = await connectTo(first, second);
  const subscriber = await connectTo(third);
  const received = collect(subscriber, "a");
  await subscriber.flush();
  await expect
    .poll(() => {
      publisher.publish("a", one);
      return received.length;
    }, wait)
    .toBeGreaterThan(0);

  await first.kill();
  await expect.poll(() => publisher.status, wait).toBe("disconnected");
  await expect.poll(() => publisher.status, wait).toBe("connected");
  const before = received.length;
  await expect
    .poll(() => {
      publisher.publish("a", one);
      return received.length;
    }, wait)
    .toBeGreaterThan(before);
});

natsTest("a server that hangs is noticed within seconds and left", async () => {
  const server = await startServer();
  const transport = await connectTo(server);
  const errors: Error[] = [];
  transport.onError((error) => void errors.push(error));

  server.signal("SIGSTOP");
  await expect.poll(() => transport.status, wait).toBe("disconnected");
  server.signal("SIGCONT");
  await expect.poll(() => transport.status, wait).toBe("connected");

  expect(errors.map(({ message }) => message)).toContain(
    "The bus reported an error: the server gave no sign of life for 3000 ms; connecting again",
  );
});

natsTest(
  "what the server takes at most follows its configuration, and is remembered while it is away",
  async () => {
    const server = await startServer("max_payload: 128KB");
    const transport = await connectTo(server);

    expect(transport.maxPayloadBytes).toBe(131_072);
    await server.kill();
    await expect.poll(() => transport.status, wait).toBe("disconnected");
    expect(transport.maxPayloadBytes).toBe(131_072);
  },
);

natsTest("a packet above the server's bound is reported and the connection lives on", async () => {
  const server = await startServer("max_payload: 128KB");
  const transport = await connectTo(server);
  const errors: Error[] = [];
  transport.onError((error) => void errors.push(error));
  const received = collect(transport, "a");
  transport.publish("a", new Uint8Array(131_073));
  transport.publish("a", one);
  await expect.poll(() => received.length, wait).toBe(1);

  expect(errors.map((error) => EurusError.is(error, "EURUS_BUS_ERROR"))).toEqual([true]);
});

natsTest("refused publishing and subscribing is reported [fault:N9]", async () => {
  const server = await startServer(`
    authorization { users = [ { user: u, password: p, permissions: {
      publish: { allow: ["a"] }, subscribe: { allow: ["a"] } } } ] }`);
  const transport = await NatsTransport.connect({ servers: server.url, user: "u", pass: "p" });
  onTestFinished(() => transport.close());
  const errors: string[] = [];
  transport.onError((error) => void errors.push(error.message));
  transport.publish("forbidden", one);
  transport.subscribe("forbidden", () => undefined);
  await transport.flush();
  await expect.poll(() => errors.length, wait).toBeGreaterThanOrEqual(2);

  expect(errors.filter((message) => message.includes("forbidden"))).toHaveLength(errors.length);
  expect(transport.status).toBe("connected");
});

natsTest("an empty packet that no server has marked is not taken for a report", async () => {
  const server = await startServer();
  const transport = await connectTo(server);
  const forger = await connect({ servers: server.url });
  onTestFinished(() => forger.close());
  const reports = collect(transport, "nr.>");
  await transport.flush();
  forger.publish("nr.1");
  forger.publish("nr.2", "end");
  await expect.poll(() => reports.length, wait).toBe(1);

  expect(reports[0]?.subject).toBe("nr.2");
});

natsTest(
  "a connection that was passed in stays open, and is checked for what makes it come back",
  async () => {
    const server = await startServer();
    const connection = await connect({ servers: server.url });
    onTestFinished(() => connection.close());
    const transport = new NatsTransport(connection);
    const errors: Error[] = [];
    transport.onError((error) => void errors.push(error));
    await expect.poll(() => errors.length, wait).toBe(1);
    expect(errors[0]?.message).toMatchInlineSnapshot(
      `"The NATS connection that was passed in may be slow to come back, or give up: set maxReconnectAttempts: -1 and reconnectTimeWait: 250, or let NatsTransport.connect() make the connection."`,
    );

    const received: Packet[] = collect(transport, "a");
    await transport.close();
    connection.publish("a", one);
    await connection.flush();
    expect(connection.isClosed()).toBe(false);
    expect(received).toEqual([]);
  },
);

natsTest("a connection with the right settings draws no warning", async () => {
  const server = await startServer();
  const connection = await connect({
    servers: server.url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
  });
  onTestFinished(() => connection.close());
  const transport = new NatsTransport(connection);
  const errors: Error[] = [];
  transport.onError((error) => void errors.push(error));
  await transport.flush();

  expect(errors).toEqual([]);
  await transport.close();
});

natsTest("a connection that its owner closes closes the transport", async () => {
  const server = await startServer();
  const connection = await connect({ servers: server.url });
  const transport = new NatsTransport(connection);
  const statuses = statusesOf(transport);
  await connection.close();
  await expect.poll(() => transport.status, wait).toBe("closed");

  expect(statuses).toEqual(["closed"]);
});

natsTest("connecting to nobody says what failed", async () => {
  const server = await startServer();
  await server.kill();

  await expect(NatsTransport.connect({ servers: server.url })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[EurusError: Can't connect to NATS while the bus is away. Check that it runs and can be reached.]`,
  );
});
