import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import fc from "fast-check";
import { Router } from "velaros";
import type { Attachment } from "velaros";
import { json } from "velaros/json";
import { msgpack } from "velaros/msgpack";
import { expect, test } from "vitest";
import { jsonRouter } from "./support/fleet.ts";
import { handshake, maskedFrame } from "./support/raw-client.ts";

const numRuns = process.env["EURUS_LONG"] === undefined ? 20_000 : 100_000;
const timeoutMs = 900_000;

/** A gateway with a service behind a real HTTP server, which is handed its connections without a network. */
class Target implements AsyncDisposable {
  readonly attachment: Attachment;
  ranPrivately = 0;
  readonly #server = createServer((_request, response) => response.writeHead(404).end());
  readonly #cleanups: (() => Promise<void>)[];

  private constructor(gateway: Gateway, service: Service) {
    const edge = new Router({ onError: () => undefined, logger: { warn() {}, error() {} } })
      .use(json(), msgpack())
      .use(gateway);
    this.attachment = edge.attach(this.#server, { path: "/ws" });
    this.#cleanups = [
      () => this.attachment.close({ graceMs: 0 }),
      () => gateway.stop(),
      () => service.stop(),
    ];
  }

  static async start(): Promise<Target> {
    const transport = new LocalTransport();
    const gateway = new Gateway("gateway", transport, { drainTimeoutMs: 0 });
    let target: Target | undefined;
    const router = jsonRouter()
      .use(msgpack())
      .publicBind("/echo", (ctx) => ctx.reply("here"))
      .bind("/private", () => {
        if (target !== undefined) target.ranPrivately++;
      });
    const service = new Service("api", transport, router, { drainTimeoutMs: 0 });
    await service.start();
    await gateway.start();
    target = new Target(gateway, service);
    return target;
  }

  /** Sends bytes and, some turns of the event loop later, hangs up; resolves with everything that came back once the server has let go. */
  async exchange(bytes: Uint8Array, turns = turnsToAnswer): Promise<Buffer> {
    const [client, server] = duplexPair();
    const received: Buffer[] = [];
    client.on("data", (chunk: Buffer) => received.push(chunk));
    const closed = bothClosed(client, server);
    this.#server.emit("connection", server);
    client.write(bytes);
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    client.end();
    await closed;
    return Buffer.concat(received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanup of this.#cleanups) await cleanup();
  }
}

/** How many turns of the event loop an answer may take. */
const turnsToAnswer = 4;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Who is told that the other has nothing more to say has nothing more to say either. */
function bothClosed(client: Duplex, server: Duplex): Promise<void> {
  return new Promise((resolve) => {
    client.on("error", () => undefined).on("end", () => client.end());
    server
      .on("error", () => undefined)
      .on("close", () => {
        client.destroy();
        resolve();
      });
  });
}

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

/** Text as it goes over the wire: one byte for each character. */
const latin = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 30,
});
const oddValue = fc.oneof(
  latin,
  fc.constantFrom(
    "",
    " ",
    ",",
    "a,,b",
    "a, a",
    "null",
    "https://evil.example",
    "http://[::1",
    "://",
    "13",
    "8",
    "1e9",
    "-1",
    "chunked",
    "upgrade, close",
    "velaros-json",
    "velaros-json, x",
    "\u00ff",
    "a=b; __proto__=c",
    "%00",
    key,
  ),
);
const headerName = fc.constantFrom(
  "Host",
  "Upgrade",
  "Connection",
  "Sec-WebSocket-Key",
  "Sec-WebSocket-Version",
  "Sec-WebSocket-Protocol",
  "Sec-WebSocket-Extensions",
  "Origin",
  "Cookie",
  "Authorization",
  "X-Forwarded-For",
  "Content-Length",
  "Transfer-Encoding",
  "__proto__",
  "constructor",
  "Expect",
  "traceparent",
);
const target = fc.oneof(
  { weight: 6, arbitrary: fc.constant("/ws") },
  fc.constantFrom(
    "/ws",
    "/ws?token=x",
    "/ws/",
    "//ws",
    "/%77s",
    "*",
    "http://h/ws",
    "/ws#f",
    "/",
    "",
    "?",
    "/ws?%",
  ),
  latin,
);
const method = mostly("GET", "POST", "get", "CONNECT", "PRI", "");
const version = mostly("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "http/1.1", "");

function spoil(bytes: Buffer, blows: readonly (readonly [number, number, Uint8Array])[]): Buffer {
  let result = bytes;
  for (const [place, lost, added] of blows) {
    const at = place % (result.length + 1);
    result = Buffer.concat([result.subarray(0, at), added, result.subarray(at + lost)]);
  }
  return result;
}

const blow = fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 4 }));
const blows = fc.oneof(fc.constant([]), fc.array(blow, { maxLength: 2 }));

function mostly(usual: string, ...others: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
}

/** A request that may be one for a WebSocket, or not quite, or not at all. */
const request: fc.Arbitrary<Buffer> = fc
  .tuple(
    method,
    target,
    version,
    fc.array(fc.tuple(headerName, fc.option(oddValue, { nil: undefined })), { maxLength: 2 }),
    fc.array(fc.tuple(headerName, oddValue), { maxLength: 1 }),
    blows,
  )
  .map(([verb, path, protocol, replaced, added, spoilt]) => {
    const head = handshake(Object.fromEntries(replaced), `${verb} ${path} ${protocol}`);
    const more = added.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return spoil(Buffer.from(`${head.slice(0, -2)}${more}\r\n`, "latin1"), spoilt);
  });

