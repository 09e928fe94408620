import { once } from "node:events";
import { request } from "node:http";
import { expect, test } from "vitest";
import { openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { handshake, RawClient } from "../../../../test/support/raw-client.ts";

test.each<[string, string, number]>([
  ["no key", handshake({ "Sec-WebSocket-Key": undefined }), 400],
  ["a key that is not sixteen bytes", handshake({ "Sec-WebSocket-Key": "c2hvcnQ=" }), 400],
  ["version 8", handshake({ "Sec-WebSocket-Version": "8" }), 426],
  ["no version", handshake({ "Sec-WebSocket-Version": undefined }), 426],
  ["a body", handshake({ "Content-Length": "5" }), 400],
  ["a chunked body", handshake({ "Transfer-Encoding": "chunked" }), 400],
  ["POST", handshake({}, "POST / HTTP/1.1"), 400],
  ["HTTP/1.0", handshake({}, "GET / HTTP/1.0"), 400],
  ["two Hosts", handshake({ Host: "a\r\nHost: b" }), 400],
  ["no Host", handshake({ Host: undefined }), 400],
  ["an upgrade to something else", handshake({ Upgrade: "h2c" }), 400],
  ["a foreign Origin", handshake({ Origin: "https://evil.example" }), 403],
  ["the Origin null", handshake({ Origin: "null" }), 403],
  ["an Origin that is no URL", handshake({ Origin: "://" }), 403],
  ["a cookie of 64 KiB", handshake({ Cookie: "c".repeat(64 * 1024) }), 431],
  ["a control character in a header", handshake({ "X-Odd": "a\u0001b" }), 400],
  ["a subprotocol list that is none", handshake({ "Sec-WebSocket-Protocol": "a,,b" }), 400],
])("A handshake with %s is refused and leaves nothing [fault:C15 fault:C16]", async (_name, head, status) => {
  await using edge = await startEdge();
  using client = await RawClient.connect(edge.port);
  client.socket.write(head);
  await client.untilClosed();
  expect(client.response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(client.rest).not.toMatch(/at .*:\d+:\d+/);
  expect(edge.host.inlets).toEqual([]);
  expect(edge.listening.size).toBe(0);
  const other = await openWebSocket(edge.listening.url);
  other.terminate();
});

test("More than a hundred headers are refused with 431, a hundred are not [fault:C16]", async () => {
  await using edge = await startEdge();
  const extra = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, "1"]));
  for (const count of [96, 1_200]) {
    using client = await RawClient.connect(edge.port);
    client.socket.write(handshake(extra(count)));
    await client.untilClosed();
    expect(client.response).toMatch(/^HTTP\/1.1 431 /);
  }
  using client = await RawClient.connect(edge.port);
  client.socket.write(handshake(extra(95)));
  await client.until(() => client.response !== undefined);
  expect(client.response).toMatch(/^HTTP\/1.1 101 /);
  expect(edge.refusals[0]).toBe("TOO_MANY_HEADERS");
});

test.each(["WebSocket", "WEBSOCKET", "websocket"])(
  "The Upgrade header is read in any case: %s [quirk:Q37 fault:C15]",
  async (upgrade) => {
    await using edge = await startEdge();
    using client = await RawClient.connect(edge.port);
    client.socket.write(handshake({ Upgrade: upgrade }));
    await client.until(() => client.response !== undefined);
    expect(client.response).toMatch(/^HTTP\/1.1 101 /);
  },
);

test("A request that is no upgrade is told in plain text what was expected", async () => {
  await using edge = await startEdge();
  const [response] = (await once(request({ port: edge.port, host: "127.0.0.1" }).end(), "response")) as [
    AsyncIterable<Buffer> & { statusCode: number; headers: Record<string, string> },
  ];
  let body = "";
  for await (const chunk of response) body += chunk.toString();
  expect(response.statusCode).toBe(400);
  expect(response.headers["content-type"]).toBe("text/plain; charset=utf-8");
  expect(body).toContain("Upgrade: websocket");
});

test("A rejected origin gets 403, no connection, and one log line with the setting to change [quirk:Q37]", async () => {
  const lines: string[] = [];
  await using edge = await startEdge({
    logger: { warn: (_details, message) => lines.push(message), error: () => undefined },
  });
  for (let attempt = 0; attempt < 3; attempt++) {
    using client = await RawClient.connect(edge.port);
    client.socket.write(handshake({ Origin: "https://other.example" }));
    await client.untilClosed();
    expect(client.response).toMatch(/^HTTP\/1.1 403 /);
  }
  expect(edge.host.inlets).toEqual([]);
  expect(edge.refusals).toEqual(["FORBIDDEN_ORIGIN", "FORBIDDEN_ORIGIN", "FORBIDDEN_ORIGIN"]);
  expect(lines.length).toBe(1);
  expect(lines[0]).toContain('{ origins: ["https://other.example"] }');
});

test("Of the offered subprotocols the first that is supported is chosen and echoed [quirk:Q32]", async () => {
  await using edge = await startEdge();
  edge.host.supported = ["velaros-json", "velaros-msgpack"];
  const client = await openWebSocket(edge.listening.url, ["graphql-ws", "velaros-msgpack", "velaros-json"]);
  expect(client.protocol).toBe("velaros-msgpack");
  expect(edge.host.inlets[0]?.info.subprotocol).toBe("velaros-msgpack");
  client.terminate();
});

