// Clients whose latency is measured while others make trouble, in a process of their own.
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { WebSocket } from "ws";
import { ready } from "../servers/lib/child.ts";
import { Histogram } from "./histogram.ts";
import { startTicker } from "./ticker.ts";

/** One client that sends numbered messages and insists on their answers in order. */
class NumberedClient {
  readonly #webSocket: WebSocket;
  readonly #latencies: Histogram;
  readonly #sentAtMs: number[] = [];
  #answered = 0;

  constructor(port: number, latencies: Histogram, fail: (error: Error) => void) {
    this.#latencies = latencies;
    this.#webSocket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    this.#webSocket.on("message", (bytes: Buffer) => {
      const now = performance.now();
      const number = this.#answered++;
      const answer = JSON.parse(bytes.toString()) as { readonly id?: string; readonly data?: unknown };
      if (answer.id !== String(number) || answer.data !== number)
        fail(new Error(`Answer ${number} was ${bytes.toString().slice(0, 200)}`));
      this.#latencies.record((now - (this.#sentAtMs[number] ?? now)) * 1000);
    });
    this.#webSocket.on("error", fail);
    this.#webSocket.on("close", (code) => fail(new Error(`A numbered client was closed with ${code}`)));
  }

  get isIdle(): boolean {
    return this.#answered === this.#sentAtMs.length;
  }

  async opened(): Promise<void> {
    await once(this.#webSocket, "open");
  }

  send(): void {
    const number = this.#sentAtMs.push(performance.now()) - 1;
    this.#webSocket.send(JSON.stringify({ id: String(number), path: "/numbers", data: number }));
  }
}

const patienceMs = 30_000;

/** Latencies of one round, in microseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
}

/** What the process can be asked for; `round` is answered with {@link Latencies}. */
export type NumberedRequest =
  | { readonly do: "connect"; readonly name: string; readonly port: number; readonly clients: number }
  | { readonly do: "round"; readonly name: string; readonly messages: number; readonly everyMs: number };

/** A few clients that take turns on a common clock. */
class NumberedClients {
  readonly #clients: NumberedClient[] = [];
  readonly #latencies = new Histogram();
  #failure: Error | undefined;

  static async connect(port: number, count: number): Promise<NumberedClients> {
    const all = new NumberedClients();
    for (let index = 0; index < count; index++) {
      const client = new NumberedClient(port, all.#latencies, (error) => (all.#failure ??= error));
      all.#clients.push(client);
      await client.opened();
    }
    return all;
  }

  /**
   * Each client sends this many messages, one client after the other.
   *
   * @throws When an answer is missing, wrong or out of order.
   */
  async round(messages: number, everyMs: number): Promise<Latencies> {
    this.#latencies.reset();
    const total = messages * this.#clients.length;
    const deadlineMs = performance.now() + patienceMs;
    let sent = 0;
    await new Promise<void>((resolve, reject) => {
      const stop = startTicker(everyMs / this.#clients.length, () => {
        if (sent < total) this.#clients[sent++ % this.#clients.length]?.send();
        const isLate = performance.now() > deadlineMs;
        if (this.#failure !== undefined || isLate) {
          stop();
          reject(this.#failure ?? new Error(`Answers are missing after ${patienceMs / 1000} s`));
        } else if (sent === total && this.#clients.every((client) => client.isIdle)) {
          stop();
          resolve();
        }
      });
    });
    return { p50: this.#latencies.quantile(0.5), p99: this.#latencies.quantile(0.99) };
  }
}

const groups = new Map<string, NumberedClients>();

ready({}, async (message) => {
  const request = message as NumberedRequest;
  if (request.do === "connect") {
    groups.set(request.name, await NumberedClients.connect(request.port, request.clients));
    return undefined;
  }
  return groups.get(request.name)?.round(request.messages, request.everyMs);
});
