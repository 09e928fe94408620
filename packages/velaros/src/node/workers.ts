import cluster from "node:cluster";
import type { Worker } from "node:cluster";
import { availableParallelism } from "node:os";
import process from "node:process";
import type { Runtime } from "velaros-protocol";
import { VelarosError } from "../errors.ts";
import { nodeRuntime } from "./runtime.ts";

/** What one worker process runs; ended by `stop` when the whole is asked to stop. */
export interface WorkerTask {
  /** Resolves when everything of the worker has ended. */
  stop(): Promise<void>;
}

/** What happens to worker processes. */
export type WorkerEvent =
  | { readonly type: "started"; readonly pid: number }
  /** A worker ended by itself; another one takes its place after `restartInMs`. */
  | {
      readonly type: "lost";
      readonly pid: number;
      readonly exitCode: number | undefined;
      readonly signal: string | undefined;
      readonly restartInMs: number;
    }
  | { readonly type: "stopped"; readonly pid: number };

/** How many workers there are, and how they stop and start. */
export interface WorkersOptions {
  /** How many processes. Range: 1 to 1,024. @defaultValue as many as there are cores */
  readonly workers?: number | undefined;
  /** How long workers may take to stop before they are killed, in milliseconds. @defaultValue 30 s */
  readonly stopTimeoutMs?: number | undefined;
  /** How long to wait before a lost worker is replaced, in milliseconds; doubled while new ones die young, up to 30 s. @defaultValue 500 */
  readonly restartDelayMs?: number | undefined;
  /** Told, in the first process, what happens to the others. */
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
}

const stopWord = "velaros:stop";
const maxRestartDelayMs = 30_000;
/** A worker that lived this long did not die of its own start. */
const matureMs = 10_000;

/**
 * Uses all cores: runs `start` in several processes. Ports that they listen on are shared; each connection
 * goes to one of them and stays there, so a gateway needs no sticky sessions in front of it. The first process
 * serves nothing itself: it replaces workers that die, and on SIGTERM or SIGINT stops all of them in peace (a
 * second signal kills them). A first process that is killed itself takes its workers along at once.
 *
 * Gateways in different workers are different gateways: they have to find the services over a bus.
 *
 * @param start - Called once in each worker.
 * @returns A promise that resolves, in the first process, when all workers have ended after a signal; in a
 *   worker when it was stopped.
 * @throws {@link VelarosError} `VELAROS_OPTION_INVALID` (as a rejection).
 *
 * @example
 * ```ts
 * await runWorkers(async () => {
 *   const gateway = new Gateway("main-gateway", await NatsTransport.connect({ servers }));
 *   await gateway.start();
 *   const listening = await new Router().use(json()).use(gateway).listen({ port: 8080, path: "/ws" });
 *   return { stop: () => listening.close().then(() => gateway.stop()) };
 * });
 * ```
 */
export async function runWorkers(
  start: () => Promise<WorkerTask>,
  options: WorkersOptions = {},
): Promise<void> {
  if (cluster.isPrimary) await new Workforce(options).run();
  else await work(start);
}

async function work(start: () => Promise<WorkerTask>): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve);
    // A terminal's Ctrl-C reaches every process of the group; the first process tells us in its own time.
    process.on("SIGINT", () => undefined);
    process.on("message", (message) => {
      if (message === stopWord) resolve();
    });
  });
  const task = await start();
  await asked;
  await task.stop();
  if (process.connected) process.disconnect();
}

/** The first process: hires, replaces and dismisses workers. */
class Workforce {
  readonly #options: WorkersOptions;
  readonly #size: number;
  readonly #stopTimeoutMs: number;
  readonly #restartDelayMs: number;
  readonly #runtime: Runtime = nodeRuntime;
  readonly #startedAtMs = new Map<Worker, number>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #youngDeaths = 0;
  #stopping = false;
  #finished: () => void = () => undefined;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#size = inRange("workers", options.workers ?? availableParallelism(), 1, 1_024);
    this.#stopTimeoutMs = inRange("stopTimeoutMs", options.stopTimeoutMs ?? 30_000, 0, 2 ** 31 - 1);
    this.#restartDelayMs = inRange("restartDelayMs", options.restartDelayMs ?? 500, 0, maxRestartDelayMs);
  }

  async run(): Promise<void> {
    const finished = new Promise<void>((resolve) => (this.#finished = resolve));
    const onSignal = (): void => this.#stop();
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    for (let index = 0; index < this.#size; index++) this.#hire();
    await finished;
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
  }

  #hire(): void {
    const worker = cluster.fork();
    const pid = worker.process.pid ?? 0;
    this.#startedAtMs.set(worker, this.#runtime.nowMs());
    worker.once("online", () => this.#tell({ type: "started", pid }));
    worker.once("exit", (exitCode: number | null, signal: string | null) => {
      this.#left(worker, pid, exitCode ?? undefined, signal ?? undefined);
    });
  }

  #left(worker: Worker, pid: number, exitCode: number | undefined, signal: string | undefined): void {
    const livedMs = this.#runtime.nowMs() - (this.#startedAtMs.get(worker) ?? 0);
    this.#startedAtMs.delete(worker);
    if (this.#stopping) {
      this.#tell({ type: "stopped", pid });
      if (this.#startedAtMs.size === 0) this.#finished();
      return;
    }
    this.#youngDeaths = livedMs < matureMs ? this.#youngDeaths + 1 : 0;
    const restartInMs = Math.min(
      maxRestartDelayMs,
      this.#restartDelayMs * 2 ** Math.max(0, this.#youngDeaths - 1),
    );
    this.#tell({ type: "lost", pid, exitCode, signal, restartInMs });
    this.#replaceLater(restartInMs);
  }

  #replaceLater(delayMs: number): void {
    // Keeps the process alive, unlike the timers of Runtime: with every worker dead nothing else would.
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      this.#hire();
    }, delayMs);
    this.#restarts.add(restart);
  }

  #stop(): void {
    const workers = [...this.#startedAtMs.keys()];
    if (this.#stopping) {
      for (const worker of workers) worker.process.kill("SIGKILL");
      return;
    }
    this.#stopping = true;
    for (const restart of this.#restarts) clearTimeout(restart);
    for (const worker of workers) if (worker.isConnected()) worker.send(stopWord);
    this.#runtime.setTimer(this.#stopTimeoutMs, () => {
      for (const worker of this.#startedAtMs.keys()) worker.process.kill("SIGKILL");
    });
    if (workers.length === 0) this.#finished();
  }

  #tell(event: WorkerEvent): void {
    this.#options.onEvent?.(event);
  }
}

function inRange(option: string, received: number, least: number, most: number): number {
  if (Number.isInteger(received) && received >= least && received <= most) return received;
  throw new VelarosError("VELAROS_OPTION_INVALID", {
    option,
    received,
    expected: `a whole number from ${least} to ${most}`,
  });
}
