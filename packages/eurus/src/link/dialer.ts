import type { Runtime } from "velaros-protocol";

import { EurusError } from "../errors.ts";
import type { Packet, Transport, Unsubscribe } from "../transport/transport.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { InstanceToGatewayFrame } from "./frame.ts";
import { defaultLinkLimits } from "./limits.ts";
import type { LinkLimits } from "./limits.ts";
import type { GatewayLink, LinkIdentity, LinkListener, LinkLostCause } from "./link.ts";
import { LoopWatch } from "./loop-watch.ts";
import { Introducer, openLink, resetPacket } from "./open-link.ts";
import type { Introduction, LinkBudgets, LinkEnd } from "./open-link.ts";
import { RateGate } from "./rate-gate.ts";
import * as subjects from "./subjects.ts";

/**
 * How long a gateway waits for something that its acknowledgement can travel with. Only an instance that stops waits for
 * it; and with many instances, none of which gets much, each answer would be followed by a packet that says only this.
 */
const outputAckDelayMs = 40;

export interface LinkDialerOptions {
  readonly transport: Transport;
  readonly runtime: Runtime;
  readonly gatewayName: string;
  readonly gatewayId: string;
  /** Changes with every start of the gateway. */
  readonly gatewayEpoch: string;
  readonly limits?: Partial<LinkLimits> | undefined;
  /** The lease that instances grant this gateway; after standing still longer the links are assumed lost. @defaultValue 12 s */
  readonly leaseMs?: number | undefined;
  /** Told of packets that can't be read and of listeners that threw. */
  readonly onProblem?: ((error: Error) => void) | undefined;
}

/** An instance, as the directory knows it. */
export type InstanceAddress = Pick<LinkIdentity, "service" | "instanceId" | "instanceEpoch">;

type GatewayEnd = LinkEnd & GatewayLink;

/** The gateway's side of its links: one subscription for all, and a new link whenever one is wanted. */
export class LinkDialer {
  readonly #options: LinkDialerOptions;
  readonly #limits: LinkLimits;
  readonly #watch: LoopWatch;
  readonly #introducer = new Introducer();
  readonly #budgets: LinkBudgets;
  readonly #links = new Map<string, GatewayEnd>();
  /** By instance, so that a number is never used twice. Kept as long as this object. */
  readonly #lastLinkIds = new Map<string, number>();
  readonly #resets: RateGate;
  #bindings: Unsubscribe[] = [];

  constructor(options: LinkDialerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLinkLimits, ackDelayMs: outputAckDelayMs, ...options.limits };
    this.#budgets = {
      unacked: new ByteBudget(this.#limits.processUnackedBytes),
      reassembly: new ByteBudget(this.#limits.reassemblyBytes),
    };
    this.#resets = new RateGate(this.#limits.nakIntervalMs);
    this.#watch = new LoopWatch(options.runtime, options.leaseMs ?? 12_000, () =>
      this.#failAll("self-fenced"),
    );
  }

  /** Subscribes. Links are dialled after this. */
  start(): void {
    if (this.#bindings.length > 0) return;
    const { transport } = this.#options;
    const inbox = subjects.gatewayInbox(this.#options);
    const undeliverable = subjects.gatewayUndeliverable(this.#options);
    this.#bindings = [
      transport.subscribe(`${inbox}.>`, (packet) => this.#receive(packet)),
      transport.subscribe(`${undeliverable}.>`, (packet) => this.#undeliverable(undeliverable, packet)),
      transport.onStatus((status) => {
        for (const link of this.links()) link.busChanged(status === "connected");
      }),
    ];
    if (!transport.reliable) this.#watch.start();
  }

  /** Opens a link to an instance. A link that this gateway still has to the same instance is lost first. */
  dial(instance: InstanceAddress, listener: LinkListener<InstanceToGatewayFrame>): GatewayLink {
    const { gatewayName, gatewayId, gatewayEpoch } = this.#options;
    const linkId = (this.#lastLinkIds.get(instance.instanceId) ?? 0) + 1;
    this.#lastLinkIds.set(instance.instanceId, linkId);
    const identity: LinkIdentity = {
      service: instance.service,
      instanceId: instance.instanceId,
      instanceEpoch: instance.instanceEpoch,
      gatewayName,
      gatewayId,
      gatewayEpoch,
      linkId,
    };
    const subject = subjects.toGateway(identity);
    this.#links.get(subject)?.fail("new-epoch");
    const link = openLink({
      identity,
      side: "gateway",
      transport: this.#options.transport,
      runtime: this.#options.runtime,
      limits: this.#limits,
      budgets: this.#budgets,
      listener: () => listener,
      onProblem: (error) => this.#options.onProblem?.(error),
      onLost: () => {
        if (this.#links.get(subject) === link) this.#links.delete(subject);
      },
    });
    this.#links.set(subject, link);
    return link;
  }

  /** The links that are not lost; for heartbeats. */
  links(): readonly GatewayEnd[] {
    return [...this.#links.values()];
  }

  /** Loses every link and unsubscribes. */
  stop(): void {
    this.#failAll("stopped");
    this.#watch.stop();
    for (const unsubscribe of this.#bindings) unsubscribe();
    this.#bindings = [];
  }

  #failAll(cause: LinkLostCause): void {
    for (const link of this.links()) link.fail(cause);
  }

  #receive(packet: Packet): void {
    this.#watch.check();
    const known = this.#introducer.introduce(packet.payload);
    if (typeof known === "string") {
      this.#reject(packet.subject, known);
      return;
    }
    const link = this.#links.get(packet.subject);
    if (link === undefined || !link.isFor(known)) {
      if (!known.isReset) this.#refuse(packet.subject, known);
      return;
    }
    const problem = link.receivePacket(packet.payload);
    if (problem !== undefined) this.#reject(packet.subject, problem);
  }

  /** Tells an instance that this link does not exist here. */
  #refuse(from: string, packet: Introduction): void {
    const { gatewayName, gatewayId, transport, runtime } = this.#options;
    const [service, instanceId, ...more] = from
      .slice(subjects.gatewayInbox(this.#options).length + 1)
      .split(".");
    if (service === undefined || instanceId === undefined || more.length > 0) return;
    if (!this.#resets.passes(runtime.nowMs())) return;
    const subject = subjects.toInstance({ service, instanceId, gatewayName, gatewayId });
    transport.publish(subject, resetPacket(packet, transport.reliable));
  }

  #reject(subject: string, problem: string): void {
    this.#options.onProblem?.(new EurusError("EURUS_PACKET_INVALID", { subject, problem }));
  }

  #undeliverable(base: string, packet: Packet): void {
    if (!(packet.payload instanceof Uint8Array) || packet.payload.length > 0) return;
    const report = subjects.parseUndeliverable(base, packet.subject);
    if (report === undefined) return;
    for (const link of this.links()) {
      if (link.identity.instanceId === report.peerId && link.linkId === report.linkId) {
        link.undeliverable(report.sequence, report.again);
      }
    }
  }
}