const envelope = fc
  .record(
    {
      id: fc.oneof(fc.string({ maxLength: 140 }), fc.integer(), fc.constant(null)),
      path: fc.oneof(
        fc.constantFrom("/echo", "/private", "/private/", "//private", "/%70rivate"),
        fc.string(),
      ),
      data: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((value) => Buffer.from(JSON.stringify(value)));

/** Frames by the rules, against each of them, and with bytes out of place. */
const frames: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(
      fc.record({
        opcode: fc.oneof(fc.constantFrom(1, 2, 0, 8, 9, 10), fc.nat(15)),
        final: fc.boolean(),
        payload: fc.oneof(
          envelope,
          fc.uint8Array({ maxLength: 140 }).map((bytes) => Buffer.from(bytes)),
        ),
        claimed: fc.option(fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 2 ** 31, 2 ** 53), {
          nil: undefined,
          freq: 8,
        }),
        firstByte: fc.option(fc.nat(255), { nil: undefined, freq: 8 }),
        secondByte: fc.option(fc.nat(255), { nil: undefined, freq: 8 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    blows,
  )
  .map(([list, spoilt]) => {
    const parts = list.map(({ opcode, final, payload, claimed, firstByte, secondByte }) => {
      const frame = maskedFrame(opcode, payload, { final, claimedLength: claimed ?? payload.length });
      if (firstByte !== undefined) frame[0] = firstByte;
      if (secondByte !== undefined) frame[1] = secondByte;
      return frame;
    });
    return spoil(Buffer.concat(parts), spoilt);
  });

/** What a server may say in a close frame. */
const closeCodes = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1013]);

/** Fails unless these are whole, unmasked frames of a server, with nothing after a close frame. */
function checkFrames(bytes: Buffer): void {
  let at = 0;
  let isClosed = false;
  while (at < bytes.length) {
    expect(isClosed).toBe(false);
    const first = bytes.readUInt8(at);
    const second = bytes.readUInt8(at + 1);
    expect([0x81, 0x82, 0x88, 0x8a]).toContain(first);
    const start = at + (second < 126 ? 2 : second === 126 ? 4 : 10);
    const length = second < 126 ? second : second === 126 ? bytes.readUInt16BE(at + 2) : Infinity;
    at = start + length;
    expect(at).toBeLessThanOrEqual(bytes.length);
    if (first !== 0x88) continue;
    isClosed = true;
    if (length >= 2) {
      const code = bytes.readUInt16BE(start);
      expect(closeCodes.has(code) || code >= 3000).toBe(true);
    }
  }
}

const upgraded =
  /^HTTP\/1\.1 101 [^\r]*\r\n(?:[^\r]+\r\n)*?Sec-WebSocket-Accept: ([^\r]+)\r\n(?:[^\r]+\r\n)*\r\n/;

test(
  `of ${numRuns} requests each is upgraded by the rules or refused in HTTP, and leaves nothing [fault:C15 fault:C16]`,
  async () => {
    await using server = await Target.start();
    let upgrades = 0;
    let refusals = 0;

    await fc.assert(
      fc.asyncProperty(request, async (bytes) => {
        const answer = (await server.exchange(bytes)).toString("latin1");
        if (answer.startsWith("HTTP/1.1 101")) {
          upgrades++;
          expect(answer).toMatch(upgraded);
        } else {
          if (answer !== "") refusals++;
          expect(answer).toMatch(/^$|^HTTP\/1\.1 [45]\d\d [ -~]+\r\n(?:[!-9;-~]+: [^\r\n]*\r\n)+\r\n/);
          expect(answer).not.toMatch(/\bat .*:\d+:\d+/);
        }
        expect(server.attachment.size).toBe(0);
      }),
      { numRuns, endOnFailure: true },
    );

    // Otherwise the cases say nothing.
    expect(upgrades).toBeGreaterThan(numRuns / 20);
    expect(refusals).toBeGreaterThan(numRuns / 4);
    expect(
      (await server.exchange(Buffer.from(handshake({}, "GET /ws HTTP/1.1")))).toString("latin1"),
    ).toContain(accept);
  },
  timeoutMs,
);

test(
  `${numRuns} times bytes in place of frames: answers are frames by the rules, and no private handler runs [fault:C14 fault:C19]`,
  async () => {
    await using server = await Target.start();
    const head = Buffer.from(handshake({}, "GET /ws HTTP/1.1"));
    let answered = 0;

    await fc.assert(
      fc.asyncProperty(frames, async (bytes) => {
        const received = await server.exchange(Buffer.concat([head, bytes]));
        const end = received.indexOf("\r\n\r\n") + 4;
        checkFrames(received.subarray(end));
        if (received.length > end) answered++;
        expect(server.attachment.size).toBe(0);
        expect(server.ranPrivately).toBe(0);
      }),
      { numRuns, endOnFailure: true },
    );

    expect(answered).toBeGreaterThan(numRuns / 4);
    const honest = maskedFrame(1, Buffer.from('{"id":"1","path":"/echo"}'));
    expect((await server.exchange(Buffer.concat([head, honest]), 50)).toString("latin1")).toContain('"here"');
  },
  timeoutMs,
);
