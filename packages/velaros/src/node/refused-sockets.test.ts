import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { startEdge } from "../../../../test/support/edge.ts";
import type { Edge } from "../../../../test/support/edge.ts";
import { handshake, RawClient } from "../../../../test/support/raw-client.ts";
import { selfSigned } from "../../../../test/support/self-signed.ts";
import type { ListenOptions } from "./options.ts";

interface Line {
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

async function start(options: Partial<ListenOptions> = {}): Promise<{ edge: Edge; lines: Line[] }> {
  const lines: Line[] = [];
  const warn = (details: Line["details"], message: string): void => void lines.push({ message, details });
  const edge = await startEdge({ logger: { warn, error: () => undefined }, ...options });
  return { edge, lines };
}

test.each([
  ["never ends", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "REQUEST_TIMEOUT", 408],
  ["has headers of 64 KiB", handshake({ Cookie: "c".repeat(64 * 1024) }), "TOO_MANY_HEADERS", 431],
  ["is none", "\u0016\u0003\u0001 hello\r\n\r\n", "BAD_REQUEST", 400],
])(
  "A request that %s is answered, counted and logged [fault:C8 fault:C16]",
  async (_what, bytes, reason, status) => {
    const { edge, lines } = await start({ handshakeTimeoutMs: 200 });
    await using _ = edge;
    using client = await RawClient.connect(edge.port);

    client.socket.write(bytes);
    await client.untilClosed();

    expect(client.response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(edge.refusals).toEqual([reason]);
    expect(lines).toEqual([
      {
        message: expect.stringMatching(/^Refused a client: \w/),
        details: { reason, status, remoteAddress: "127.0.0.1" },
      },
    ]);
  },
);

test("Clients that leave before they have asked for anything are nobody's business", async () => {
  const { edge, lines } = await start({ handshakeTimeoutMs: 200 });
  await using _ = edge;
  for (const end of ["end", "resetAndDestroy"] as const) {
    using client = await RawClient.connect(edge.port);
    client.socket[end]();
    await client.untilClosed();
  }
  using client = await RawClient.connect(edge.port);
  client.socket.write("GET / HTTP/1.1\r\nHost: x\r\n");
  client.socket.resetAndDestroy();
  await client.untilClosed();
  using last = await RawClient.open(edge.port);

  expect(last.response).toMatch(/ 101 /);
  expect(edge.refusals).toEqual([]);
  expect(lines).toEqual([]);
});

test("Who does not get through the TLS handshake is counted and logged, with the problem", async () => {
  const [server, friend, stranger] = [selfSigned("server"), selfSigned("friend"), selfSigned("stranger")];
  const { edge, lines } = await start({
    tls: { ...server, ca: friend.cert, requestCert: true, rejectUnauthorized: true },
  });
  await using _ = edge;
  const attempt = (options: object): Promise<void> =>
    new Promise((resolve) => {
      const socket = connectTls({
        port: edge.port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        ...options,
      });
      socket
        .on("error", () => undefined)
        .on("close", () => resolve())
        .resume();
    });

  await attempt({});
  await attempt(stranger);
  await attempt({ ...friend, maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" });
  using plain = await RawClient.connect(edge.port);
  plain.socket.write(handshake());
  await plain.untilClosed();

  await expect.poll(() => edge.refusals).toEqual(Array.from({ length: 4 }, () => "TLS_FAILED"));
  expect(lines).toEqual([
    {
      message: "Refused a client: No secure connection could be made.",
      details: {
        reason: "TLS_FAILED",
        remoteAddress: "127.0.0.1",
        problem: "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE",
      },
    },
  ]);
});
