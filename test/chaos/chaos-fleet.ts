import type { GatewayEvent, KnownInstance, ServiceEvent } from "eurus";
import { expect } from "vitest";
import { checkHistory } from "../history/check-history.ts";
import { History } from "../history/history.ts";
import type { HistoryEvent } from "../history/history.ts";
import { Program } from "../nats/process-fleet.ts";
import { NatsServer } from "../support/nats-server.ts";
import type { NatsServerOptions } from "../support/nats-server.ts";
import { expectSignals } from "../support/signals.ts";
import type { Observed, Signals } from "../support/signals.ts";
import { ChaosClient } from "./chaos-client.ts";
import { Load } from "./load.ts";
import type { GatewayConfig } from "./programs/gateway.ts";
import type { ServiceConfig } from "./programs/service.ts";
import { wallClockMs } from "./wall-clock.ts";

/** How long something may take that only has to happen; the machine may be busy. */
export const eventually = { timeout: 30_000, interval: 20 };

/** A process of the fleet and everything that it has told so far. */
export class Member<Event extends { readonly type: string }> implements Observed {
  readonly program: Program;
  /** Survives the process. */
  readonly events: Event[] = [];
  id = "";
  url = "";

  constructor(name: string, config: object, history: History) {
    this.program = new Program(`../../chaos/programs/${name}.ts`, config);
    this.program.process.on("message", (message: { history?: HistoryEvent; event?: Event }) => {
      if (message.history !== undefined) history.record(message.history);
      if (message.event !== undefined) this.events.push(message.event);
    });
  }

  async ready(): Promise<this> {
    const { id = "", url = "" } = await this.program.ready();
    this.id = id;
    this.url = url;
    return this;
  }

  /** What it has told of this type. */
  of<Type extends Event["type"]>(type: Type): Extract<Event, { readonly type: Type }>[] {
    return this.events.filter((event) => event.type === type) as Extract<Event, { readonly type: Type }>[];
  }

  /** Resolves once it has told this. */
  async tells(event: Partial<Event>): Promise<void> {
    await expect.poll(() => this.events, eventually).toContainEqual(expect.objectContaining(event as object));
  }

  /** Its metrics; nothing when the process has ended. */
  scrape(): Promise<string> {
    return this.program.hasEnded ? Promise.resolve("") : this.program.ask<string>("metrics");
  }

  /** The sum of a metric over all label values that contain `labels`. */
  async metric(name: string, labels = ""): Promise<number> {
    const lines = (await this.scrape())
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  signal(signal: NodeJS.Signals): void {
    this.program.process.kill(signal);
  }
}

export type GatewayMember = Member<GatewayEvent>;
export type ServiceMember = Member<ServiceEvent>;

/** Processes and clients whose whole history is judged at the end. */
export class ChaosFleet implements AsyncDisposable {
  readonly servers: readonly NatsServer[];
  readonly history: History = new History();
  readonly #members: Member<GatewayEvent | ServiceEvent>[] = [];
  readonly #clients: ChaosClient[] = [];
  #names = 0;

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  /** A fleet on servers that somebody else looks after; each process has to be told which. */
  static elsewhere(): ChaosFleet {
    return new ChaosFleet([]);
  }

