import { once } from "node:events";
import { expect, test } from "vitest";
import type { Edge } from "../../../../test/support/edge.ts";
import { closeOf, openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { closeFrame, maskedFrame, RawClient } from "../../../../test/support/raw-client.ts";
import type { End } from "../../../../test/support/recording-inlet.ts";
import { echo } from "../../../../test/support/recording-inlet.ts";

const lost: End = { status: 1006, reason: "", source: "client" };

/** How the only connection ended: told exactly once, and nothing of it is left. */
async function endOf(edge: Edge): Promise<End | undefined> {
  const inlet = await edge.host.single();
  await expect.poll(() => edge.listening.size).toBe(0);
  expect(inlet.ends.length).toBe(1);
  return inlet.ends[0];
}

test("The status and the reason of the client's close frame arrive, and are echoed [quirk:Q26]", async () => {
  await using edge = await startEdge();
  const client = await openWebSocket(edge.listening.url);
  client.close(4321, "gone to lunch ✓");
  expect(await closeOf(client)).toEqual({ code: 4321, reason: "gone to lunch ✓" });
  expect(await endOf(edge)).toEqual({ status: 4321, reason: "gone to lunch ✓", source: "client" });
});

test("An empty close frame counts as 1005 and is answered with an empty one", async () => {
  await using edge = await startEdge();
  using client = await RawClient.open(edge.port);
  client.sendClose();
  await client.untilClosed();
  expect(client.closeFrame).toEqual({ code: 0, reason: "" });
  expect(await endOf(edge)).toEqual({ status: 1005, reason: "", source: "client" });
});

test("A lost connection counts as 1006: end without a close frame [quirk:Q25]", async () => {
  await using edge = await startEdge();
  using client = await RawClient.open(edge.port);
  client.socket.end();
  await client.untilClosed();
  expect(await endOf(edge)).toEqual(lost);
});

test("What arrived in front of the end of the stream is answered", async () => {
  await using edge = await startEdge();
  using client = await RawClient.open(edge.port, true);
  client.socket.end(Buffer.concat([maskedFrame(0x1, Buffer.from("a")), maskedFrame(0x1, Buffer.from("b"))]));
  await client.until(() => client.ended);
  expect(client.texts).toEqual(["a", "b"]);
  expect(await endOf(edge)).toEqual(lost);
});

test.each([
  ["idle", Buffer.alloc(0)],
  ["inside a message", maskedFrame(0x1, Buffer.from("half a mess"), { claimedLength: 20 })],
  ["between fragments", maskedFrame(0x1, Buffer.from("first"), { final: false })],
  ["with a message in flight", maskedFrame(0x1, Buffer.from("whole"))],
])("A reset ends the connection as 1006: %s [quirk:Q25 fault:C10]", async (_name, bytes) => {
  await using edge = await startEdge();
  using client = await RawClient.open(edge.port);
  await new Promise<void>((resolve) => void client.socket.write(bytes, () => resolve()));
  client.socket.resetAndDestroy();
  expect(await endOf(edge)).toEqual(lost);
});

test("A reset in the middle of the closing handshake ends it once [fault:C10]", async () => {
  await using edge = await startEdge();
  using client = await RawClient.open(edge.port);
  const inlet = await edge.host.single();
  inlet.outlet.close(4000, "over", "server");
  await client.until(() => client.closeFrame !== undefined);
  client.socket.resetAndDestroy();
  expect(await endOf(edge)).toEqual({ status: 4000, reason: "over", source: "server" });
});

test("A reset in the middle of the HTTP handshake leaves nothing [fault:C10]", async () => {
  await using edge = await startEdge();
  using client = await RawClient.connect(edge.port);
  await new Promise<void>(
    (resolve) => void client.socket.write("GET / HTTP/1.1\r\nHost: x\r\n", () => resolve()),
  );
  client.socket.resetAndDestroy();
  const other = await openWebSocket(edge.listening.url);
  other.terminate();
  await endOf(edge);
});

const violations: readonly (readonly [string, Buffer, number])[] = [
  ["an unmasked frame", Buffer.from([0x81, 0x01, 0x61]), 1002],
  ["RSV1 without an extension", Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), 1002],
  ["RSV2", Buffer.from([0xa1, 0x80, 0, 0, 0, 0]), 1002],
  ["a reserved opcode", maskedFrame(0x3, Buffer.from("a")), 1002],
  ["a reserved control opcode", maskedFrame(0xb, Buffer.from("a")), 1002],
  ["a ping of 126 bytes", maskedFrame(0x9, Buffer.alloc(126)), 1002],
  ["a fragmented ping", maskedFrame(0x9, Buffer.from("a"), { final: false }), 1002],
  ["a continuation of nothing", maskedFrame(0x0, Buffer.from("a")), 1002],
  [
    "a message inside a message",
    Buffer.concat([maskedFrame(0x1, Buffer.from("a"), { final: false }), maskedFrame(0x1, Buffer.from("b"))]),
    1002,
  ],
  ["a close frame of one byte", maskedFrame(0x8, Buffer.from([3])), 1002],
  ["close code 1005", closeFrame(1005), 1002],
  ["close code 1006", closeFrame(1006), 1002],
  ["close code 999", closeFrame(999), 1002],
  ["close code 2000", closeFrame(2000), 1002],
  ["close code 5000", closeFrame(5000), 1002],
  ["a close reason that is not UTF-8", maskedFrame(0x8, Buffer.from([3, 232, 0xff, 0xfe])), 1007],
  ["text that is not UTF-8", maskedFrame(0x1, Buffer.from([0xce, 0xba, 0xed, 0xa0, 0x80])), 1007],
];

