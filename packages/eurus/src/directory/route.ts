import { compareSpecificity, type Pattern } from "velaros";
import type { Instance } from "./instance.ts";

/** A pattern that a service serves, and the instances that serve it. */
export class Route {
  readonly service: string;
  readonly pattern: Pattern;
  /** Text of the pattern. */
  readonly text: string;
  /** Since when the service claims the pattern: the earliest time that anybody said. */
  claimedAt: number;
  /** Whether the operator gave the pattern to this service. */
  readonly isOwned: boolean;
  /** Instances that announced exactly this pattern, draining and suspect ones included. */
  readonly instances: Set<Instance> = new Set();
  /** The tick at which the last instance withdrew it. */
  withdrawnAt = 0;

  constructor(service: string, pattern: Pattern, claimedAt: number, isOwned: boolean) {
    this.service = service;
    this.pattern = pattern;
    this.text = pattern.toString();
    this.claimedAt = claimedAt;
    this.isOwned = isOwned;
  }

  /** Whether nobody serves it any more; it is remembered for a while so that clients are told to come back. */
  get isWithdrawn(): boolean {
    return this.instances.size === 0;
  }

  /** Whether some instance is not about to stop. */
  get isStaying(): boolean {
    for (const instance of this.instances) if (!instance.isDraining) return true;
    return false;
  }

  /** Instances to which a new pin may go. */
  candidates(): Instance[] {
    const candidates: Instance[] = [];
    for (const instance of this.instances) if (instance.isCandidate) candidates.push(instance);
    return candidates;
  }
}

/**
 * Orders routes that match the same path, the same on every gateway: the more specific pattern, then the owner that
 * the operator named, then the older claim, then the name of the service, then the text of the pattern.
 */
export function compareRoutes(left: Route, right: Route): number {
  return (
    compareSpecificity(left.pattern, right.pattern) ||
    Number(right.isOwned) - Number(left.isOwned) ||
    left.claimedAt - right.claimedAt ||
    compareTexts(left.service, right.service) ||
    compareTexts(left.text, right.text)
  );
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What two patterns have in common when they match the same paths and differ in the names of parameters only. */
export function shapeOf(pattern: Pattern): string {
  return JSON.stringify(
    pattern.chunks.map((chunk) =>
      chunk.kind === "static"
        ? [chunk.text, chunk.modifier]
        : [{ subpattern: chunk.subpattern?.source ?? null }, chunk.modifier],
    ),
  );
}
