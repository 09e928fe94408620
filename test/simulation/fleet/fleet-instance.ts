import { ServiceAnnouncer } from "../../../packages/eurus/src/service/announcer.ts";
import { serviceSettings } from "../../../packages/eurus/src/service/service-options.ts";
import { startTicks } from "../../../packages/eurus/src/directory/ticker.ts";
import { EventSource } from "../../../packages/eurus/src/event-source.ts";
import type { ServiceEvent } from "../../../packages/eurus/src/events.ts";
import type { Endpoint, FaultyBus } from "../faulty-bus.ts";
import type { VirtualProcess } from "../virtual-time.ts";
import { Meter, MeteredTransport } from "./meter.ts";

/** One instance: the real announcer, and sockets that are only counted. */
export class FleetInstance {
  readonly id: string;
  readonly service: string;
  readonly meter = new Meter();
  /** Sockets that are pinned here. */
  pins = 0;
  /** Most that ever were. */
  mostPins = 0;
  /** How many were ever opened. */
  opens = 0;
  isDraining = false;
  readonly #pinsByGateway = new Map<string, number>();
  readonly #process: VirtualProcess;
  readonly #endpoint: Endpoint;
  readonly #bus: FaultyBus;
  readonly #announcer: ServiceAnnouncer;

  constructor(service: string, routes: readonly string[], process: VirtualProcess, bus: FaultyBus) {
    const runtime = this.meter.runtime(process.runtime);
    this.id = runtime.randomToken(32);
    this.service = service;
    this.#process = process;
    this.#bus = bus;
    this.#endpoint = bus.connect(process);
    const events = new EventSource<ServiceEvent>({
      log: () => undefined,
      onListenerError: (error) => {
        throw error;
      },
    });
    this.#announcer = new ServiceAnnouncer(
      new MeteredTransport(this.#endpoint, this.meter),
      serviceSettings({ runtime }),
      events,
      {
        service,
        instanceId: this.id,
        epoch: runtime.randomToken(12),
        versions: { min: 1, max: 1 },
        gatewayNames: () => [],
        routes: () => routes,
        sockets: () => ({ pins: this.pins, opens: this.opens }),
        lagMs: () => 0,
        // One link to each gateway that ever sent a client.
        linkIds: () => new Map([...this.#pinsByGateway.keys()].map((gatewayId) => [gatewayId, 1])),
        heard: () => {},
        gone: (gatewayId) => this.#lostGateway(gatewayId),
      },
    );
    startTicks(runtime, () => this.#announcer.tick());
  }

  get isDead(): boolean {
    return this.#process.isDead;
  }

  async start(): Promise<void> {
    await this.#announcer.start();
  }

  accept(gatewayId: string): void {
    this.pins += 1;
    this.opens += 1;
    this.mostPins = Math.max(this.mostPins, this.pins);
    this.#pinsByGateway.set(gatewayId, (this.#pinsByGateway.get(gatewayId) ?? 0) + 1);
  }

  release(gatewayId: string): void {
    const held = this.#pinsByGateway.get(gatewayId) ?? 0;
    if (held === 0) return;
    this.#pinsByGateway.set(gatewayId, held - 1);
    this.pins -= 1;
  }

  /** Whether it counts clients of this gateway among its own. */
  counts(gatewayId: string): boolean {
    return !this.isDead && (this.#pinsByGateway.get(gatewayId) ?? 0) > 0;
  }

  drain(): void {
    this.isDraining = true;
    this.#announcer.drain();
  }

  kill(): void {
    this.#process.kill();
    this.#bus.disconnect(this.#endpoint);
  }

  #lostGateway(gatewayId: string): void {
    this.pins -= this.#pinsByGateway.get(gatewayId) ?? 0;
    this.#pinsByGateway.delete(gatewayId);
  }
}