test.each(violations)("%s is a violation [quirk:Q25 fault:C14]", async (_name, bytes, code) => {
  await using edge = await startEdge();
  using client = await RawClient.open(edge.port);
  client.socket.write(bytes);
  await client.untilClosed();
  expect(client.closeFrame?.code).toBe(code);
  const end = await endOf(edge);
  expect(end).toMatchObject({ status: code, source: "server" });
  expect(end?.reason).not.toBe("");
});

test.each([
  ["1 GiB", 2 ** 30],
  ["2^53", 2 ** 53],
  ["2^62", 2 ** 62],
])(
  "A header that claims %s is answered 1009 before any data came [fault:C1]",
  async (_name, claimedLength) => {
    await using edge = await startEdge();
    using client = await RawClient.open(edge.port);
    client.socket.write(maskedFrame(0x2, Buffer.alloc(0), { claimedLength }));
    await client.untilClosed();
    expect(client.closeFrame).toEqual({ code: 1009, reason: "message too big" });
    expect(await endOf(edge)).toEqual({ status: 1009, reason: "message too big", source: "server" });
  },
);

test.each([1, 2, 7])("The size limit is exact over %i fragments [fault:C2]", async (parts) => {
  const maxMessageBytes = 1_000;
  await using edge = await startEdge({ maxMessageBytes });
  const fragments = (length: number): Buffer => {
    const size = Math.ceil(length / parts);
    const frames: Buffer[] = [];
    for (let start = 0; start < length || start === 0; start += size) {
      const final = start + size >= length;
      const opcode = start === 0 ? 0x1 : 0x0;
      frames.push(maskedFrame(opcode, Buffer.alloc(Math.min(size, length - start), "x"), { final }));
    }
    return Buffer.concat(frames);
  };
  using client = await RawClient.open(edge.port);
  client.socket.write(maskedFrame(0x1, Buffer.alloc(0)));
  client.socket.write(fragments(maxMessageBytes));
  await client.until(() => client.texts.length === 2);
  expect(client.texts.map(({ length }) => length)).toEqual([0, maxMessageBytes]);
  client.socket.write(fragments(maxMessageBytes + 1));
  await client.untilClosed();
  expect(client.closeFrame?.code).toBe(1009);
  const inlet = await edge.host.single();
  expect(inlet.messages.length).toBe(2);
  expect(await endOf(edge)).toMatchObject({ status: 1009, source: "server" });
});

