import type { RememberedClaim, RouteClaim } from "./announcement.ts";

/** How many descriptors one announcement asks for, and the size of the claims that it tells: it has to stay readable. */
const wantedPerAnnouncement = 256;
const claimBytesPerAnnouncement = 16_384;
/** So many of each may wait for the next announcement. */
const maxWaiting = 1_000;

/** What an announcement of a gateway takes along for instances. */
export interface TakenQuestions {
  /** Ids of instances whose descriptor it asks for. */
  readonly wanted: readonly string[];
  /** Older claims than instances announced. */
  readonly claims: readonly RememberedClaim[];
}

/** What a gateway has to ask instances and to tell them, until an announcement takes it along. */
export class Questions {
  readonly #wanted = new Set<string>();
  readonly #claims = new Map<string, RememberedClaim>();
  readonly #encoder = new TextEncoder();

  get isEmpty(): boolean {
    return this.#wanted.size === 0 && this.#claims.size === 0;
  }

  /** Asks the instance for its descriptor. */
  want(instanceId: string): void {
    if (this.#wanted.size < maxWaiting) this.#wanted.add(instanceId);
  }

  /** Nobody needs to ask the instance any more. */
  forget(instanceId: string): void {
    this.#wanted.delete(instanceId);
  }

  /** Tells the service that it has claimed the route for longer than one of its instances knows. */
  remind(service: string, { pattern, claimedAt }: RouteClaim): void {
    if (this.#claims.size < maxWaiting) {
      this.#claims.set(`${service} ${pattern}`, { service, pattern, claimedAt });
    }
  }

  /** As much of both as goes into one announcement. */
  take(): TakenQuestions {
    return { wanted: this.takeWanted(), claims: this.takeClaims() };
  }

  /**
   * Ids of instances whose descriptor should be asked for, as many as go into one announcement. Asked once, they are
   * not named again until they speak.
   */
  takeWanted(): readonly string[] {
    const wanted = [...this.#wanted].slice(0, wantedPerAnnouncement);
    for (const id of wanted) this.#wanted.delete(id);
    return wanted;
  }

  /** Claims that are older than what instances announced lately, as many as go into one announcement to them. */
  takeClaims(): readonly RememberedClaim[] {
    const claims: RememberedClaim[] = [];
    let bytes = 0;
    for (const [key, claim] of this.#claims) {
      bytes += this.#encoder.encode(JSON.stringify(claim)).byteLength + 1;
      if (bytes > claimBytesPerAnnouncement) break;
      this.#claims.delete(key);
      claims.push(claim);
    }
    return claims;
  }
}
