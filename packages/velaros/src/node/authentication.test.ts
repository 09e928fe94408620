import { expect, test } from "vitest";
import { closeOf, openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { handshake, RawClient } from "../../../../test/support/raw-client.ts";

async function statusOf(port: number): Promise<string> {
  using client = await RawClient.connect(port);
  client.socket.write(handshake());
  await client.until(() => client.response !== undefined);
  return client.response?.slice(9, 12) ?? "";
}

test("What authenticate returns are the trusted facts of the connection", async () => {
  await using edge = await startEdge({
    authenticate: async ({ headers }, { remoteAddress }) => ({ token: headers.authorization, remoteAddress }),
  });
  const client = await openWebSocket(edge.listening.url, [], { headers: { Authorization: "Bearer abc" } });
  const { info } = await edge.host.single();
  expect(info.trusted).toEqual({ token: "Bearer abc", remoteAddress: "127.0.0.1" });
  client.terminate();
});

test.each<[string, () => Promise<null | undefined | false>]>([
  ["undefined", async () => undefined],
  ["null", async () => null],
  ["false", async () => false],
  ["a rejection", () => Promise.reject(new Error("bad token"))],
  [
    "a throw",
    () => {
      throw new Error("bad token");
    },
  ],
])("authenticate refuses with %s: 401, no connection", async (_name, authenticate) => {
  await using edge = await startEdge({ authenticate });
  expect(await statusOf(edge.port)).toBe("401");
  expect(edge.host.inlets).toEqual([]);
  expect(edge.refusals).toEqual(["UNAUTHENTICATED"]);
});

test("authenticate is bounded in time, and told when it is up", async () => {
  let signal: AbortSignal | undefined;
  await using edge = await startEdge({
    authenticateTimeoutMs: 50,
    authenticate: (_request, handshakeOf) => {
      ({ signal } = handshakeOf);
      return new Promise(() => undefined);
    },
  });
  expect(await statusOf(edge.port)).toBe("503");
  expect(signal?.aborted).toBe(true);
});

test("authenticate is bounded in number", async () => {
  const pending: (() => void)[] = [];
  await using edge = await startEdge({
    maxPendingAuthentications: 2,
    authenticate: () => new Promise((resolve) => pending.push(() => resolve({}))),
  });
  const clients = [statusOf(edge.port), statusOf(edge.port)];
  await expect.poll(() => pending.length).toBe(2);
  expect(await statusOf(edge.port)).toBe("503");
  for (const resolve of pending) resolve();
  expect(await Promise.all(clients)).toEqual(["101", "101"]);
});

test("A client that leaves or resets while authenticate runs costs nothing [fault:C10]", async () => {
  const pending: AbortSignal[] = [];
  const resolvers: (() => void)[] = [];
  await using edge = await startEdge({
    maxConnections: 2,
    authenticate: (_request, { signal }) => {
      pending.push(signal);
      return new Promise((resolve) => resolvers.push(() => resolve({})));
    },
  });
  const clients = [await RawClient.connect(edge.port), await RawClient.connect(edge.port)];
  for (const client of clients) client.socket.write(handshake());
  await expect.poll(() => pending.length).toBe(2);
  for (const client of clients) client.socket.resetAndDestroy();
  await expect.poll(() => pending.every((signal) => signal.aborted)).toBe(true);
  for (const resolve of resolvers) resolve();
  // Their places are free again.
  const next = [statusOf(edge.port), statusOf(edge.port)];
  await expect.poll(() => pending.length).toBe(4);
  for (const resolve of resolvers.slice(2)) resolve();
  expect(await Promise.all(next)).toEqual(["101", "101"]);
  expect(edge.host.inlets.length).toBe(2);
});

test("Who is still being authenticated when the endpoint closes is not let in", async () => {
  const resolvers: (() => void)[] = [];
  await using edge = await startEdge({
    authenticate: () => new Promise((resolve) => resolvers.push(() => resolve({}))),
  });
  using client = await RawClient.connect(edge.port);
  client.socket.write(handshake());
  await expect.poll(() => resolvers.length).toBe(1);
  using holder = await RawClient.connect(edge.port);
  holder.socket.write(handshake());
  await expect.poll(() => resolvers.length).toBe(2);
  resolvers[1]?.();
  await expect.poll(() => edge.listening.size).toBe(1);
  const closed = edge.listening.close({ graceMs: 300 });
  resolvers[0]?.();
  await client.until(() => client.response !== undefined);
  expect(client.response).toMatch(/^HTTP\/1.1 503 /);
  await closed;
});

test("A connection ends with 1008 when its authentication expires", async () => {
  await using edge = await startEdge({
    closeTimeoutMs: 20,
    authenticate: (_request, { expiresAt }) => {
      expiresAt(Date.now() + 100);
      return {};
    },
  });
  const client = await openWebSocket(edge.listening.url);
  expect(await closeOf(client)).toEqual({ code: 1008, reason: "authentication expired" });
  expect((await edge.host.single()).ends).toEqual([
    { status: 1008, reason: "authentication expired", source: "server" },
  ]);
});

test("Access that is withdrawn closes the connections of that user only", async () => {
  await using edge = await startEdge({ authenticate: ({ url }) => ({ user: url }) });
  const ann = await openWebSocket(`${edge.listening.url}ann`);
  const bob = await openWebSocket(`${edge.listening.url}bob`);
  const closed = closeOf(ann);
  const count = edge.listening.closeConnections(({ trusted }) => trusted?.["user"] === "/ann", {
    reason: "access withdrawn",
  });
  expect(count).toBe(1);
  expect(await closed).toEqual({ code: 1008, reason: "access withdrawn" });
  await expect.poll(() => edge.listening.size).toBe(1);
  bob.terminate();
});

test.each([Number.NaN, undefined, "2030-01-01", null])(
  "a token whose end is %s lets nobody in for ever",
  async (moment) => {
    const lines: string[] = [];
    await using edge = await startEdge({
      logger: {
        warn: (details, message) => lines.push(`${message} ${String(details["error"])}`),
        error: () => undefined,
      },
      authenticate: (_request, { expiresAt }) => {
        expiresAt(moment as number);
        return {};
      },
    });
    expect(await statusOf(edge.port)).toBe("401");
    expect(lines[0]).toMatch(/^The authenticate hook failed. VelarosError: .*expiresAt/);
  },
);