  static async start(clusterSize: number = 1, options: NatsServerOptions = {}): Promise<ChaosFleet> {
    return new ChaosFleet(
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

  gateway(config: Partial<GatewayConfig> = {}): Promise<GatewayMember> {
    return this.#add<GatewayEvent>("gateway", config);
  }

  instance(config: Partial<ServiceConfig> = {}): Promise<ServiceMember> {
    return this.#add<ServiceEvent>("service", config);
  }

  instances(count: number, config: Partial<ServiceConfig> = {}): Promise<ServiceMember[]> {
    return Promise.all(Array.from({ length: count }, () => this.instance(config)));
  }

  /** Resolves once the gateway can route to exactly these instances. */
  async knows(gateway: GatewayMember, instances: readonly ServiceMember[]): Promise<void> {
    const known = async (): Promise<string[]> =>
      (await gateway.program.ask<readonly KnownInstance[]>("services"))
        .filter(({ suspect, draining }) => !suspect && !draining)
        .map(({ id }) => id)
        .toSorted();
    await expect.poll(known, eventually).toEqual(instances.map(({ id }) => id).toSorted());
  }

  async client(url: string): Promise<ChaosClient> {
    const client = await ChaosClient.connect(`client-${++this.#names}`, url, this.history);
    this.#clients.push(client);
    return client;
  }

  /** Connects clients, each of which has been answered once and so is pinned. */
  async pinned(count: number, { url }: GatewayMember): Promise<ChaosClient[]> {
    const clients: ChaosClient[] = [];
    while (clients.length < count) {
      const batch = Array.from({ length: Math.min(100, count - clients.length) }, () => this.client(url));
      clients.push(...(await Promise.all(batch)));
    }
    expect(new Set(await Promise.all(clients.map((client) => client.ask())))).toEqual(new Set(["ok"]));
    return clients;
  }

  /** Resolves once so many handlers have started in all. */
  async handles(count: number): Promise<void> {
    const handled = (): number => this.history.events.filter(({ type }) => type === "handled").length;
    await expect.poll(handled, eventually).toBeGreaterThanOrEqual(count);
  }

  /** Has clients ask over and over; those that are closed come back to one of `gateways`. */
  load(clients: readonly ChaosClient[], gateways: readonly GatewayMember[]): Load {
    return new Load(clients, () => {
      const gateway = gateways[Math.floor(Math.random() * gateways.length)];
      return this.client(gateway?.url ?? "");
    });
  }

  /** Kills the hard way, and has the history know of it. */
  async kill(member: Member<GatewayEvent> | Member<ServiceEvent>): Promise<void> {
    await member.program.kill("SIGKILL");
    this.history.record({ type: "killed", atMs: wallClockMs(), instance: member.id });
  }

  /** Asks a process to stop, and resolves with its exit code once it has ended. */
  async stop(member: Member<GatewayEvent> | Member<ServiceEvent>): Promise<number | null> {
    await member.program.kill("SIGTERM");
    return member.program.process.exitCode;
  }

  /** Waits until everything that was sent has its outcome, and judges all that happened. */
  async judge(outcomeWithinMs: number): Promise<void> {
    const open = (): number => this.#clients.reduce((sum, client) => sum + client.open, 0);
    await expect.poll(open, { timeout: outcomeWithinMs, interval: 20 }).toBe(0);
    const events = this.history.events.toSorted((a, b) => a.atMs - b.atMs);
    expect(checkHistory(events, { outcomeWithinMs, endedAtMs: wallClockMs() })).toEqual([]);
  }

  /** Compares what all clients, and these processes, have seen with what `docs/operations.md` says of a fault. */
  showsAsDocumented(fault: string, signals: Omit<Signals, "clients">): Promise<void> {
    const codes: (string | number)[] = this.#clients.flatMap((client) => client.notices);
    for (const event of this.history.events) {
      if (event.type === "failed") codes.push(event.code);
      else if (event.type === "disconnected") codes.push(event.status);
    }
    return expectSignals(fault, { clients: codes, ...signals });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { webSocket } of this.#clients) webSocket.terminate();
    await Promise.all(this.#members.map(({ program }) => program.kill()));
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
    expect(this.#members.map(({ program }) => program.output).join("")).toBe("");
  }

  #add<Event extends GatewayEvent | ServiceEvent>(name: string, config: object): Promise<Member<Event>> {
    const servers = this.servers.map(({ url }) => url);
    const member = new Member<Event>(name, { servers, ...config }, this.history);
    this.#members.push(member as unknown as Member<GatewayEvent | ServiceEvent>);
    return member.ready();
  }
}