test("Without an offer no subprotocol is chosen", async () => {
  await using edge = await startEdge();
  edge.host.supported = ["velaros-json"];
  const client = await openWebSocket(edge.listening.url);
  expect(client.protocol).toBe("");
  expect(edge.host.inlets[0]?.info.subprotocol).toBeUndefined();
  client.terminate();
});

test("Foreign subprotocols are refused with the names of the supported ones [quirk:Q32]", async () => {
  await using edge = await startEdge();
  edge.host.supported = ["velaros-json", "velaros-msgpack"];
  using client = await RawClient.connect(edge.port);
  client.socket.write(handshake({ "Sec-WebSocket-Protocol": "graphql-ws, mqtt" }));
  await client.untilClosed();
  expect(client.response).toMatch(/^HTTP\/1.1 400 /);
  expect(client.rest).toContain("velaros-json, velaros-msgpack");
  expect(edge.refusals).toEqual(["UNSUPPORTED_SUBPROTOCOL"]);
});

test("The connection knows its address and headers, in a record without a prototype", async () => {
  await using edge = await startEdge();
  const client = await openWebSocket(edge.listening.url, [], {
    headers: { "User-Agent": "test", Cookie: "a=b", "X-Forwarded-For": "203.0.113.9", __proto__x: "1" },
  });
  const { info } = await edge.host.single();
  expect(info.remoteAddress).toBe("127.0.0.1");
  expect(Object.getPrototypeOf(info.headers)).toBeNull();
  expect(info.headers).toMatchObject({ "user-agent": "test", cookie: "a=b" });
  expect(info.headers).not.toHaveProperty("sec-websocket-key");
  client.terminate();
});

test("X-Forwarded-For counts only behind a trusted proxy, up to the first address that is none", async () => {
  await using edge = await startEdge({ trustedProxies: ["127.0.0.0/8", "10.0.0.0/8", "::1"] });
  const client = await openWebSocket(edge.listening.url, [], {
    headers: { "X-Forwarded-For": "1.1.1.1, 203.0.113.9, 10.1.2.3" },
  });
  expect((await edge.host.single()).info.remoteAddress).toBe("203.0.113.9");
  client.terminate();
});

test("Five hundred clients that never finish their request are turned away in time [fault:C8]", async () => {
  await using edge = await startEdge({ handshakeTimeoutMs: 400 });
  const clients = await Promise.all(Array.from({ length: 500 }, () => RawClient.connect(edge.port)));
  for (const [index, client] of clients.entries()) {
    if (index % 2 === 0) client.socket.write("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  }
  await Promise.all(clients.map((client) => client.untilClosed()));
  expect(edge.host.inlets).toEqual([]);
});

test("A reconnect storm is admitted at the configured rate, the rest is told when to come back [fault:C17]", async () => {
  await using edge = await startEdge({ maxAcceptsPerSecond: 50 });
  const attempt = async (): Promise<string> => {
    using client = await RawClient.connect(edge.port);
    client.socket.write(handshake());
    await client.until(() => client.response !== undefined);
    return client.response ?? "";
  };
  const responses = await Promise.all(Array.from({ length: 200 }, attempt));
  const refused = responses.filter((response) => response.startsWith("HTTP/1.1 503 "));
  const admitted = responses.filter((response) => response.startsWith("HTTP/1.1 101 "));
  expect(admitted.length).toBeGreaterThanOrEqual(50);
  expect(admitted.length + refused.length).toBe(200);
  expect(refused.length).toBeGreaterThan(0);
  for (const response of refused) expect(response).toMatch(/Retry-After: \d+/);
  await expect.poll(attempt, { timeout: 10_000 }).toMatch(/^HTTP\/1.1 101 /);
});

test("Connections are limited in number and per address, and places are given back", async () => {
  await using edge = await startEdge({ maxConnections: 3, maxConnectionsPerAddress: 2 });
  const first = await openWebSocket(edge.listening.url);
  const second = await openWebSocket(edge.listening.url);
  const refusedWith = async (): Promise<string> => {
    using client = await RawClient.connect(edge.port);
    client.socket.write(handshake());
    await client.until(() => client.response !== undefined);
    return client.response?.slice(9, 12) ?? "";
  };
  expect(await refusedWith()).toBe("429");
  first.terminate();
  await expect.poll(() => edge.listening.size).toBe(1);
  const third = await openWebSocket(edge.listening.url);
  expect(edge.refusals).toEqual(["TOO_MANY_CONNECTIONS_OF_ADDRESS"]);
  second.terminate();
  third.terminate();

  await using small = await startEdge({ maxConnections: 1 });
  const only = await openWebSocket(small.listening.url);
  using client = await RawClient.connect(small.port);
  client.socket.write(handshake());
  await client.until(() => client.response !== undefined);
  expect(client.response).toMatch(/^HTTP\/1.1 503 /);
  expect(client.response).toMatch(/Retry-After: \d+/);
  only.terminate();
});

test("How many headers a request may have, and how large they may be, is yours to say", async () => {
  await using edge = await startEdge({ maxHeaders: 8, maxHeaderBytes: 1_000 });
  const statusFor = async (headers: Record<string, string>): Promise<string> => {
    using client = await RawClient.connect(edge.port);
    client.socket.write(handshake(headers));
    await client.until(() => client.response !== undefined);
    return client.response?.slice(9, 12) ?? "";
  };
  expect(await statusFor({ A: "1", B: "1", C: "1" })).toBe("101");
  expect(await statusFor({ A: "1", B: "1", C: "1", D: "1" })).toBe("431");
  expect(await statusFor({ A: "a".repeat(2_000) })).toBe("431");
});
