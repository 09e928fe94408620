import { once } from "node:events";
import { expect, test } from "vitest";
import type { Runtime } from "velaros-protocol";
import { openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { maskedFrame, RawClient } from "../../../../test/support/raw-client.ts";
import type { RecordingInlet } from "../../../../test/support/recording-inlet.ts";
import { echo } from "../../../../test/support/recording-inlet.ts";
import { nodeRuntime } from "./runtime.ts";

const kibibyte = "x".repeat(1024);

/** Sends until `send` asks to wait, awaiting nothing. */
function fill(inlet: RecordingInlet, text = kibibyte): Promise<void> {
  for (;;) {
    const room = inlet.outlet.send(text, "text", "push", undefined);
    if (room !== undefined) return room;
  }
}

test("Messages sent in one turn arrive in order, small ones and large ones mixed", async () => {
  await using edge = await startEdge();
  const client = await openWebSocket(edge.listening.url);
  const received: [number, string, boolean][] = [];
  client.on("message", (data: Buffer, isBinary) => {
    received.push([data.length, data.subarray(0, 4).toString(), isBinary]);
  });
  const inlet = await edge.host.single();
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 10, 8_192, 8_193, 70_000, 5, 300_000, 3];
  for (const [index, length] of lengths.entries()) {
    const text = String(index).padEnd(length, "é").slice(0, length);
    if (index % 2 === 0) void inlet.outlet.send(text, "text", "push", undefined);
    else void inlet.outlet.send(new TextEncoder().encode(text), "binary", "push", undefined);
  }
  await expect.poll(() => received.length).toBe(lengths.length);
  expect(received).toEqual(
    lengths.map((length, index) => {
      const bytes = Buffer.from(String(index).padEnd(length, "é").slice(0, length));
      return [bytes.length, bytes.subarray(0, 4).toString(), index % 2 === 1];
    }),
  );
  client.terminate();
});

test("A message is not held back until something else happens", async () => {
  await using edge = await startEdge();
  const client = await openWebSocket(edge.listening.url);
  const inlet = await edge.host.single();
  const pending = once(client, "message");
  void inlet.outlet.send("alone", "text", "push", undefined);
  const [data] = (await pending) as [Buffer];
  expect(data.toString()).toBe("alone");
  client.terminate();
});

test("Sending waits above the threshold and goes on when the client has caught up", async () => {
  await using edge = await startEdge();
  using client = await RawClient.open(edge.port);
  client.socket.pause();
  const inlet = await edge.host.single();
  let isWaiting = true;
  const room = fill(inlet).then(() => (isWaiting = false));
  const second = inlet.outlet.send("also waits", "text", "push", undefined);
  expect(second).toBeInstanceOf(Promise);
  expect(isWaiting).toBe(true);
  client.socket.resume();
  await room;
  await second;
  expect(inlet.outlet.send("no need to wait", "text", "push", undefined)).toBeUndefined();
  await client.until(() => client.texts.at(-1) === "no need to wait");
  expect(inlet.ends).toEqual([]);
});

test("A slow reader that is sent to without waiting is closed with 1013, and nobody else notices [fault:C6]", async () => {
  await using edge = await startEdge({ closeTimeoutMs: 100 });
  using slow = await RawClient.open(edge.port);
  slow.socket.pause();
  const inlet = await edge.host.single();
  const others = await Promise.all(Array.from({ length: 20 }, () => openWebSocket(edge.listening.url)));
  const room = fill(inlet);
  let most = 0;
  while (inlet.ends.length === 0) {
    void inlet.outlet.send(kibibyte, "text", "push", undefined);
    most++;
  }
  expect(most).toBeLessThan(8 * 1024);
  expect(inlet.ends).toEqual([{ status: 1013, reason: "slow consumer", source: "server" }]);
  await expect(room).rejects.toMatchObject({ code: "VELAROS_SOCKET_CLOSED", details: { status: 1013 } });
  for (const other of others) {
    other.send("still served");
    const [data] = (await once(other, "message")) as [Buffer];
    expect(data.toString()).toBe("still served");
  }
  await expect.poll(() => edge.listening.size).toBe(others.length);
  for (const other of others) other.terminate();
});

test("A reader that takes nothing for too long is closed with 1013 even if everybody waits [fault:C6]", async () => {
  await using edge = await startEdge({ stallTimeoutMs: 100, closeTimeoutMs: 50 });
  using slow = await RawClient.open(edge.port);
  slow.socket.pause();
  const inlet = await edge.host.single();
  await expect(fill(inlet)).rejects.toMatchObject({ details: { status: 1013 } });
  expect(inlet.ends).toEqual([{ status: 1013, reason: "slow consumer", source: "server" }]);
  await expect.poll(() => edge.listening.size).toBe(0);
});

test("A slow reader that keeps taking a little is not closed, however large the message", async () => {
  await using edge = await startEdge({ stallTimeoutMs: 400 });
  using slow = await RawClient.open(edge.port);
  slow.socket.pause();
  const inlet = await edge.host.single();
  const length = 24 * 1024 * 1024;
  const startedAt = performance.now();
  const room = inlet.outlet.send(Buffer.alloc(length, "x"), "text", "push", undefined);
  // Takes a slice every now and then, for several times as long as a standstill may last.
  let taken = 0;
  slow.socket.removeAllListeners("data");
  slow.socket.on("data", (chunk: Buffer) => {
    taken += chunk.length;
    if (performance.now() - startedAt > 1_600) return;
    slow.socket.pause();
    setTimeout(() => slow.socket.resume(), 5);
  });
  slow.socket.resume();
  await room;
  expect(performance.now() - startedAt).toBeGreaterThan(1_200);
  expect(inlet.ends).toEqual([]);
  await expect.poll(() => taken, { timeout: 5_000 }).toBe(length + 10);
});

