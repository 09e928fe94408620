import { expect, test } from "vitest";
import { closeOf, openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { handshake, RawClient } from "../../../../test/support/raw-client.ts";
import { listen } from "./listen.ts";

test("The url leads to the path that was asked for", async () => {
  await using edge = await startEdge({ path: "/ws" });
  expect(edge.listening.url).toBe(`ws://127.0.0.1:${edge.port}/ws`);
  const client = await openWebSocket(`${edge.listening.url}?token=1`);
  client.terminate();
  using other = await RawClient.connect(edge.port);
  other.socket.write(handshake({}, "GET /other HTTP/1.1"));
  await other.until(() => other.response !== undefined);
  expect(other.response).toMatch(/^HTTP\/1.1 404 /);
  expect(edge.refusals).toEqual(["NOT_FOUND"]);
});

test("A taken port is an error that says so", async () => {
  await using edge = await startEdge();
  const taken = listen(edge.host, { port: edge.port, host: "127.0.0.1" });
  await expect(taken).rejects.toMatchObject({
    code: "VELAROS_LISTEN_FAILED",
    details: { host: "127.0.0.1", port: edge.port },
  });
  await expect(taken).rejects.toThrow(/taken/);
});

test.each([
  ["maxMessageBytes", { maxMessageBytes: 0 }],
  ["maxMessageBytes", { maxMessageBytes: 2 ** 31 }],
  ["pingIntervalMs", { pingIntervalMs: -1 }],
  ["pongTimeoutMs", { pongTimeoutMs: -1 }],
  ["messagesPerSecond", { messagesPerSecond: Number.NaN }],
  ["path", { path: "ws" }],
  ["trustedProxies", { trustedProxies: ["10.0.0.0/33"] }],
  ["trustedProxies", { trustedProxies: ["proxy.example"] }],
])("A value outside the range of %s is refused at once: %j", async (option, options) => {
  await expect(startEdge(options)).rejects.toMatchObject({
    code: "VELAROS_OPTION_INVALID",
    details: { option },
  });
});

test("Closing tells every client why, waits for them and frees the port", async () => {
  const edge = await startEdge();
  const clients = await Promise.all(Array.from({ length: 250 }, () => openWebSocket(edge.listening.url)));
  const closes = Promise.all(clients.map(closeOf));
  await edge.listening.close({ code: 1012 });
  expect(edge.listening.size).toBe(0);
  for (const close of await closes) expect(close).toEqual({ code: 1012, reason: "server is stopping" });
  for (const { ends } of edge.host.inlets) {
    expect(ends).toEqual([{ status: 1012, reason: "server is stopping", source: "server" }]);
  }
  await using again = await startEdge({ port: edge.port });
  expect(again.port).toBe(edge.port);
});

test("While it closes, new clients get 503 with Retry-After and the others go on being served", async () => {
  await using edge = await startEdge();
  using slow = await RawClient.open(edge.port);
  slow.socket.pause();
  const closed = edge.listening.close({ graceMs: 5_000 });
  using late = await RawClient.connect(edge.port);
  late.socket.write(handshake());
  await late.until(() => late.response !== undefined);
  expect(late.response).toMatch(/^HTTP\/1.1 503 /);
  expect(late.response).toMatch(/Retry-After: \d+/);
  expect(edge.refusals).toEqual(["CLOSING"]);
  slow.socket.resume();
  await slow.until(() => slow.closeFrame !== undefined);
  slow.sendClose(1001);
  await closed;
});

test("Closing waits for close chains, but no longer than the grace", async () => {
  const edge = await startEdge();
  const client = await openWebSocket(edge.listening.url);
  const inlet = await edge.host.single();
  // A close chain that never ends: the inlet notes the end and does not close its outlet.
  inlet.closed = (status, reason, source) => void inlet.ends.push({ status, reason, source });
  const closed = closeOf(client);
  const startedAt = performance.now();
  await edge.listening.close({ graceMs: 200 });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(190);
  expect((await closed).code).toBe(1006);
  expect(inlet.ends.length).toBe(1);
});

test("A second close cuts what the first one is still waiting for", async () => {
  const edge = await startEdge();
  using stubborn = await RawClient.open(edge.port, true);
  const first = edge.listening.close({ graceMs: 60_000 });
  await stubborn.until(() => stubborn.closeFrame !== undefined);
  const second = edge.listening.close();
  await Promise.all([first, second]);
  expect(edge.listening.size).toBe(0);
  expect((await edge.host.single()).ends).toEqual([
    { status: 1001, reason: "server is stopping", source: "server" },
  ]);
});

test("A close code that may not be sent is refused at once", async () => {
  await using edge = await startEdge();
  expect(() => edge.listening.close({ code: 1006 })).toThrow(
    expect.objectContaining({ code: "VELAROS_CLOSE_CODE_INVALID" }),
  );
});

test("Connecting and leaving a thousand times leaves nothing behind", async () => {
  const edge = await startEdge();
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => openWebSocket(edge.listening.url)));
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.terminate();
      else client.close();
    }
    await expect.poll(() => clients.every((client) => client.readyState === client.CLOSED)).toBe(true);
  }
  await expect.poll(() => edge.listening.size).toBe(0);
  expect(edge.host.inlets.map(({ ends }) => ends.length)).toEqual(edge.host.inlets.map(() => 1));
  await edge.listening.close();
  await expect
    .poll(() => process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length)
    .toBe(0);
});

test("A signal closes what listens, as close does", async () => {
  const stop = new AbortController();
  await using edge = await startEdge({ signal: stop.signal });
  const client = await openWebSocket(edge.listening.url);
  const closed = closeOf(client);

  stop.abort();

  expect(await closed).toEqual({ code: 1001, reason: "server is stopping" });
  await expect
    .poll(() => RawClient.connect(edge.port).then((other) => other[Symbol.dispose](), codeOf))
    .toBe("ECONNREFUSED");
  const reason = new Error("too late");
  await expect(startEdge({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

function codeOf(error: { readonly code?: string }): string | undefined {
  return error.code;
}
