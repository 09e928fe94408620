import { connect, headers } from "@nats-io/transport-node";
import { NatsTransport } from "eurus/nats";
import fc from "fast-check";
import { expect } from "vitest";
import { Fleet, jsonRouter } from "../support/fleet.ts";
import { NatsServer, natsTest } from "../support/nats-server.ts";

const batchSize = 200;
const batches = (process.env["EURUS_LONG"] === undefined ? 20_000 : 100_000) / batchSize;

/** What somebody does to a packet that they have seen, before they send it again. */
interface Forgery {
  readonly packet: number;
  readonly subject: number;
  readonly blows: readonly (readonly [number, number, Uint8Array])[];
  readonly random: Uint8Array | undefined;
  readonly header: readonly [string, string] | undefined;
  readonly status: number | undefined;
}

const forgery: fc.Arbitrary<Forgery> = fc.record({
  packet: fc.nat(),
  // Mostly where it came from; else under the subject of another one.
  subject: fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, fc.nat()),
  blows: fc.array(fc.tuple(fc.nat(), fc.nat(4), fc.uint8Array({ maxLength: 6 })), { maxLength: 3 }),
  random: fc.option(fc.uint8Array({ maxLength: 80 }), { nil: undefined, freq: 3 }),
  header: fc.option(
    fc.tuple(fc.constantFrom("Status", "Description", "__proto__", "x"), fc.stringMatching(/^[ -~]{0,20}$/u)),
    { nil: undefined },
  ),
  status: fc.option(fc.constantFrom(100, 404, 408, 409, 503, 0), { nil: undefined, freq: 4 }),
});

const newFlag = 1;

/**
 * Where the names of both ends stop in a packet that opens a link. Whoever can send another name there is that gateway,
 * as far as anybody can tell: permissions have to keep them out.
 */
function namesUpTo({ data }: { readonly data: Uint8Array }): number {
  return ((data[2] ?? 0) & newFlag) === 0 ? 0 : 80;
}

natsTest(
  "whatever somebody sends on the subjects of a fleet, no private handler runs, and the next client is served [fault:S11 fault:N8]",
  async () => {
    await using server = await NatsServer.start();
    await using fleet = new Fleet(() => NatsTransport.connect({ servers: server.url }));
    let ranPrivately = 0;
    const makeRouter = (): ReturnType<typeof jsonRouter> =>
      jsonRouter()
        .publicBind("/hello", (ctx) => ctx.reply("hello"))
        .publicBind("/ask", async (ctx) => ctx.reply(await ctx.socket.request("who?", { timeoutMs: 100 })))
        .publicBind("/large", (ctx) => ctx.reply("x".repeat(200_000)))
        .bind("/private", () => void ranPrivately++);
    const edge = await fleet.edge({ options: { instanceLeaseMs: 2_000 } });
    await fleet.service("api", makeRouter());

    // Somebody who listens to everything.
    const spy = await connect({ servers: server.url });
    const seen: { readonly subject: string; readonly data: Uint8Array }[] = [];
    spy.subscribe(">", {
      callback: (_error, { subject, data }) => void (seen.length < 2_000 && seen.push({ subject, data })),
    });
    await spy.flush();
    const client = await fleet.client(edge);
    for (const path of ["/hello", "/large", "/private", "/hello"]) await client.ask(path);
    client.send({ id: "q", path: "/ask" });
    await client.find(({ data }) => data !== undefined && JSON.stringify(data).includes("who?"));
    await expect.poll(() => seen.length).toBeGreaterThan(10);
    const known = [...seen];

    await fc.assert(
      fc.asyncProperty(fc.array(forgery, { minLength: batchSize, maxLength: batchSize }), async (batch) => {
        for (const { packet, subject, blows, random, header, status } of batch) {
          const original = known[packet % known.length];
          const place = subject === -1 ? original : known[subject % known.length];
          if (original === undefined || place === undefined) continue;
          let payload = Buffer.from(random ?? original.data);
          for (const [at, lost, added] of blows) {
            const start = Math.min(payload.length, namesUpTo(original) + (at % (payload.length + 1)));
            payload = Buffer.concat([payload.subarray(0, start), added, payload.subarray(start + lost)]);
          }
          const options = status === undefined || status === 0 ? headers() : headers(status, "odd");
          if (header !== undefined) options.append(...header);
          spy.publish(place.subject, status === 503 ? new Uint8Array(0) : payload, { headers: options });
        }
        await spy.flush();
      }),
      { numRuns: batches, endOnFailure: true },
    );

    // What was forged in a peer's name may have cost links and pins. It must not have cost more.
    await expect
      .poll(
        async () => {
          const next = await fleet.client(edge);
          const answer = await next.ask("/hello");
          next.webSocket.terminate();
          return answer.data;
        },
        { timeout: 30_000 },
      )
      .toEqual({ message: "hello" });
    expect(ranPrivately).toBe(0);
    expect(edge.gateway.services().length).toBeGreaterThan(0);
    await spy.close();
  },
  300_000,
);
