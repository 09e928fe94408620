import { FaultyBus } from "../faulty-bus.ts";
import { seededRandom } from "../random.ts";
import type { SeededRandom } from "../random.ts";
import { VirtualProcess, VirtualTime } from "../virtual-time.ts";
import { FleetGateway } from "./fleet-gateway.ts";
import { FleetInstance } from "./fleet-instance.ts";
import { startRunningShare } from "./meter.ts";
import type { Meter } from "./meter.ts";

export interface FleetSize {
  readonly gateways: number;
  readonly services: number;
  readonly instancesPerService: number;
  readonly routesPerService: number;
}

/** What discovery costs an average process of a kind, per second. */
export interface ProcessCost {
  readonly sentMessages: number;
  readonly sentBytes: number;
  readonly heardMessages: number;
  readonly heardBytes: number;
  /** CPU time per announcement that it heard, in microseconds. */
  readonly microsPerHeard: number;
  /** Share of one core. */
  readonly core: number;
}

export interface DiscoveryCost {
  readonly gateway: ProcessCost;
  readonly instance: ProcessCost;
  /** What the bus hands to subscribers, per second. */
  readonly busMessages: number;
  readonly busBytes: number;
}

const stepMs = 10;
/** Clients that were cut off come back within this long. */
const comeBackMs = 5_000;

/**
 * A fleet of gateways and instances in virtual time: real announcers, directories and balancers on a healthy bus, and
 * clients that are counted but neither connected nor served.
 */
export class BigFleet {
  readonly time = new VirtualTime();
  readonly gateways: FleetGateway[] = [];
  readonly instances = new Map<string, FleetInstance>();
  /** Clients that leave, and others that come, per second. */
  churnPerSecond = 0;
  /** Times that a client found no instance and had to come back. */
  unserved = 0;
  readonly #size: FleetSize;
  readonly #random: SeededRandom;
  readonly #bus: FaultyBus;
  readonly #arrivals: { leftClients: number; perStep: number }[] = [];
  #processes = 0;
  #owed = 0;

  constructor(size: FleetSize, seed: number = 1) {
    this.#size = size;
    this.#random = seededRandom(seed);
    this.#bus = new FaultyBus(this.time, this.#random.fork("bus"));
    this.#scheduleStep();
  }

  get clients(): number {
    return this.gateways.reduce((sum, { clients }) => sum + clients.length, 0);
  }

  /** Everybody starts within `withinMs`. Resolves when every gateway knows every instance, with the milliseconds from the last start. */
  async start(withinMs: number): Promise<number> {
    const { gateways, services, instancesPerService } = this.#size;
    for (let index = 0; index < gateways; index++) this.#addGateway(this.#random.next() * withinMs);
    for (let index = 0; index < services * instancesPerService; index++) {
      this.addInstance(`service-${index % services}`, this.#random.next() * withinMs);
    }
    await this.time.run(withinMs);
    return this.until(() => this.gateways.every(({ known }) => known === this.instances.size));
  }

  addInstance(service: string, afterMs: number = 0): FleetInstance {
    const { routesPerService } = this.#size;
    const routes = Array.from({ length: routesPerService }, (_, index) => `/${service}/items-${index}/:id`);
    const process = this.#process();
    const instance = new FleetInstance(service, routes, process, this.#bus);
    this.instances.set(instance.id, instance);
    this.time.schedule(afterMs, () => void instance.start(), process);
    return instance;
  }

  /** So many clients arrive at random gateways, each for a random service. */
  arrive(clients: number, perSecond: number): void {
    this.#arrivals.push({ leftClients: clients, perStep: (perSecond * stepMs) / 1_000 });
  }

  /** The gateway is gone, and its clients come back to the others. */
  loseGateway(gateway: FleetGateway): void {
    gateway.kill();
    this.gateways.splice(this.gateways.indexOf(gateway), 1);
    this.#comeBack(gateway.clients.length);
  }

  /** Lets time pass until something is so; returns how many milliseconds that took. */
  async until(isSo: () => boolean, limitMs: number = 120_000): Promise<number> {
    const fromMs = this.time.nowMs;
    while (!isSo()) {
      if (this.time.nowMs - fromMs > limitMs)
        throw new Error(`Not so after ${limitMs} ms of the fleet's time`);
      await this.time.run(stepMs);
    }
    return this.time.nowMs - fromMs;
  }

  /** What discovery costs while `seconds` pass. */
  async discoveryCost(seconds: number): Promise<DiscoveryCost> {
    const instances = [...this.instances.values()].filter(({ isDead }) => !isDead);
    for (const { meter } of [...this.gateways, ...instances]) meter.reset();
    const runningShare = startRunningShare();
    await this.time.run(seconds * 1_000);
    const share = runningShare();
    for (const { meter } of [...this.gateways, ...instances]) meter.cpuMs *= share;
    const everybody = [...this.gateways, ...instances].map(({ meter }) => meter);
    return {
      gateway: costOf(
        this.gateways.map(({ meter }) => meter),
        seconds,
      ),
      instance: costOf(
        instances.map(({ meter }) => meter),
        seconds,
      ),
      busMessages: sumOf(everybody, (meter) => meter.heardMessages) / seconds,
      busBytes: sumOf(everybody, (meter) => meter.heardBytes) / seconds,
    };
  }

  /** Largest distance of an instance from the even share of its service, in parts of it; over all services the median and the worst. */
  balance(isCounted: (instance: FleetInstance) => boolean = ({ isDead }) => !isDead): {
    readonly median: number;
    readonly worst: number;
  } {
    const byService = new Map<string, number[]>();
    for (const instance of this.instances.values()) {
      if (!isCounted(instance)) continue;
      const pins = byService.get(instance.service) ?? [];
      byService.set(instance.service, pins);
      pins.push(instance.pins);
    }
    const deviations = [...byService.values()].map((pins) => {
      const even = pins.reduce((sum, count) => sum + count, 0) / pins.length;
      return Math.max(...pins.map((count) => Math.abs(count - even))) / even;
    });
    const sorted = deviations.toSorted((left, right) => left - right);
    return { median: sorted[sorted.length >> 1] ?? 0, worst: sorted.at(-1) ?? 0 };
  }

  #addGateway(afterMs: number): void {
    const process = this.#process();
    const gateway = new FleetGateway(process, this.#bus, (clients) => this.#comeBack(clients));
    this.gateways.push(gateway);
    this.time.schedule(afterMs, () => void gateway.start(), process);
  }

  #process(): VirtualProcess {
    const name = `process-${++this.#processes}`;
    return new VirtualProcess(name, this.time, this.#random.fork(name));
  }

  #comeBack(clients: number): void {
    if (clients > 0) this.arrive(clients, (clients * 1_000) / comeBackMs);
  }

  #scheduleStep(): void {
    this.time.schedule(stepMs, () => {
      this.#step();
      this.#scheduleStep();
    });
  }

