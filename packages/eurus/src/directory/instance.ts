import type { InstanceAnnouncement, InstanceDescriptor, InstanceLostPolicy } from "./announcement.ts";
import { createLoad, type InstanceLoad } from "./balancer.ts";
import type { Route } from "./route.ts";

/** Old epochs of an instance that are recognised when a late copy of an announcement arrives. */
const rememberedEpochs = 8;

/** One running instance of a service, as a gateway's directory knows it. The directory alone changes it. */
export class Instance {
  readonly id: string;
  readonly service: string;
  readonly epoch: string;
  /** Epochs that came before this one, latest first. */
  readonly pastEpochs: readonly string[];
  /** The newest heartbeat. */
  announcement: InstanceAnnouncement;
  descriptor: InstanceDescriptor;
  /** Hash of {@link descriptor}. */
  descriptorHash: string;
  /** What it serves: the only routes for which it is a candidate. */
  readonly routes: Set<Route> = new Set();
  /** The bus found nobody at its subject, and it has not answered since. */
  isSuspect = false;
  readonly load: InstanceLoad;

  constructor(announcement: InstanceAnnouncement, descriptor: InstanceDescriptor, predecessor?: Instance) {
    this.id = announcement.instanceId;
    this.service = announcement.service;
    this.epoch = announcement.epoch;
    this.announcement = announcement;
    this.descriptor = descriptor;
    this.descriptorHash = announcement.descriptorHash;
    this.load = createLoad(announcement.pins, announcement.opens);
    this.pastEpochs =
      predecessor === undefined
        ? []
        : [predecessor.epoch, ...predecessor.pastEpochs].slice(0, rememberedEpochs);
  }

  get isDraining(): boolean {
    return this.announcement.draining;
  }

  get onInstanceLost(): InstanceLostPolicy {
    return this.descriptor.onInstanceLost;
  }

  /** Whether new pins may go there. */
  get isCandidate(): boolean {
    return !this.isDraining && !this.isSuspect;
  }
}
