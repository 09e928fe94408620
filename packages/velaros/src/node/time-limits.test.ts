import { expect, test } from "vitest";
import { closeOf, openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { maskedFrame, RawClient } from "../../../../test/support/raw-client.ts";

test("A connection without messages is closed as idle, whatever pings it sends and answers, and without a warning", async () => {
  const warnings: string[] = [];
  await using edge = await startEdge({
    idleTimeoutMs: 300,
    pingIntervalMs: 20,
    logger: { warn: (_details, message) => warnings.push(message), error: () => undefined },
  });
  const client = await openWebSocket(edge.listening.url);
  const pinging = setInterval(() => client.ping(), 20);

  expect(await closeOf(client)).toEqual({ code: 1001, reason: "idle for too long" });

  clearInterval(pinging);
  expect(warnings).toEqual([]);
});

test.each(["that sends", "that only listens"])(
  "A client %s is not idle, and once nothing is said any more it is",
  async (how) => {
    await using edge = await startEdge({ idleTimeoutMs: 400 }, () => undefined);
    const client = await openWebSocket(edge.listening.url);
    const inlet = await edge.host.single();
    let said = 0;
    const closed = closeOf(client);
    const talk = setInterval(() => {
      said++;
      if (how === "that sends") client.send("here");
      else void inlet.outlet.send("news", "text", "push", undefined);
      if (said === 40) clearInterval(talk);
    }, 25);

    expect(await closed).toEqual({ code: 1001, reason: "idle for too long" });
    expect(said).toBe(40);
  },
);

test("A client is not idle while it uploads one message, piece by piece", async () => {
  await using edge = await startEdge({ idleTimeoutMs: 300 }, () => undefined);
  using client = await RawClient.open(edge.port);
  const frame = maskedFrame(0x1, Buffer.alloc(40_000, "x"));
  let sent = 0;
  const upload = setInterval(() => {
    client.socket.write(frame.subarray(sent, (sent += 1_000)));
    if (sent >= frame.byteLength) clearInterval(upload);
  }, 25);

  await client.until(() => client.closeFrame !== undefined);

  expect(client.closeFrame).toEqual({ code: 1001, reason: "idle for too long" });
  const inlet = await edge.host.single();
  expect(inlet.messages).toHaveLength(1);
});

test("A client is not idle while it is read more slowly", async () => {
  await using edge = await startEdge(
    { idleTimeoutMs: 200, bytesPerSecond: 10_000, byteBurst: 1, ratePatienceMs: 1_000 },
    () => undefined,
  );
  using client = await RawClient.open(edge.port);
  client.text("x".repeat(9_000));
  const inlet = await edge.host.single();
  await expect.poll(() => inlet.messages.length, { interval: 5 }).toBe(1);
  client.text("second");

  await client.until(() => client.closeFrame !== undefined);

  expect(client.closeFrame).toEqual({ code: 1001, reason: "idle for too long" });
  expect(inlet.messages).toHaveLength(2);
});

test("A connection lasts for its time, give or take a tenth, and is then asked to come anew", async () => {
  await using edge = await startEdge({ maxConnectionAgeMs: 500 });
  const client = await openWebSocket(edge.listening.url);
  let answers = 0;
  client.on("message", () => {
    answers++;
    client.send("more");
  });
  client.send("first");

  expect(await closeOf(client)).toEqual({ code: 1012, reason: "connected for too long" });
  expect(answers).toBeGreaterThan(0);
});

test("A client that sends more bytes than it may is read more slowly, and given up when it goes on", async () => {
  await using edge = await startEdge(
    { messagesPerSecond: Infinity, bytesPerSecond: 20_000, byteBurst: 10_000, ratePatienceMs: 300 },
    () => undefined,
  );
  using client = await RawClient.open(edge.port);
  const frame = maskedFrame(0x1, Buffer.alloc(4_000, "x"));
  client.socket.write(Buffer.concat(Array<Buffer>(500).fill(frame)));

  await client.until(() => client.closeFrame !== undefined);

  expect(client.closeFrame).toEqual({ code: 1008, reason: "rate limit exceeded" });
  // The burst and what a few reads brought while patience lasted; far from all that was sent.
  const inlet = await edge.host.single();
  expect(inlet.messages.length).toBeLessThan(100);
});

test("Bytes below the rate are read as they come, however many messages they are", async () => {
  await using edge = await startEdge({ bytesPerSecond: 10_000_000 });
  const client = await openWebSocket(edge.listening.url);
  for (let count = 0; count < 500; count++) client.send("x".repeat(1_000));
  const inlet = await edge.host.single();

  await expect.poll(() => inlet.messages.length).toBe(500);

  expect(inlet.ends).toEqual([]);
  client.terminate();
});
