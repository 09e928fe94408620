// Velaros alone, or the gateway of a deployment over NATS, in several processes that share one port. The first process
// serves nobody; it is asked who holds how many connections.
import cluster, { type Worker } from "node:cluster";
import process from "node:process";
import { Gateway } from "eurus";
import { NatsTransport } from "eurus/nats";
import { Router, runWorkers } from "velaros";
import { json } from "velaros/json";
import { readConfig, ready } from "./lib/child.ts";
import { echoRouter } from "./lib/echo-router.ts";

/** What a worker says of itself. */
interface WorkerWord {
  readonly port?: number;
  readonly connections: number;
}

const { workers, natsPort, limits } = readConfig<{
  readonly workers: number;
  /** Where the services are found; Velaros serves by itself without it. */
  readonly natsPort?: number;
  readonly limits: { readonly messagesPerSecond: number };
}>();

if (cluster.isPrimary) {
  const words = new Map<Worker, WorkerWord>();
  const onceHeardAll = new Set<() => void>();
  cluster.on("message", (worker, word: WorkerWord) => {
    words.set(worker, word);
    if (words.size < workers) return;
    for (const callback of onceHeardAll) callback();
    onceHeardAll.clear();
  });
  const hearAll = (): Promise<void> => new Promise((resolve) => onceHeardAll.add(resolve));
  void hearAll().then(() => {
    const pids = [...words.keys()].map((worker) => worker.process.pid);
    ready({ port: [...words.values()][0]?.port, pids }, async () => {
      words.clear();
      const heard = hearAll();
      for (const worker of Object.values(cluster.workers ?? {})) worker?.send("connections");
      await heard;
      return [...words.values()].map(({ connections }) => connections);
    });
  });
}

await runWorkers(startWorker, { workers });

async function startWorker(): Promise<{ stop(): never }> {
  let connections = 0;
  const router = natsPort === undefined ? echoRouter() : await gatewayRouter(natsPort);
  router.useOpen(() => void connections++).useClose(() => void connections--);
  const listening = await router.listen({ host: "127.0.0.1", port: 0, path: "/ws", ...limits });
  process.on("message", (word) => {
    if (word === "connections") process.send?.({ connections } satisfies WorkerWord);
  });
  process.send?.({ port: listening.port, connections } satisfies WorkerWord);
  // Clients are gone by then; there is nothing to finish.
  return { stop: () => process.exit(0) };
}

async function gatewayRouter(port: number): Promise<Router> {
  const transport = await NatsTransport.connect({ servers: `127.0.0.1:${port}` });
  const gateway = new Gateway("bench-gateway", transport);
  await gateway.start();
  return new Router().use(json()).use(gateway);
}
