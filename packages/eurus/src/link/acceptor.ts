import type { Runtime } from "velaros-protocol";

import { EurusError } from "../errors.ts";
import { isSubjectToken } from "../transport/subject-token.ts";
import type { Packet, Transport, Unsubscribe } from "../transport/transport.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { GatewayToInstanceFrame } from "./frame.ts";
import { defaultLinkLimits } from "./limits.ts";
import type { LinkLimits } from "./limits.ts";
import type { InstanceLink, LinkIdentity, LinkListener, LinkLostCause } from "./link.ts";
import { LoopWatch } from "./loop-watch.ts";
import { Introducer, openLink, resetPacket } from "./open-link.ts";
import type { Introduction, LinkBudgets, LinkEnd } from "./open-link.ts";
import { RateGate } from "./rate-gate.ts";
import * as subjects from "./subjects.ts";

export interface LinkAcceptorOptions {
  readonly transport: Transport;
  readonly runtime: Runtime;
  readonly service: string;
  readonly instanceId: string;
  /** Changes with every start of the service. */
  readonly instanceEpoch: string;
  /** Called for every new link, before its first frame. The link may be kept, and sent on, at once. */
  accept(link: InstanceLink): LinkListener<GatewayToInstanceFrame>;
  readonly limits?: Partial<LinkLimits> | undefined;
  /** The lease that gateways grant this instance; after standing still longer the links are assumed lost. @defaultValue 5 s */
  readonly leaseMs?: number | undefined;
  /** Told of packets that can't be read and of listeners that threw. */
  readonly onProblem?: ((error: Error) => void) | undefined;
}

type InstanceEnd = LinkEnd & InstanceLink;

/** What an instance knows of one gateway process. */
interface Peer {
  readonly gatewayName: string;
  readonly gatewayId: string;
  epoch: string;
  /** Epochs that have ended; late copies of their packets are dropped. */
  readonly formerEpochs: string[];
  /** Lower numbers of this epoch are dropped: they are late copies. */
  highestLinkId: number;
  link: InstanceEnd | undefined;
  readonly resets: RateGate;
}

/** Gateways without a link that are remembered, so that late copies of their packets are known as such. */
const rememberedPeers = 1_024;
const rememberedEpochs = 8;

/** The instance's side of its links: one subscription for all, and a new link whenever a gateway opens one. */
export class LinkAcceptor {
  readonly #options: LinkAcceptorOptions;
  readonly #limits: LinkLimits;
  readonly #watch: LoopWatch;
  readonly #introducer = new Introducer();
  readonly #budgets: LinkBudgets;
  readonly #inbox: string;
  /** By the subject that the gateway sends to. */
  readonly #peers = new Map<string, Peer>();
  #bindings: Unsubscribe[] = [];

  constructor(options: LinkAcceptorOptions) {
    this.#options = options;
    this.#limits = { ...defaultLinkLimits, ...options.limits };
    this.#budgets = {
      unacked: new ByteBudget(this.#limits.processUnackedBytes),
      reassembly: new ByteBudget(this.#limits.reassemblyBytes),
    };
    this.#inbox = subjects.instanceInbox(options);
    this.#watch = new LoopWatch(options.runtime, options.leaseMs ?? 5_000, () =>
      this.#failAll("self-fenced"),
    );
  }

