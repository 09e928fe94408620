import { performance } from "node:perf_hooks";
import { defaultAnnouncementLimits } from "../../../packages/eurus/src/directory/announcement-limits.ts";
import { readInstanceAnnouncement } from "../../../packages/eurus/src/directory/announcement-codec.ts";
import { AnnouncementGate } from "../../../packages/eurus/src/directory/announcement-gate.ts";
import { Directory } from "../../../packages/eurus/src/directory/directory.ts";
import { startTicks } from "../../../packages/eurus/src/directory/ticker.ts";
import { GatewayAnnouncer } from "../../../packages/eurus/src/gateway/announcer.ts";
import * as subjects from "../../../packages/eurus/src/link/subjects.ts";
import type { Packet, Transport } from "../../../packages/eurus/src/transport/transport.ts";
import type { Endpoint, FaultyBus } from "../faulty-bus.ts";
import type { VirtualProcess } from "../virtual-time.ts";
import { Meter, MeteredTransport } from "./meter.ts";

/** As the link between them: an instance that the bus does not find is given up after this long. */
const suspectMs = 800;
const versions = { min: 1, max: 1 } as const;

/** One gateway: the real directory and announcer, and clients that are only counted. */
export class FleetGateway {
  readonly id: string;
  readonly meter = new Meter();
  /** The instance of each client's pin. */
  readonly clients: string[] = [];
  /** Choices so far, and the real CPU time that they took. */
  choices = 0;
  choosingMs = 0;
  readonly #process: VirtualProcess;
  readonly #endpoint: Endpoint;
  readonly #bus: FaultyBus;
  readonly #transport: Transport;
  readonly #directory: Directory;
  readonly #announcer: GatewayAnnouncer;
  readonly #gate = new AnnouncementGate();
  readonly #opening = new Map<string, number>();
  readonly #linked = new Set<string>();

  /** @param closed - Clients that lost their instance, and with it their connection. */
  constructor(process: VirtualProcess, bus: FaultyBus, closed: (clients: number) => void) {
    const runtime = this.meter.runtime(process.runtime);
    this.id = runtime.randomToken(32);
    this.#process = process;
    this.#bus = bus;
    this.#endpoint = bus.connect(process);
    this.#transport = new MeteredTransport(this.#endpoint, this.meter);
    this.#directory = new Directory(
      { gatewayName: "main", versions, random: () => runtime.random() },
      (event) => {
        if (event.type === "instance-added") this.#announcer.announceSoon();
        if (event.type === "instance-removed") closed(this.#forget(event.instance.id));
      },
    );
    this.#announcer = new GatewayAnnouncer(this.#transport, runtime, 1_000, {
      gatewayName: "main",
      gatewayId: this.id,
      epoch: runtime.randomToken(12),
      versions,
      limits: defaultAnnouncementLimits,
      linkIds: () => this.#linkIds(),
      takeQuestions: () => this.#directory.questions.take(),
      onProblem: (error) => {
        throw error;
      },
    });
    startTicks(runtime, () => {
      this.#announcer.echo.tick();
      this.#gate.tick();
      this.#directory.tick();
    });
  }

  get isDead(): boolean {
    return this.#process.isDead;
  }

  /** How many instances it knows. */
  get known(): number {
    return [...this.#directory.instances()].length;
  }

  knows(instanceId: string): boolean {
    return this.#directory.instance(instanceId) !== undefined;
  }

  /** Whether no new client goes there. */
  avoids(instanceId: string): boolean {
    return this.#directory.instance(instanceId)?.isCandidate !== true;
  }

  async start(): Promise<void> {
    this.#transport.subscribe(subjects.serviceAnnouncements(), (packet) => this.#hear(packet));
    await this.#announcer.start();
  }

  /** The instance for a new client of the service; undefined when nobody serves it. */
  pin(service: string): string | undefined {
    const startedMs = performance.now();
    const route = this.#directory.resolve(`/${service}/items-0/7`);
    const instance = route === undefined ? undefined : this.#directory.choose(route);
    if (instance !== undefined) this.#directory.balancer(service)?.opened(instance.load);
    this.choosingMs += performance.now() - startedMs;
    this.choices += 1;
    if (instance === undefined) return undefined;
    this.#opening.set(instance.id, (this.#opening.get(instance.id) ?? 0) + 1);
    this.#linked.add(instance.id);
    return instance.id;
  }

  /** The instance has accepted the client. Returns whether it is still known. */
  opened(instanceId: string): boolean {
    this.#opening.set(instanceId, (this.#opening.get(instanceId) ?? 1) - 1);
    if (!this.knows(instanceId)) return false;
    this.clients.push(instanceId);
    return true;
  }

  /** The bus found nobody there. */
  undeliverable(instanceId: string): void {
    this.#opening.set(instanceId, (this.#opening.get(instanceId) ?? 1) - 1);
    const instance = this.#directory.instance(instanceId);
    if (instance === undefined) return;
    this.#directory.balancer(instance.service)?.closed(instance.load);
    if (instance.isSuspect) return;
    this.#directory.suspect(instanceId);
    this.#process.runtime.setTimer(suspectMs, () => this.#directory.lose(instanceId));
  }

  /** One client leaves. Returns its instance. */
  unpin(index: number): string | undefined {
    const instanceId = this.clients[index];
    const last = this.clients.pop();
    if (instanceId === undefined || last === undefined) return undefined;
    if (index < this.clients.length) this.clients[index] = last;
    const instance = this.#directory.instance(instanceId);
    if (instance !== undefined) this.#directory.balancer(instance.service)?.closed(instance.load);
    return instanceId;
  }

  kill(): void {
    this.#process.kill();
    this.#bus.disconnect(this.#endpoint);
  }

  /** What a gateway does with what it hears. */
  #hear(packet: Packet): void {
    if (!this.#gate.allows(packet.subject)) return;
    const { announcement } = readInstanceAnnouncement(
      packet.subject,
      packet.payload,
      (instanceId, epoch, hash) => this.#directory.isDescribed(instanceId, epoch, hash),
    );
    if (announcement === undefined) return;
    this.#directory.apply(announcement);
    const instance = this.#directory.instance(announcement.instanceId);
    if (instance?.announcement === announcement) {
      const opening = this.#opening.get(instance.id) ?? 0;
      this.#directory.balancer(instance.service)?.pending(instance.load, opening);
    }
    const { links } = announcement;
    if (links !== undefined) this.#directory.expectGateways(Math.max(1, links.size));
    if (!this.#directory.questions.isEmpty) this.#announcer.announceSoon();
  }

  #linkIds(): ReadonlyMap<string, number> {
    const ids = new Map<string, number>();
    for (const { id } of this.#directory.instances()) ids.set(id, this.#linked.has(id) ? 1 : 0);
    return ids;
  }

  #forget(instanceId: string): number {
    this.#linked.delete(instanceId);
    this.#opening.delete(instanceId);
    let kept = 0;
    for (const client of this.clients) if (client !== instanceId) this.clients[kept++] = client;
    const lost = this.clients.length - kept;
    this.clients.length = kept;
    return lost;
  }
}
