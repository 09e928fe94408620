import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ConnectedSocket, GatewayEvent, KnownInstance, ServiceEvent } from "eurus";
import { expect } from "vitest";
import { JsonClient } from "../support/json-client.ts";
import { NatsServer } from "../support/nats-server.ts";
import type { NatsServerOptions } from "../support/nats-server.ts";
import type { GatewayConfig } from "./programs/gateway.ts";
import type { ServiceConfig } from "./programs/service.ts";

const root = join(import.meta.dirname, "..", "..");
/** How long something may take that only has to happen; the machine may be busy. */
export const eventually = { timeout: 10_000, interval: 10 };

/** A program of this folder that runs in a process of its own. */
export class Program {
  readonly process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  #calls = 0;
  #output = "";

  constructor(name: string, config: object) {
    const file = join(import.meta.dirname, "programs", name);
    this.process = spawn(
      process.execPath,
      ["--conditions=@velaros/source", "--import", "tsx", file, JSON.stringify(config)],
      { cwd: root, stdio: ["ignore", "pipe", "pipe", "ipc"] },
    );
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    this.process.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ended. ${this.#output}`));
      this.#waiting.clear();
    });
  }

  /** What the program has written; a healthy one writes nothing. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** What the program says when it is ready. */
  ready(): Promise<Readonly<Record<string, string>>> {
    return new Promise((resolve, reject) => {
      this.process.on("message", (message: Message) => {
        if (message.ready !== undefined) resolve(message.ready);
        else this.#answered(message);
      });
      this.process.once("exit", () => reject(new Error(`A program did not become ready. ${this.#output}`)));
    });
  }

  ask<Answer>(question: string, argument?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = ++this.#calls;
      this.#waiting.set(call, { resolve: (answer) => resolve(answer as Answer), reject });
      this.process.send({ call, question, argument });
    });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.hasEnded) return;
    const exited = once(this.process, "exit");
    this.process.kill(signal);
    await exited;
  }

  #answered({ call, answer, error }: Message): void {
    const waiting = this.#waiting.get(call ?? 0);
    this.#waiting.delete(call ?? 0);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(error));
  }
}

interface Message {
  readonly ready?: Readonly<Record<string, string>>;
  readonly call?: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/** A gateway in a process of its own. */
export class GatewayProcess {
  readonly program: Program;
  readonly url: string;
  readonly id: string;

  constructor(program: Program, { url = "", id = "" }: Readonly<Record<string, string>>) {
    this.program = program;
    this.url = url;
    this.id = id;
  }

  services(): Promise<readonly KnownInstance[]> {
    return this.program.ask("services");
  }

  sockets(): Promise<readonly ConnectedSocket[]> {
    return this.program.ask("sockets");
  }

  events(): Promise<readonly GatewayEvent[]> {
    return this.program.ask("events");
  }

  canServe(path: string): Promise<boolean> {
    return this.program.ask("canServe", path);
  }

  /** Resolves once exactly these instances can be routed to. */
  async knows(instances: readonly InstanceProcess[]): Promise<void> {
    const ids = instances.map(({ id }) => id).toSorted();
    const known = async (): Promise<string[]> =>
      (await this.services())
        .filter(({ suspect }) => !suspect)
        .map(({ id }) => id)
        .toSorted();
    await expect.poll(known, eventually).toEqual(ids);
  }

  /** Has each instance tell its figures, so that the gateway need not guess what others did since the last time. */
  async hearsFrom(instances: readonly InstanceProcess[]): Promise<void> {
    for (const { id } of instances) expect(await this.program.ask("ping", id)).toBe(true);
  }
}

/** An instance of a service in a process of its own. */
export class InstanceProcess {
  readonly program: Program;
  readonly id: string;

  constructor(program: Program, { id = "" }: Readonly<Record<string, string>>) {
    this.program = program;
    this.id = id;
  }

  events(): Promise<readonly ServiceEvent[]> {
    return this.program.ask("events");
  }

  /** The numbers that each client has counted, in the order in which handlers saw them. */
  counted(): Promise<readonly (readonly number[])[]> {
    return this.program.ask("counted");
  }

  /** How the virtual connections ended. */
  closes(): Promise<readonly { readonly status: number; readonly reason: string }[]> {
    return this.program.ask("closes");
  }
}

/** Real nats-servers, and gateways and instances in processes of their own; all of it is gone at the end. */
export class ProcessFleet implements AsyncDisposable {
  readonly servers: readonly NatsServer[];
  readonly #programs: Program[] = [];
  readonly #clients: JsonClient[] = [];

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  static async start(clusterSize: number = 1, options: NatsServerOptions = {}): Promise<ProcessFleet> {
    return new ProcessFleet(
      clusterSize === 1
        ? [await NatsServer.start(options)]
        : await NatsServer.startCluster(clusterSize, options),
    );
  }

  get server(): NatsServer {
    const [server] = this.servers;
    if (server === undefined) throw new Error("this fleet has no nats-server");
    return server;
  }

  async gateway(config: Partial<GatewayConfig> = {}): Promise<GatewayProcess> {
    const program = this.#run("gateway.ts", config);
    return new GatewayProcess(program, await program.ready());
  }

  async instance(config: Partial<ServiceConfig> = {}): Promise<InstanceProcess> {
    const program = this.#run("service.ts", config);
    return new InstanceProcess(program, await program.ready());
  }

  instances(count: number, config: Partial<ServiceConfig> = {}): Promise<InstanceProcess[]> {
    return Promise.all(Array.from({ length: count }, () => this.instance(config)));
  }

  async client({ url }: GatewayProcess): Promise<JsonClient> {
    const client = await JsonClient.connect(url);
    this.#clients.push(client);
    return client;
  }

  clients(gateway: GatewayProcess, count: number): Promise<JsonClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.client(gateway)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.webSocket.terminate();
    await Promise.all(this.#programs.map((program) => program.kill()));
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
    expect(this.#programs.map(({ output }) => output).join("")).toBe("");
  }

  #run(name: string, config: object): Program {
    const servers = this.servers.map(({ url }) => url);
    const program = new Program(name, { servers, ...config });
    this.#programs.push(program);
    return program;
  }
}

/** The id of the instance that serves this client. */
export async function whoServes(client: JsonClient): Promise<string> {
  const { data } = await client.ask("/who");
  return (data as { readonly id: string }).id;
}

/** How many of the clients each instance serves; asks all of them at the same time. */
export async function spread(clients: readonly JsonClient[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const id of await Promise.all(clients.map(whoServes))) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}