  /** Subscribes; from now on gateways can open links. */
  start(): void {
    if (this.#bindings.length > 0) return;
    const { transport } = this.#options;
    const undeliverable = subjects.instanceUndeliverable(this.#options);
    this.#bindings = [
      transport.subscribe(`${this.#inbox}.>`, (packet) => this.#receive(packet)),
      transport.subscribe(`${undeliverable}.>`, (packet) => this.#undeliverable(undeliverable, packet)),
      transport.onStatus((status) => {
        for (const link of this.links()) link.busChanged(status === "connected");
      }),
    ];
    if (!transport.reliable) this.#watch.start();
  }

  /** The links that are not lost; for heartbeats. */
  links(): readonly InstanceEnd[] {
    const links: InstanceEnd[] = [];
    for (const { link } of this.#peers.values()) if (link !== undefined) links.push(link);
    return links;
  }

  /** Called before something that had to wait is handled: after a standstill it is too late for that. */
  checkStandstill(): void {
    this.#watch.check();
  }

  /** Loses every link and unsubscribes. */
  stop(): void {
    this.#failAll("stopped");
    this.#watch.stop();
    for (const unsubscribe of this.#bindings) unsubscribe();
    this.#bindings = [];
    this.#peers.clear();
  }

  #failAll(cause: LinkLostCause): void {
    for (const link of this.links()) link.fail(cause);
  }

  #receive(packet: Packet): void {
    this.#watch.check();
    const peer = this.#peers.get(packet.subject) ?? this.#meet(packet.subject);
    if (peer === undefined) return;
    const known = this.#introducer.introduce(packet.payload);
    if (typeof known === "string") {
      this.#reject(packet.subject, known);
      return;
    }
    const link = this.#linkFor(peer, known);
    if (link === undefined) return;
    const problem = link.receivePacket(packet.payload);
    if (problem !== undefined) this.#reject(packet.subject, problem);
  }

  /** The link that a packet belongs to; opens, replaces and refuses links as the packet demands. */
  #linkFor(peer: Peer, packet: Introduction): InstanceEnd | undefined {
    if (peer.link?.isFor(packet) === true) return peer.link;
    // A reset is for a link that is gone anyway.
    if (packet.isReset) return undefined;
    if (!packet.isNew) return this.#refuse(peer, packet);
    if (packet.instanceEpoch !== this.#options.instanceEpoch) return this.#refuse(peer, packet);
    if (packet.gatewayEpoch === peer.epoch && packet.linkId <= peer.highestLinkId) {
      if (packet.linkId === peer.highestLinkId) this.#refuse(peer, packet);
      return undefined;
    }
    if (peer.formerEpochs.includes(packet.gatewayEpoch)) return undefined;
    const isSameEpoch = packet.gatewayEpoch === peer.epoch;
    peer.link?.fail(isSameEpoch ? "reset" : "new-epoch");
    if (!isSameEpoch && peer.epoch !== "") {
      peer.formerEpochs.push(peer.epoch);
      if (peer.formerEpochs.length > rememberedEpochs) peer.formerEpochs.shift();
    }
    peer.epoch = packet.gatewayEpoch;
    peer.highestLinkId = packet.linkId;
    peer.link = this.#open(peer, packet);
    return peer.link;
  }

  #open(peer: Peer, { linkId, gatewayEpoch }: Introduction): InstanceEnd {
    const { service, instanceId, instanceEpoch, transport, runtime } = this.#options;
    const { gatewayName, gatewayId } = peer;
    const identity: LinkIdentity = {
      service,
      instanceId,
      instanceEpoch,
      gatewayName,
      gatewayId,
      gatewayEpoch,
      linkId,
    };
    let listener: LinkListener<GatewayToInstanceFrame> | undefined;
    const link: InstanceEnd = openLink({
      identity,
      side: "instance",
      transport,
      runtime,
      limits: this.#limits,
      budgets: this.#budgets,
      listener: () => (listener ??= this.#options.accept(link)),
      onProblem: (error) => this.#options.onProblem?.(error),
      onLost: () => {
        if (peer.link === link) peer.link = undefined;
      },
    });
    listener ??= this.#options.accept(link);
    return link;
  }

  /** Tells the gateway that this link does not exist here. */
  #refuse(peer: Peer, packet: Introduction): undefined {
    const { service, instanceId, transport, runtime } = this.#options;
    if (!peer.resets.passes(runtime.nowMs())) return undefined;
    const { gatewayName, gatewayId } = peer;
    const subject = subjects.toGateway({ service, instanceId, gatewayName, gatewayId });
    transport.publish(subject, resetPacket(packet, transport.reliable));
    return undefined;
  }

  #meet(subject: string): Peer | undefined {
    const [gatewayName, gatewayId, ...more] = subject.slice(this.#inbox.length + 1).split(".");
    if (gatewayName === undefined || gatewayId === undefined || more.length > 0) return undefined;
    if (!isSubjectToken(gatewayName) || !isSubjectToken(gatewayId)) return undefined;
    if (this.#peers.size >= rememberedPeers) this.#forgetOne();
    const peer: Peer = {
      gatewayName,
      gatewayId,
      epoch: "",
      formerEpochs: [],
      highestLinkId: 0,
      link: undefined,
      resets: new RateGate(this.#limits.nakIntervalMs),
    };
    this.#peers.set(subject, peer);
    return peer;
  }

  #forgetOne(): void {
    for (const [subject, { link }] of this.#peers) {
      if (link !== undefined) continue;
      this.#peers.delete(subject);
      return;
    }
  }

  #undeliverable(base: string, packet: Packet): void {
    if (!(packet.payload instanceof Uint8Array) || packet.payload.length > 0) return;
    const report = subjects.parseUndeliverable(base, packet.subject);
    if (report === undefined) return;
    for (const link of this.links()) {
      if (link.identity.gatewayId === report.peerId && link.linkId === report.linkId) {
        link.undeliverable(report.sequence, report.again);
      }
    }
  }

  #reject(subject: string, problem: string): void {
    this.#options.onProblem?.(new EurusError("EURUS_PACKET_INVALID", { subject, problem }));
  }
}
