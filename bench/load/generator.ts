import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Processes } from "../harness/child.ts";
import { buildFrameRing, firstArea, idOfSlot } from "./frames.ts";
import type { Destination, LoadShape, Window } from "./shape.ts";

/** What {@link Generator.connect} tells. */
export interface Connected {
  readonly connectSeconds: number;
}

export interface Run {
  /** Of the clients that {@link Generator.connect} made. */
  readonly name: string;
  readonly shape: LoadShape;
  readonly warmupMs: number;
  readonly windowMs: number;
  /** Role → process id. */
  readonly processes: Readonly<Record<string, number>>;
}

/** A window as the program tells it: costs in the order in which the processes were given. */
type MeasuredWindow = Omit<Window, "cpuMicrosPerReply"> & { readonly cpuMicrosPerReply: readonly number[] };

const sources = fileURLToPath(new URL("generator/", import.meta.url));
const program = fileURLToPath(new URL("../dist/load/generator", import.meta.url));

/**
 * The clients: a process of its own, in C. One in JavaScript costs as much per message as the servers it
 * measures, takes its share of the same cores, and is never asleep, so that nobody pays for waking it up.
 */
export class Generator {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error("The generator was started without a pipe");
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static async start(processes: Processes): Promise<Generator> {
    compile();
    const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
    processes.track(child);
    await once(child, "spawn");
    return new Generator(child);
  }

  /** Opens the clients of one destination, under a name that later calls use. */
  async connect(name: string, destination: Destination, shape: LoadShape): Promise<Connected> {
    const { port, dialect, path, areas = 1 } = destination;
    const rings = Array.from({ length: areas }, (_, index) =>
      buildFrameRing(dialect, shape.dataBytes, firstArea + index),
    );
    const [ring] = rings;
    if (ring === undefined) throw new Error("No areas to send to");
    const geometry = [rings.length, ring.frameBytes, ring.slots, idOfSlot(0), ring.text.length];
    const words = ["connect", name, port, dialect, path, shape.connections, ...geometry];
    return (await this.#ask(
      words,
      rings.map(({ bytes }) => bytes),
    )) as Connected;
  }

  /** Puts clients under load and measures one window of it. Throws when a reply is wrong or missing. */
  async run({ name, shape, warmupMs, windowMs, processes }: Run): Promise<Window> {
    const load = [shape.inFlight ?? 0, shape.perSecond ?? 0];
    const words = ["run", name, ...load, warmupMs, windowMs, ...Object.values(processes)];
    const window = (await this.#ask(words)) as MeasuredWindow;
    const costs = Object.keys(processes).map((role, index) => [role, window.cpuMicrosPerReply[index] ?? 0]);
    return { ...window, cpuMicrosPerReply: Object.fromEntries(costs) as Record<string, number> };
  }

  /** Cuts the clients off, without a closing handshake. */
  async disconnect(name: string): Promise<void> {
    await this.#ask(["disconnect", name]);
  }

  async #ask(words: readonly (string | number)[], bytes: readonly Buffer[] = []): Promise<unknown> {
    this.#child.stdin?.write(`${words.join(" ")}\n`);
    for (const part of bytes) this.#child.stdin?.write(part);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error("The load generator ended");
    const answer = JSON.parse(value) as { readonly result?: unknown; readonly error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result;
  }
}

function compile(): void {
  mkdirSync(fileURLToPath(new URL(".", `file://${program}`)), { recursive: true });
  const files = readdirSync(sources).filter((name) => name.endsWith(".c"));
  const words = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-o", program, ...files, "-lm"];
  const result = spawnSync("cc", words, { cwd: sources, encoding: "utf8" });
  if (result.error !== undefined) {
    throw new Error("The load generator needs a C compiler: apt-get install gcc libc6-dev", {
      cause: result.error,
    });
  }
  if (result.status !== 0) throw new Error(`The load generator can't be compiled:\n${result.stderr}`);
}
