import { expect, test } from "vitest";
import { closeOf, openWebSocket, startEdge } from "../../../../test/support/edge.ts";

test("Messages come in with their type and go out again", async () => {
  await using edge = await startEdge();
  const client = await openWebSocket(edge.listening.url);
  const received: unknown[] = [];
  client.on("message", (data: Buffer, isBinary) => received.push([data.toString(), isBinary]));
  client.send("héllo");
  client.send(Buffer.from("bytes"));
  client.send("");
  client.send("x".repeat(200_000));
  await expect.poll(() => received.length).toBe(4);
  expect(received).toEqual([
    ["héllo", false],
    ["bytes", true],
    ["", false],
    ["x".repeat(200_000), false],
  ]);
  client.close(4001, "bye");
  expect(await closeOf(client)).toEqual({ code: 4001, reason: "bye" });
  const inlet = await edge.host.single();
  expect(inlet.ends).toEqual([{ status: 4001, reason: "bye", source: "client" }]);
});
