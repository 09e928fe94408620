import { Bench } from "tinybench";
import { type ConnectionOutlet, type HandlerFunction, Router } from "velaros";
import { json } from "velaros/json";
import { jsonCodec } from "velaros-protocol/json";

const routes = 1_000;
const items = 100;

/** What the router adds to a message, without any socket: the way from bytes to a handler and back to a reply. */
export async function benchRouter(): Promise<Bench> {
  const bench = new Bench({ time: 500, warmupTime: 200 });
  for (const size of [64, 1_024]) {
    const messages = Array.from({ length: items }, (_, item) =>
      Buffer.from(
        JSON.stringify({
          id: String(1_000_000 + item),
          path: `/area-500/items/${item}`,
          data: { text: "x".repeat(size - 11) },
        }),
      ),
    );
    let at = 0;
    const next = (): Buffer => messages[(at = (at + 1) % items)] as Buffer;

    const replying = connected((context) => context.reply(context.unmarshal()));
    const returning = connected((context) => context.unmarshal());
    const silent = connected(() => {});
    const asynchronous = connected(async (context) => context.reply(await context.receive()));
    bench
      .add(`${size} B: JSON.parse and JSON.stringify, for comparison`, () => {
        const { id, data } = JSON.parse(next().toString()) as { readonly id: string; readonly data: unknown };
        JSON.stringify({ id, data });
      })
      .add(`${size} B: codec alone, outline, data and reply`, () => {
        const bytes = next();
        const { id, dataStart, dataEnd } = jsonCodec.outline(bytes);
        jsonCodec.encodeText?.({ id, data: jsonCodec.decodeData(bytes.subarray(dataStart, dataEnd)) });
      })
      .add(`${size} B: a handler that does nothing`, () => silent(next()))
      .add(`${size} B: a handler that replies`, () => replying(next()))
      .add(`${size} B: a handler that returns its reply`, () => returning(next()))
      .add(`${size} B: an async handler that receives and replies`, async () => {
        asynchronous(next());
        await Promise.resolve();
      });
  }
  await bench.run();
  return bench;
}

/** A connection to a router with one route among many; what it sends goes nowhere. */
function connected(handler: HandlerFunction): (bytes: Uint8Array) => void {
  const router = new Router();
  router.use(json());
  for (let area = 0; area < routes; area++) {
    if (area === 500) router.publicBind("/area-500/items/:item", handler);
    else router.publicBind(`/area-${area}/items/:item`, () => {});
  }
  const outlet: ConnectionOutlet = { send: () => {}, close: () => {}, pause: () => {}, resume: () => {} };
  const inlet = router.connect({ remoteAddress: "", headers: {} }, outlet);
  return (bytes) => inlet.message({ bytes, type: "text" });
}
