/** The range of wire versions that a process speaks. */
export interface WireVersions {
  readonly min: number;
  readonly max: number;
}

/** What happens to a client when the instance that it is pinned to is lost. */
export type InstanceLostPolicy = "close" | "repin";

/** A route and how long its service has been claiming it. */
export interface RouteClaim {
  /** The text of the pattern. */
  readonly pattern: string;
  /** The earliest time, in milliseconds since 1970, that the announcer knows its service to have served this pattern. */
  readonly claimedAt: number;
}

/** What changes rarely about an instance; travels when it changed or somebody asked. */
export interface InstanceDescriptor {
  /** Names of the gateways that it serves; empty for all. */
  readonly gatewayNames: readonly string[];
  readonly routes: readonly RouteClaim[];
  readonly onInstanceLost: InstanceLostPolicy;
}

/** One heartbeat of a service instance, with its descriptor or without. */
export interface InstanceAnnouncement {
  readonly service: string;
  readonly instanceId: string;
  /** Another one means that the instance started anew and knows nothing of before. */
  readonly epoch: string;
  /** Counts the announcements of an epoch from 1, so that a late copy is recognised. */
  readonly sequence: number;
  readonly versions: WireVersions;
  /** Stands for the descriptor; see {@link hashDescriptor}. */
  readonly descriptorHash: string;
  readonly descriptor?: InstanceDescriptor | undefined;
  /** Takes no new pins. */
  readonly draining: boolean;
  /** This is the last announcement of the epoch. */
  readonly goodbye: boolean;
  /** Sockets pinned there now, from all gateways. */
  readonly pins: number;
  /** Pins opened since the epoch began, by all gateways. */
  readonly opens: number;
  /** How late its event loop runs, in milliseconds. */
  readonly lagMs: number;
  /**
   * The gateways that it hears, by id, with the number of the open link; 0 without one. Undefined says nothing about
   * any of them; see {@link LinkListTurns}.
   */
  readonly links: ReadonlyMap<string, number> | undefined;
}

/** A claim that a gateway remembers to be older than an instance said. */
export interface RememberedClaim extends RouteClaim {
  readonly service: string;
}

/** One heartbeat of a gateway. */
export interface GatewayAnnouncement {
  readonly gateway: string;
  readonly gatewayId: string;
  /** Another one means that the gateway started anew and knows nothing of before. */
  readonly epoch: string;
  /** Counts the announcements of an epoch from 1. */
  readonly sequence: number;
  readonly versions: WireVersions;
  readonly goodbye: boolean;
  /**
   * The instances that it knows, by id, with the number of the open link; 0 without one. Undefined says nothing about
   * any of them.
   */
  readonly links: ReadonlyMap<string, number> | undefined;
  /** Ids of instances whose descriptor it asks for. */
  readonly wanted: readonly string[];
  /** Older claims than instances announced. */
  readonly claims: readonly RememberedClaim[];
}

/** Whether both ranges have a version in common. */
export function areCompatible(left: WireVersions, right: WireVersions): boolean {
  return left.min <= right.max && right.min <= left.max;
}

/** A short text that differs when descriptors differ: two runs of 32-bit FNV-1a. Not for secrets. */
export function hashDescriptor(descriptor: InstanceDescriptor): string {
  const { gatewayNames, routes, onInstanceLost } = descriptor;
  const text = JSON.stringify([
    gatewayNames,
    routes.map(({ pattern, claimedAt }) => [pattern, claimedAt]),
    onInstanceLost,
  ]);
  return fnv1a(text, 0x811c9dc5).toString(36) + fnv1a(text, 0x050c5d1f).toString(36);
}

function fnv1a(text: string, offset: number): number {
  let hash = offset;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