  #step(): void {
    for (const arrival of [...this.#arrivals]) {
      const before = Math.ceil(arrival.leftClients);
      arrival.leftClients = Math.max(0, arrival.leftClients - arrival.perStep);
      for (let count = before - Math.ceil(arrival.leftClients); count > 0; count--) this.#connect();
      if (arrival.leftClients === 0) this.#arrivals.splice(this.#arrivals.indexOf(arrival), 1);
    }
    this.#owed += (this.churnPerSecond * stepMs) / 1_000;
    for (; this.#owed >= 1; this.#owed--) {
      this.#leave();
      this.#connect();
    }
  }

  #leave(): void {
    const gateway = this.#anyGateway();
    const instanceId = gateway?.unpin(this.#random.integer(0, gateway.clients.length - 1));
    if (gateway === undefined || instanceId === undefined) return;
    this.time.schedule(this.#delayMs(), () => this.instances.get(instanceId)?.release(gateway.id));
  }

  #connect(): void {
    const gateway = this.#anyGateway();
    const service = `service-${this.#random.integer(0, this.#size.services - 1)}`;
    const instanceId = gateway?.pin(service);
    const instance = instanceId === undefined ? undefined : this.instances.get(instanceId);
    if (gateway === undefined || instance === undefined) {
      this.unserved += 1;
      this.arrive(1, 1);
      return;
    }
    this.time.schedule(this.#delayMs(), () => {
      if (gateway.isDead) return;
      if (instance.isDead) {
        gateway.undeliverable(instance.id);
        this.#connect();
        return;
      }
      instance.accept(gateway.id);
      // Later than any heartbeat that the instance sent before.
      this.time.schedule(1, () => {
        if (gateway.isDead || gateway.opened(instance.id)) return;
        instance.release(gateway.id);
        this.#connect();
      });
    });
  }

  #anyGateway(): FleetGateway | undefined {
    return this.gateways[this.#random.integer(0, this.gateways.length - 1)];
  }

  #delayMs(): number {
    return 0.5 + this.#random.next();
  }
}

function sumOf(meters: readonly Meter[], pick: (meter: Meter) => number): number {
  return meters.reduce((sum, meter) => sum + pick(meter), 0);
}

function costOf(meters: readonly Meter[], seconds: number): ProcessCost {
  const each = (pick: (meter: Meter) => number): number => sumOf(meters, pick) / meters.length / seconds;
  return {
    sentMessages: each((meter) => meter.sentMessages),
    sentBytes: each((meter) => meter.sentBytes),
    heardMessages: each((meter) => meter.heardMessages),
    heardBytes: each((meter) => meter.heardBytes),
    microsPerHeard: (each((meter) => meter.cpuMs) / each((meter) => meter.heardMessages)) * 1_000,
    core: each((meter) => meter.cpuMs) / 1_000,
  };
}
