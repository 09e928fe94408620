import { History } from "../history/history.ts";
import type { HistoryFault, HistoryFaultKind } from "../history/check-history.ts";
import { FaultyBus } from "./faulty-bus.ts";
import { seededRandom } from "./random.ts";
import type { SeededRandom } from "./random.ts";
import { SimulatedClient } from "./simulated-client.ts";
import { SimulatedGateway } from "./simulated-gateway.ts";
import { plannedFailure, SimulatedService } from "./simulated-service.ts";
import type { ServicePlan } from "./simulated-service.ts";
import { VirtualProcess, VirtualTime } from "./virtual-time.ts";

/** What can be wrong with a run: what the history shows, and what shows in no history. */
export interface WorldFault {
  readonly kind:
    | HistoryFaultKind
    /** A gateway, a service or a router reported an error that is nobody's plan. */
    | "error"
    /** A message that nobody handled had no outcome in time. */
    | "late-outcome"
    /** Something does not work although everything is well again. */
    | "not-served"
    /** Gateway and instance disagree on who is pinned where. */
    | "inconsistent-pins"
    /** Something is left that nobody needs. */
    | "leak"
    /** An outage that was the same for everybody cost somebody a connection or a session. */
    | "lost-pin";
  readonly detail: string;
}

/** A fleet in one process, in virtual time: gateways, services and clients, all of them real, on a bus that is not. */
export class World {
  readonly time: VirtualTime = new VirtualTime();
  readonly history: History;
  readonly random: SeededRandom;
  readonly bus: FaultyBus;
  readonly gateways: SimulatedGateway[] = [];
  readonly services: SimulatedService[] = [];
  readonly clients: SimulatedClient[] = [];
  /** Names of client connections, by the id that gateways and services see. */
  readonly sockets: Map<string, string> = new Map();
  /** When messages reached their gateway. */
  readonly arrivals: Map<string, number> = new Map();
  /** Connections whose client or gateway stood still for a while; nothing about them is in time. */
  readonly hampered: Set<string> = new Set();
  /** Connection and service of pins that were given up before an instance had accepted them. */
  readonly unaccepted: Set<string> = new Set();
  /** Who stood still, and when. */
  readonly standstills: { readonly who: string; readonly fromMs: number; toMs: number }[] = [];
  readonly faults: WorldFault[] = [];
  /** How often clients saw each error code. */
  readonly codes: Map<string, number> = new Map();
  /** Everything that happened, line by line, when somebody wants to read it. */
  readonly trace: string[] | undefined;
  readonly #owners = new Map<string, string>();
  #processes = 0;

  constructor(seed: number, options: { readonly trace?: boolean } = {}) {
    this.random = seededRandom(seed);
    this.bus = new FaultyBus(this.time, this.random.fork("bus"));
    this.trace = options.trace === true ? [] : undefined;
    this.history = new History(
      this.trace === undefined
        ? undefined
        : ({ type, ...more }) => this.log(`* ${type} ${Object.values(more).slice(1).join(" ")}`),
    );
  }

  addGateway(): SimulatedGateway {
    const gateway = new SimulatedGateway(this, this.#process("gateway"));
    this.gateways.push(gateway);
    this.start(gateway);
    return gateway;
  }

  addService(plan: ServicePlan): SimulatedService {
    const process = this.#process(plan.name);
    const service = new SimulatedService(this, plan, process, this.random.fork(process.name));
    this.services.push(service);
    this.start(service);
    return service;
  }

  addClient(): SimulatedClient {
    const client = new SimulatedClient(this, `client-${this.clients.length + 1}`);
    this.clients.push(client);
    this.time.schedule(0, () => client.connect());
    return client;
  }

  /** Starts a member of the fleet, and tries again for as long as the bus is away. */
  start(member: SimulatedGateway | SimulatedService): void {
    if (member.state !== "stopped") return;
    member.state = "starting";
    const { process } = member;
    const attempt = (): void => {
      subjectOf(member)
        .start()
        .then(
          () => (member.state = "running"),
          () => process.runtime.setTimer(500, attempt),
        );
    };
    this.time.schedule(0, attempt, process);
  }

  /** Stops a member politely. */
  stop(member: SimulatedGateway | SimulatedService): void {
    if (member.state !== "running") return;
    member.state = "stopping";
    this.log(`${member.name} is told to stop`);
    const stopped = (): void => {
      member.state = "stopped";
      // The server in front of a gateway ends with it.
      if (member instanceof SimulatedGateway)
        for (const connection of [...member.connections]) connection.leave(1001);
    };
    this.time.schedule(0, () => void subjectOf(member).stop().then(stopped), member.process);
  }

  kill(member: SimulatedGateway | SimulatedService): void {
    if (member.state === "killed") return;
    this.log(`${member.name} is killed`);
    member.state = "killed";
    member.process.kill();
    this.bus.disconnect(member.endpoint);
    if (member instanceof SimulatedGateway) {
      for (const connection of [...member.connections]) connection.reset();
      member.connections.clear();
    } else {
      for (const session of member.sessions) session.isOpen = false;
      this.history.record({ type: "killed", atMs: this.time.nowMs, instance: member.name });
    }
  }

  /** As SIGSTOP. */
  pause(member: SimulatedGateway | SimulatedService): void {
    member.process.pause();
    this.standstills.push({ who: member.name, fromMs: this.time.nowMs, toMs: Number.POSITIVE_INFINITY });
    if (member instanceof SimulatedGateway)
      for (const { name } of member.connections) this.hampered.add(name);
  }

  /** As SIGCONT. */
  resume(member: SimulatedGateway | SimulatedService, timersFirst: boolean = false): void {
    this.log(`${member.name} goes on`);
    const standstill = this.standstills.findLast(({ who }) => who === member.name);
    if (standstill !== undefined) standstill.toMs = this.time.nowMs;
    member.process.resume(timersFirst);
  }

  /** Names a message of this connection. */
  nextToken(connection: string): string {
    const token = `m${this.#owners.size + 1}`;
    this.#owners.set(token, connection);
    return token;
  }

  /** The connection that sent a message. */
  ownerOf(token: string): string | undefined {
    return this.#owners.get(token);
  }

  socketName(socketId: string): string {
    return this.sockets.get(socketId) ?? `nobody's socket ${socketId}`;
  }

  fault(kind: WorldFault["kind"], detail: string): void {
    this.faults.push({ kind, detail: `${detail} (at ${Math.round(this.time.nowMs)} ms)` });
    this.log(`FAULT ${kind}: ${detail}`);
  }

  addFaults(faults: readonly HistoryFault[]): void {
    this.faults.push(...faults);
  }

  /** Somebody's error handler was called. */
  failed(who: string, error: Error): void {
    if (error.message === plannedFailure) return;
    const cause = error.cause instanceof Error ? `: ${error.cause.stack ?? error.cause.message}` : "";
    this.fault("error", `${who}: ${error.stack ?? error.message}${cause}`);
  }

  note(who: string, event: object): void {
    if (this.trace !== undefined) this.log(`${who} ${JSON.stringify(event)}`);
  }

  log(line: string): void {
    this.trace?.push(`${this.time.nowMs.toFixed(1).padStart(9)} ${line}`);
  }

  #process(kind: string): VirtualProcess {
    const name = `${kind}-${++this.#processes}`;
    return new VirtualProcess(name, this.time, this.random.fork(name));
  }
}

function subjectOf(member: SimulatedGateway | SimulatedService): {
  start(): Promise<void>;
  stop(): Promise<void>;
} {
  return member instanceof SimulatedGateway ? member.gateway : member.service;
}
