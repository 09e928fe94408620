import { once } from "node:events";
import { expect, test } from "vitest";
import { openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { selfSigned } from "../../../../test/support/self-signed.ts";

test("The listener speaks TLS, and messages of every size pass", async () => {
  const server = selfSigned("server");
  await using edge = await startEdge({ tls: server });
  expect(edge.listening.url).toBe(`wss://127.0.0.1:${edge.port}/`);
  const client = await openWebSocket(edge.listening.url, [], { ca: server.cert });
  for (const length of [5, 500, 100_000, 900_000]) {
    client.send("x".repeat(length));
    const [data] = (await once(client, "message")) as [Buffer];
    expect(data.length).toBe(length);
  }
  client.close(4000, "bye");
  await once(client, "close");
  expect((await edge.host.single()).ends).toEqual([{ status: 4000, reason: "bye", source: "client" }]);
});

test("With mutual TLS only clients with the right certificate get in", async () => {
  const [server, friend, stranger] = [selfSigned("server"), selfSigned("friend"), selfSigned("stranger")];
  await using edge = await startEdge({
    tls: { ...server, ca: friend.cert, requestCert: true, rejectUnauthorized: true },
  });
  const { url } = edge.listening;
  const client = await openWebSocket(url, [], { ca: server.cert, ...friend });
  client.terminate();
  await expect(openWebSocket(url, [], { ca: server.cert, ...stranger })).rejects.toThrow();
  await expect(openWebSocket(url, [], { ca: server.cert })).rejects.toThrow();
  expect(edge.host.inlets.length).toBe(1);
});

test("A slow reader over TLS is closed with 1013", async () => {
  const server = selfSigned("server");
  await using edge = await startEdge({ tls: server, stallTimeoutMs: 100, closeTimeoutMs: 50 });
  const client = await openWebSocket(edge.listening.url, [], { ca: server.cert });
  client.pause();
  const inlet = await edge.host.single();
  const sending = async (): Promise<never> => {
    for (;;) await inlet.outlet.send("x".repeat(10_000), "text", "push", undefined);
  };
  await expect(sending()).rejects.toMatchObject({ details: { status: 1013 } });
  await expect.poll(() => edge.listening.size).toBe(0);
  client.terminate();
});
