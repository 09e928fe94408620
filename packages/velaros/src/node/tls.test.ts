import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWebSocket, startEdge } from "../../../../test/support/edge.ts";

interface KeyPair {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** A key with a certificate that it signed itself; needs the `openssl` command. */
function selfSigned(name: string): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), "velaros-tls-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
    const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...algorithm, ...subject, "-keyout", key, "-out", cert], {
      stdio: "pipe",
    });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

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
  expect((await edge.acceptor.only()).ends).toEqual([{ status: 4000, reason: "bye", source: "client" }]);
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
  expect(edge.acceptor.inlets.length).toBe(1);
});

test("A slow reader over TLS is closed with 1013", async () => {
  const server = selfSigned("server");
  await using edge = await startEdge({ tls: server, stallTimeoutMs: 100, closeTimeoutMs: 50 });
  const client = await openWebSocket(edge.listening.url, [], { ca: server.cert });
  client.pause();
  const inlet = await edge.acceptor.only();
  const sending = async (): Promise<never> => {
    for (;;) await inlet.outlet.send("x".repeat(10_000), "text", "push", undefined);
  };
  await expect(sending()).rejects.toMatchObject({ details: { status: 1013 } });
  await expect.poll(() => edge.listening.size).toBe(0);
  client.terminate();
});
