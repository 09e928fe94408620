import { setImmediate as turn } from "node:timers/promises";
import { Gateway, type Packet, Service, type Transport, type Unsubscribe } from "eurus";
import { LocalTransport } from "eurus/local";
import { Bench } from "tinybench";
import { type ConnectionInlet, type ConnectionOutlet, Router } from "velaros";
import { json } from "velaros/json";

const clients = 100;
const inFlight = 16;

/** The whole way through gateway and service and back, without sockets and without a server between them. */
export async function benchHop(): Promise<Bench> {
  const bench = new Bench({ time: 2_000, warmupTime: 1_000 });
  // Nothing else does: there is no socket, and the timers of gateways and services let a process end.
  const staysAlive = setInterval(() => {}, 1_000);
  const transports = { "as objects": new LocalTransport(), "as bytes": new ByteBus() };
  for (const [form, transport] of Object.entries(transports)) {
    const send = await connected(transport, 64);
    bench.add(`${clients * inFlight} messages of 64 B there and back, ${form}`, send);
  }
  await bench.run();
  clearInterval(staysAlive);
  return bench;
}

/** Connects clients; returns what sends from all of them and resolves when every message is answered. */
async function connected(transport: Transport, dataBytes: number): Promise<() => Promise<void>> {
  const service = new Router().use(json()).publicBind("/items/:item", (ctx) => ctx.reply(ctx.unmarshal()));
  const gateway = new Gateway("bench-gateway", transport, { maxOpenMessagesPerSocket: 1_000 });
  await Promise.all([gateway.start(), new Service("bench-service", transport, service).start()]);
  const edge = new Router().use(json()).use(gateway);

  let awaited = 0;
  const outlet: ConnectionOutlet = {
    send: () => void awaited--,
    close: () => {},
    pause: () => {},
    resume: () => {},
  };
  const inlets: ConnectionInlet[] = [];
  for (let client = 0; client < clients; client++) {
    inlets.push(edge.connect({ remoteAddress: "127.0.0.1", headers: {} }, outlet));
  }
  const data = { text: "x".repeat(dataBytes - 11) };
  const messages = Array.from({ length: 100 }, (_, item) =>
    Buffer.from(JSON.stringify({ id: String(1_000_000 + item), path: `/items/${item}`, data })),
  );
  let next = 0;
  return async () => {
    awaited = clients * inFlight;
    for (const inlet of inlets) {
      for (let count = 0; count < inFlight; count++) {
        const bytes = messages[(next = (next + 1) % messages.length)];
        if (bytes !== undefined) inlet.message({ bytes, type: "text" });
      }
    }
    while (awaited > 0) await turn();
  };
}

/** A bus that, like one between processes, may lose everything and carries bytes only. It loses nothing. */
class ByteBus implements Transport {
  readonly reliable = false;
  readonly maxPayloadBytes: number = 1024 * 1024;
  readonly status = "connected";
  readonly #subscriptions: { readonly prefix: string; readonly handler: (packet: Packet) => void }[] = [];

  publish(subject: string, payload: Uint8Array | object): void {
    const packet: Packet = { subject, payload: Buffer.from(payload as Uint8Array) };
    setImmediate(() => {
      for (const { prefix, handler } of this.#subscriptions) if (subject.startsWith(prefix)) handler(packet);
    });
  }

  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    // The wildcards that are used all stand at the end.
    this.#subscriptions.push({ prefix: subject.replace(/[*>].*$/, ""), handler });
    return () => undefined;
  }

  flush(): Promise<void> {
    return turn();
  }

  onStatus(): Unsubscribe {
    return () => undefined;
  }

  onError(): Unsubscribe {
    return () => undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
