import { Service, type Transport } from "eurus";
import { Router } from "velaros";
import { json } from "velaros/json";

export type IsolationService = keyof typeof routers;

const streamed = "x".repeat(64 * 1024);

const routers = {
  /** What must stay fast. */
  numbers: () =>
    new Router().use(json()).publicBind("/numbers", (context) => context.reply(context.unmarshal())),
  /** Where the large messages go, and what is poured over a client that does not read. */
  streams: () =>
    new Router()
      .use(json())
      .publicBind("/streams/sink", (context) => context.reply({ bytes: context.data?.byteLength ?? 0 }))
      .publicBind("/streams/source", async (context) => {
        while (!context.signal.aborted) await context.push(streamed, { path: "/streams/source" });
      }),
};

export async function startIsolationService(transport: Transport, name: IsolationService): Promise<void> {
  await new Service(name, transport, routers[name](), { gatewayNames: ["bench-gateway"] }).start();
}