test.each([
  ["of one byte", 1],
  ["that are empty", 0],
])("Endless fragments %s are ended with 1008 [fault:C3]", async (_name, length) => {
  await using edge = await startEdge({ messagesPerSecond: Infinity });
  using client = await RawClient.open(edge.port);
  client.socket.write(maskedFrame(0x1, Buffer.alloc(length, "a"), { final: false }));
  const fragment = maskedFrame(0x0, Buffer.alloc(length, "a"), { final: false });
  client.socket.write(Buffer.concat(Array.from({ length: 20_000 }, () => fragment)));
  await client.untilClosed();
  expect(client.closeFrame?.code).toBe(1008);
  expect(await endOf(edge)).toMatchObject({ status: 1008, source: "server" });
});

test("Compression is not negotiated, so there is nothing to inflate [fault:C4]", async () => {
  await using edge = await startEdge();
  const client = await openWebSocket(edge.listening.url, [], { perMessageDeflate: true });
  expect(client.extensions).toBe("");
  client.terminate();
  await endOf(edge);
});

test("A client that pings and never reads the pongs is given up with 1008, and cut when it takes no close frame either [fault:C5]", async () => {
  const warnings: unknown[] = [];
  await using edge = await startEdge({
    messagesPerSecond: Infinity,
    closeTimeoutMs: 100,
    logger: { warn: (details) => warnings.push(details), error: () => undefined },
  });
  using client = await RawClient.open(edge.port);
  client.socket.pause();
  const pings = Buffer.concat(Array.from({ length: 1_000 }, () => maskedFrame(0x9, Buffer.alloc(125))));
  const flood = (): void => {
    while (!client.socket.destroyed && client.socket.write(pings));
  };
  client.socket.on("drain", flood);
  flood();
  const end: End = { status: 1008, reason: "too many pings", source: "server" };
  expect(await endOf(edge)).toEqual(end);
  expect(warnings).toEqual([{ status: 1008, reason: "too many pings", remoteAddress: "127.0.0.1" }]);
});

test("A client that reads is told that its pings are too many; as many as may wait are answered", async () => {
  await using edge = await startEdge({ maxPendingPongs: 40, closeTimeoutMs: 100 });
  using client = await RawClient.open(edge.port);
  const pings = (count: number): Buffer =>
    Buffer.concat(Array.from({ length: count }, () => maskedFrame(0x9, Buffer.from("a"))));

  client.socket.write(Buffer.concat([pings(40), maskedFrame(0x1, Buffer.from("last"))]));
  await client.until(() => client.texts.length === 1);
  expect(client.frames.filter(({ opcode }) => opcode === 0xa)).toHaveLength(40);
  client.socket.write(pings(41));
  await client.untilClosed();

  expect(client.closeFrame).toEqual({ code: 1008, reason: "too many pings" });
  expect(await endOf(edge)).toMatchObject({ status: 1008 });
});

test("Our close delivers its status and reason, behind everything that was sent before [quirk:Q26]", async () => {
  await using edge = await startEdge();
  const client = await openWebSocket(edge.listening.url);
  const received: string[] = [];
  client.on("message", (data: Buffer) => received.push(data.toString()));
  const inlet = await edge.host.single();
  const large = "x".repeat(20_000);
  void inlet.outlet.send("first", "text", "push", undefined);
  void inlet.outlet.send(large, "text", "push", undefined);
  void inlet.outlet.send("farewell", "text", "push", undefined);
  inlet.outlet.close(4002, "maintenance", "server");
  expect(await closeOf(client)).toEqual({ code: 4002, reason: "maintenance" });
  expect(received).toEqual(["first", large, "farewell"]);
  expect(await endOf(edge)).toEqual({ status: 4002, reason: "maintenance", source: "server" });
});