test("A paused connection hands nothing in and loses nothing", async () => {
  await using edge = await startEdge({}, (inlet, message) => {
    if (inlet.texts.at(-1) === "pause") inlet.outlet.pause();
    else echo(inlet, message);
  });
  const client = await openWebSocket(edge.listening.url);
  const inlet = await edge.host.single();
  const other = await openWebSocket(edge.listening.url);
  client.send("pause");
  await expect.poll(() => inlet.texts).toEqual(["pause"]);
  client.send("one");
  client.send("two");
  // Whatever came before this answer would have been read by now.
  other.send("go round");
  await once(other, "message");
  expect(inlet.texts).toEqual(["pause"]);
  inlet.outlet.resume();
  await expect.poll(() => inlet.texts).toEqual(["pause", "one", "two"]);
  client.terminate();
  other.terminate();
});

test("A pause that does not end is ended with 1013; pings rest meanwhile", async () => {
  await using edge = await startEdge(
    { pauseTimeoutMs: 400, pingIntervalMs: 40, pongTimeoutMs: 40, closeTimeoutMs: 100 },
    (inlet) => inlet.outlet.pause(),
  );
  using client = await RawClient.open(edge.port);
  client.text("work");
  const inlet = await edge.host.single();
  await expect.poll(() => inlet.ends.length, { timeout: 5_000 }).toBe(1);
  expect(inlet.ends).toEqual([{ status: 1013, reason: "handlers too slow", source: "server" }]);
  await client.until(() => client.closeFrame !== undefined);
  expect(client.closeFrame).toEqual({ code: 1013, reason: "handlers too slow" });
});

test("A client above its rate is read more slowly, and everything it sent is handled", async () => {
  await using edge = await startEdge({ messagesPerSecond: 2_000, messageBurst: 100 });
  const startedAt = performance.now();
  const client = await openWebSocket(edge.listening.url);
  let replies = 0;
  client.on("message", () => replies++);
  for (let index = 0; index < 1_000; index++) client.send(String(index));
  await expect.poll(() => replies, { timeout: 10_000 }).toBe(1_000);
  const inlet = await edge.host.single();
  expect(inlet.texts).toEqual(Array.from({ length: 1_000 }, (_, index) => String(index)));
  // A further message has to wait until what came too early is worked off: 900 messages at 2,000 a second.
  client.send("after");
  await expect.poll(() => replies, { timeout: 10_000 }).toBe(1_001);
  expect(performance.now() - startedAt).toBeGreaterThan(400);
  expect(inlet.ends).toEqual([]);
  client.terminate();
});

test("A client that keeps exceeding its rate is told, then closed with 1008", async () => {
  const speed = 20; // the ten seconds of patience pass in half a second
  const runtime: Runtime = {
    ...nodeRuntime,
    nowMs: () => nodeRuntime.nowMs() * speed,
    setTimer: (delayMs, callback) => nodeRuntime.setTimer(delayMs / speed, callback),
  };
  await using edge = await startEdge({ runtime, messagesPerSecond: 100, messageBurst: 10 });
  const { host } = edge;
  host.rateLimited = (inlet) => {
    host.rateLimitedInlets.push(inlet);
    void (inlet as RecordingInlet).outlet.send("too fast", "text", "push", undefined);
  };
  using client = await RawClient.open(edge.port);
  const burst = Buffer.concat(Array.from({ length: 100 }, () => maskedFrame(0x1, Buffer.from("x"))));
  const flood = setInterval(() => client.socket.write(burst), 5);
  await client.until(() => client.closeFrame !== undefined);
  clearInterval(flood);
  expect(client.closeFrame).toEqual({ code: 1008, reason: "rate limit exceeded" });
  expect(client.texts.at(-1)).toBe("too fast");
  expect(host.rateLimitedInlets).toEqual(host.inlets);
  expect(host.inlets[0]?.ends).toEqual([{ status: 1008, reason: "rate limit exceeded", source: "server" }]);
});

test("A frame that takes too long to arrive is given up with 1008 [fault:C7]", async () => {
  await using edge = await startEdge({
    pingIntervalMs: 50,
    pongTimeoutMs: 50,
    messageTimeoutMs: 200,
    closeTimeoutMs: 50,
  });
  using client = await RawClient.open(edge.port);
  client.socket.write(maskedFrame(0x1, Buffer.alloc(0), { claimedLength: 1_000 }));
  const drip = setInterval(() => client.socket.write("x"), 10);
  const inlet = await edge.host.single();
  await expect.poll(() => inlet.ends.length, { timeout: 5_000 }).toBe(1);
  clearInterval(drip);
  expect(inlet.ends).toEqual([{ status: 1008, reason: "message took too long", source: "server" }]);
  await expect.poll(() => edge.listening.size).toBe(0);
});
