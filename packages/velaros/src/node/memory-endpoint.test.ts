import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import type { Edge } from "../../../../test/support/edge.ts";
import { closeFrame, maskedFrame, RawClient } from "../../../../test/support/raw-client.ts";
import { Router } from "../router/router.ts";
import { nodeRuntime } from "./runtime.ts";

/** A second passes in a twentieth of it. */
const quickly = {
  ...nodeRuntime,
  setTimer: (delayMs: number, callback: () => void) => nodeRuntime.setTimer(delayMs / 20, callback),
};
/** No process is so small. */
const oneByte = { maxProcessMemoryBytes: 1, runtime: quickly };

/** How a newcomer is received: `"open"`, or the status and the time to wait. */
async function visit({ listening }: Pick<Edge, "listening">): Promise<unknown> {
  const client = new WebSocket(listening.url);
  const opened = once(client, "open").then(() => "open");
  const refused = once(client, "unexpected-response").then(
    ([, { statusCode, headers }]) => `${statusCode} ${headers["retry-after"]}`,
  );
  const answer = await Promise.race([opened, refused]);
  client.on("error", () => undefined);
  client.terminate();
  return answer;
}

test("When memory is short newcomers get 503 and a time to wait, until the last connection is gone [fault:W6]", async () => {
  const lines: string[] = [];
  await using edge = await startEdge({
    ...oneByte,
    closeAboveMemoryPercent: Infinity,
    logger: { warn: (_details, message) => lines.push(message), error: () => undefined },
  });
  const client = await openWebSocket(edge.listening.url);

  await expect.poll(() => visit(edge)).toMatch(/^503 \d+$/);
  expect(edge.refusals).toEqual(["TOO_LITTLE_MEMORY"]);
  expect(lines).toEqual([
    "Memory is short: no new clients.",
    "Refused a client: The server has too little memory for more clients.",
  ]);
  const pong = once(client, "pong");
  client.ping();
  await pong;

  client.close();
  await once(client, "close");
  await expect.poll(() => visit(edge)).toBe("open");
  expect(lines.at(-1)).toBe("Memory is no longer short: new clients may come.");
});

test.each([
  ["of a frame", [maskedFrame(0x1, Buffer.alloc(20_000), { claimedLength: 30_000 })]],
  [
    "of a message in several frames",
    Array.from({ length: 2 }, (_, index) =>
      maskedFrame(index === 0 ? 0x1 : 0x0, Buffer.alloc(10_000), { final: false }),
    ),
  ],
])(
  "When memory runs out, who has sent a large part %s is closed with 1013, others stay [fault:W6]",
  async (_what, frames) => {
    await using edge = await startEdge({ ...oneByte, refuseAboveMemoryPercent: Infinity });
    const other = await openWebSocket(edge.listening.url);
    using client = await RawClient.open(edge.port);

    client.socket.write(Buffer.concat(frames));
    await client.until(() => client.closeFrame !== undefined);

    expect(client.closeFrame).toEqual({ code: 1013, reason: "too little memory" });
    client.socket.write(closeFrame(1013));
    await client.untilClosed();
    expect(other.readyState).toBe(WebSocket.OPEN);
    other.terminate();
  },
);

test("When memory runs out, a connection that is ending already is left to its end", async () => {
  await using edge = await startEdge({
    ...oneByte,
    refuseAboveMemoryPercent: Infinity,
    closeTimeoutMs: 600_000,
    stallTimeoutMs: Infinity,
  });
  using leaving = await RawClient.open(edge.port);
  leaving.socket.pause();
  const { outlet } = await edge.host.single();
  while (outlet.send("x".repeat(1_024), "text", "push", undefined) === undefined);
  edge.listening.closeConnections(() => true, { code: 4000, reason: "done" });

  using large = await RawClient.open(edge.port);
  large.socket.write(maskedFrame(0x1, Buffer.alloc(20_000), { claimedLength: 30_000 }));
  await large.until(() => large.closeFrame !== undefined);
  expect(large.closeFrame).toEqual({ code: 1013, reason: "too little memory" });

  leaving.socket.resume();
  await leaving.until(() => leaving.closeFrame !== undefined);
  expect(leaving.closeFrame).toEqual({ code: 4000, reason: "done" });
});

test("What is short for one endpoint of a router is short for the others with the same limits", async () => {
  const router = new Router({ runtime: quickly, logger: { warn: () => undefined, error: () => undefined } });
  const local = { port: 0, host: "127.0.0.1", closeAboveMemoryPercent: Infinity };
  const small = { ...local, maxProcessMemoryBytes: 1 };
  await using one = await router.listen(small);
  await using same = await router.listen(small);
  await using larger = await router.listen({ ...local, maxProcessMemoryBytes: Infinity });
  const client = await openWebSocket(one.url);

  await expect.poll(() => visit({ listening: one })).toMatch(/^503 /);

  expect(await visit({ listening: same })).toMatch(/^503 /);
  expect(await visit({ listening: larger })).toBe("open");
  client.terminate();
  await expect.poll(() => visit({ listening: same })).toBe("open");
});
