import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { machineMs } from "../load/clock.ts";

/** A program of this folder, compiled and started with plain Node. */
export interface Child {
  readonly pid: number;
  /** What the program said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Asks the program something; the answer comes back over the same channel. */
  ask(request: unknown): Promise<unknown>;
  stop(): Promise<void>;
  /** When the system closed what the process had open, on {@link machineMs}; until then others can't notice its end. */
  readonly closedMs: Promise<number>;
}

const readyTimeoutMs = 20_000;
const stopTimeoutMs = 3_000;

/** Everything that one run starts. Stopped as a whole, also when the run is interrupted. */
export class Processes {
  /** Repository root whose compiled files run; a comparison of two commits has two. */
  readonly root: string;
  /** Where CPU profiles go; undefined records none. */
  readonly profileFolder: string | undefined;
  readonly #running = new Set<ChildProcess>();

  constructor(root: string, options: { readonly profileFolder?: string | undefined } = {}) {
    this.root = root;
    this.profileFolder = options.profileFolder;
    process.on("exit", this.#killAll);
  }

  /** Starts `bench/<program>` with `config` as its only argument, and waits until it says it is ready. */
  async start(program: string, config: unknown, nodeOptions: readonly string[] = []): Promise<Child> {
    const file = join(this.root, "bench/dist", program);
    const profile =
      this.profileFolder === undefined || program.startsWith("load/")
        ? []
        : ["--cpu-prof", `--cpu-prof-dir=${this.profileFolder}`];
    const child = spawn(process.execPath, [...profile, ...nodeOptions, file, JSON.stringify(config)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.track(child);
    const closedMs = new Promise<number>((resolve) => child.once("disconnect", () => resolve(machineMs())));

    const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
    let calls = 0;
    const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${program} is not ready after 20 s`)), readyTimeoutMs);
      child.on(
        "message",
        (message: { ready?: Record<string, unknown>; call?: number; result?: unknown; error?: string }) => {
          if (message.ready !== undefined) {
            clearTimeout(timer);
            resolve(message.ready);
          }
          if (message.call === undefined) return;
          const pending = waiting.get(message.call);
          waiting.delete(message.call);
          if (message.error === undefined) pending?.resolve(message.result);
          else pending?.reject(new Error(`${program}: ${message.error}`));
        },
      );
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        const error = new Error(`${program} ended (${signal ?? code})`);
        reject(error);
        for (const pending of waiting.values()) pending.reject(error);
      });
    });

    return {
      pid: child.pid ?? 0,
      ready,
      ask: (request) =>
        new Promise((resolve, reject) => {
          const call = ++calls;
          waiting.set(call, { resolve, reject });
          child.send({ call, request });
        }),
      stop: () => this.stop(child),
      closedMs,
    };
  }

  track(child: ChildProcess): void {
    this.#running.add(child);
    child.once("exit", () => this.#running.delete(child));
  }

  /** Ends one process: politely, then not. */
  async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  }

  /** Ends all of them; nothing may be started after that. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.stop(child)));
    process.off("exit", this.#killAll);
  }

  readonly #killAll = (): void => {
    for (const child of this.#running) child.kill("SIGKILL");
  };
}

/** Ctrl-C and a polite kill end the run and, through the `exit` event, all that it started. */
export function endOnSignals(): void {
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
    ["SIGHUP", 1],
  ] as const) {
    process.on(signal, () => process.exit(128 + number));
  }
}

/** Ends a run that takes longer than anybody would wait for. */
export function endAfter(limitMs: number): void {
  setTimeout(() => {
    process.stderr.write(`Not done within ${limitMs / 1000} s; given up.\n`);
    process.exit(1);
  }, limitMs).unref();
}
