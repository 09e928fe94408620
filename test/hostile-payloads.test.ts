import { Gateway, Service } from "eurus";
import { LocalTransport } from "eurus/local";
import fc from "fast-check";
import { Router } from "velaros";
import type { HandlerObject } from "velaros";
import { json, jsonCodec } from "velaros/json";
import { msgpack, msgpackCodec } from "velaros/msgpack";
import { protobuf, protobufCodec } from "velaros/protobuf";
import { socketPair } from "velaros/testing";
import type { Codec, Envelope } from "velaros-protocol";
import { expect, test } from "vitest";

/** Payloads per encoding; each goes through a router alone and through gateway and service. */
const batches = process.env["EURUS_LONG"] === undefined ? 200 : 1_000;
const batchSize = 100;

const encodings: readonly { name: string; codec: Codec; middleware: () => HandlerObject }[] = [
  { name: "JSON", codec: jsonCodec, middleware: json },
  { name: "MessagePack", codec: msgpackCodec, middleware: msgpack },
  { name: "Protocol Buffers", codec: protobufCodec, middleware: protobuf },
];

/** Bytes that look more or less like an envelope. */
function payloads(codec: Codec): fc.Arbitrary<Uint8Array> {
  const honest = fc
    .record(
      {
        id: fc.oneof(fc.string({ maxLength: 200 }), fc.constantFrom("1", "2", "3")),
        path: fc.oneof(
          fc.webPath(),
          fc.string({ maxLength: 80 }),
          fc.constantFrom("/echo", "/talk", "/ask", "/fail", "/x/y/z", "/echo/", "", "/private"),
        ),
        data: codec === protobufCodec ? fc.uint8Array({ maxLength: 100 }) : fc.jsonValue({ maxDepth: 3 }),
        meta: fc.dictionary(fc.string({ maxLength: 10 }), fc.string({ maxLength: 10 }), { maxKeys: 3 }),
      },
      { requiredKeys: [] },
    )
    .map((envelope) => codec.encode(envelope as Envelope).slice());
  const spoiled = fc
    .tuple(honest, fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 6 }), fc.boolean())
    .map(([bytes, place, lost, added, cut]) => {
      const at = place % (bytes.length + 1);
      const rest = cut ? new Uint8Array(0) : bytes.subarray(at + lost);
      return new Uint8Array(Buffer.concat([bytes.subarray(0, at), added, rest]));
    });
  const random = fc.uint8Array({ maxLength: 200 });
  return fc.oneof(
    { weight: 2, arbitrary: honest },
    { weight: 5, arbitrary: spoiled },
    { weight: 2, arbitrary: random },
  );
}

function application(middleware: HandlerObject, onPrivate: () => void): Router {
  return new Router({ onError: () => undefined })
    .use(middleware)
    .publicBind("/echo", async (ctx) => ctx.reply(await ctx.receive<object>()))
    .publicBind("/talk", async (ctx) => {
      await ctx.receive();
      await ctx.receive();
      await ctx.reply("thanks");
    })
    .publicBind("/ask", async (ctx) => {
      await ctx.socket.request("question", { path: "/question", timeoutMs: 1 }).catch(() => undefined);
    })
    .publicBind("/fail", () => {
      throw new Error("failed");
    })
    .publicBind("/honest", (ctx) => ctx.reply("here"))
    .bind("/private", onPrivate);
}

for (const { name, codec, middleware } of encodings) {
  for (const way of ["a router", "gateway and service"]) {
    test(`${name} of any kind does no harm to ${way}: the next honest message is answered [fault:E1]`, async () => {
      let ranPrivately = 0;
      const router = application(middleware(), () => {
        if (way !== "a router") ranPrivately++;
      });
      const transport = new LocalTransport();
      await using service = new Service("api", transport, router, { drainTimeoutMs: 0 });
      await using gateway = new Gateway("gateway", transport, { drainTimeoutMs: 0 });
      await service.start();
      await gateway.start();
      const edge =
        way === "a router" ? router : new Router({ onError: () => undefined }).use(middleware()).use(gateway);
      const messageType = codec.messageType;
      const honest = codec.encode({ id: "honest", path: "/honest" });

      await fc.assert(
        fc.asyncProperty(
          fc.array(payloads(codec), { minLength: batchSize, maxLength: batchSize }),
          async (batch) => {
            const pair = socketPair(edge);
            for (const bytes of batch) pair.inlet.message({ bytes, type: messageType });
            if (pair.closed === undefined) {
              pair.inlet.message({ bytes: honest, type: messageType });
              const answered = (): boolean =>
                pair.sent.some(({ payload }) => {
                  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
                  return codec.decode(bytes).id === "honest";
                });
              await expect.poll(answered, { interval: 1 }).toBe(true);
            }
            pair.inlet.closed(1001, "", "client");
            await pair.inlet.finished;
            expect(ranPrivately).toBe(0);
          },
        ),
        { numRuns: batches, endOnFailure: true },
      );
    }, 600_000);
  }
}