test.each([
  ["a reason above 123 bytes is cut between characters", 1000, "é".repeat(62), 1000, "é".repeat(61)],
  ["a code that may not be sent becomes 1011", 2999, "odd", 1011, "odd"],
  ["code 0 becomes 1011", 0, "", 1011, ""],
  ["code 1004 becomes 1011", 1004, "", 1011, ""],
  ["1005 is an empty close frame", 1005, "", 1005, ""],
  ["1006 just ends it", 1006, "", 1006, ""],
  ["1015 just ends it", 1015, "", 1006, ""],
])("What can't be sent is never sent: %s [quirk:Q39]", async (_name, code, reason, seenCode, seenReason) => {
  await using edge = await startEdge();
  const client = await openWebSocket(edge.listening.url);
  const closed = closeOf(client);
  const inlet = await edge.host.single();
  inlet.outlet.close(code, reason, "server");
  inlet.outlet.close(1000, "second", "server");
  expect(await closed).toEqual({ code: seenCode, reason: seenReason });
  await endOf(edge);
});

test("A client that does not answer our close frame is cut [fault:C12]", async () => {
  await using edge = await startEdge({ closeTimeoutMs: 100 });
  using client = await RawClient.open(edge.port, true);
  const inlet = await edge.host.single();
  inlet.outlet.close(1001, "bye", "server");
  await client.until(() => client.ended || client.closed);
  expect(client.closeFrame).toEqual({ code: 1001, reason: "bye" });
  expect(await endOf(edge)).toEqual({ status: 1001, reason: "bye", source: "server" });
});

test("A client that sends its close frame and then keeps the line open is cut", async () => {
  await using edge = await startEdge({ closeTimeoutMs: 100 });
  using client = await RawClient.open(edge.port, true);
  client.sendClose(1000, "done");
  await client.until(() => client.ended || client.closed);
  expect(client.closeFrame).toEqual({ code: 1000, reason: "done" });
  expect(await endOf(edge)).toEqual({ status: 1000, reason: "done", source: "client" });
});

test("Ten thousand messages with a close frame behind them are all answered, in order [fault:C13]", async () => {
  const count = 10_000;
  // Handlers that answer at once and handlers that go through a few promises first, taking turns by connection.
  for (const hops of [0, 5]) {
    await using edge = await startEdge({ messagesPerSecond: Infinity }, (inlet, message) => {
      if (hops === 0) return echo(inlet, message);
      void (async () => {
        for (let hop = 0; hop < hops; hop++) await Promise.resolve();
        echo(inlet, message);
      })();
    });
    using client = await RawClient.open(edge.port);
    const texts = Array.from({ length: count }, (_, index) => String(index));
    const frames = texts.map((text) => maskedFrame(0x1, Buffer.from(text)));
    client.socket.write(Buffer.concat([...frames, closeFrame(1000, "that's all")]));
    await client.untilClosed();
    expect(client.texts).toEqual(texts);
    expect(client.closeFrame).toEqual({ code: 1000, reason: "that's all" });
    expect(await endOf(edge)).toEqual({ status: 1000, reason: "that's all", source: "client" });
  }
});

test("After the end nothing reaches the inlet, and sending rejects without harm", async () => {
  await using edge = await startEdge();
  using client = await RawClient.open(edge.port, true);
  const inlet = await edge.host.single();
  inlet.outlet.close(1000, "", "server");
  client.text("too late");
  await client.until(() => client.closeFrame !== undefined);
  void inlet.outlet.send("ignored", "text", "push", undefined);
  await expect(inlet.outlet.send("nobody listens", "text", "push", undefined)).rejects.toMatchObject({
    code: "VELAROS_SOCKET_CLOSED",
    details: { status: 1000 },
  });
  client.socket.end(closeFrame(1000));
  await endOf(edge);
  expect(inlet.messages).toEqual([]);
  expect(client.texts).toEqual([]);
});

test("A host that throws costs one connection", async () => {
  const errors: string[] = [];
  await using edge = await startEdge({
    logger: { warn: () => undefined, error: (_details, message) => errors.push(message) },
  });
  const { connect } = edge.host;
  edge.host.connect = () => {
    throw new Error("no");
  };
  const client = await openWebSocket(edge.listening.url);
  expect((await closeOf(client)).code).toBe(1011);
  expect(errors).toEqual(["A connection could not be set up."]);
  edge.host.connect = connect;
  const other = await openWebSocket(edge.listening.url);
  other.send("still here");
  const [data] = (await once(other, "message")) as [Buffer];
  expect(data.toString()).toBe("still here");
  other.terminate();
});
