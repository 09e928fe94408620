import type { AnnouncementLimits } from "./announcement-limits.ts";
import { defaultAnnouncementLimits } from "./announcement-limits.ts";
import type { RememberedClaim, RouteClaim } from "./announcement.ts";

/** How many descriptors one announcement asks for: each is large, and everybody hears it. */
const wantedPerAnnouncement = 256;
/** The size of the ids that one announcement takes along, and of the claims: it has to stay readable. */
const bytesPerAnnouncement = 16_384;
/** Of the bytes that an announcement may have, ids get a quarter and claims get a quarter. */
const shareOfBytes = 4;
/** So many of each may wait for the next announcement. */
const maxWaiting = 1_000;

/** What an announcement of a gateway takes along for instances. */
export interface TakenQuestions {
  /** Ids of instances whose descriptor it asks for. */
  readonly wanted: readonly string[];
  /** Older claims than instances announced. */
  readonly claims: readonly RememberedClaim[];
}

type SizeLimits = Pick<AnnouncementLimits, "maxEntries" | "maxBytes">;

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
    const claim = { service, pattern, claimedAt };
    if (this.#claims.size < maxWaiting) this.#claims.set(keyOf(claim), claim);
  }

  /**
   * As much of both as goes into one announcement.
   *
   * @param asked - How many ids of instances the announcement names besides.
   */
  take(limits: SizeLimits = defaultAnnouncementLimits, asked: number = 0): TakenQuestions {
    return { wanted: this.#takeWanted(limits, asked), claims: this.#takeClaims(limits) };
  }

  /** Asked once, instances are not named again until they speak. */
  #takeWanted(limits: SizeLimits, asked: number): readonly string[] {
    const most = Math.min(wantedPerAnnouncement, limits.maxEntries - asked);
    const wanted = this.#thatFit(this.#wanted, most, limits);
    for (const id of wanted) this.#wanted.delete(id);
    return wanted;
  }

  #takeClaims(limits: SizeLimits): readonly RememberedClaim[] {
    const claims = this.#thatFit(this.#claims.values(), limits.maxEntries, limits);
    for (const claim of claims) this.#claims.delete(keyOf(claim));
    // The first fits into no announcement, and must not keep the others waiting.
    const { value: first } = this.#claims.keys().next();
    if (claims.length === 0 && first !== undefined) this.#claims.delete(first);
    return claims;
  }

  /** The first ones, as many as may go together. */
  #thatFit<Entry extends string | RememberedClaim>(
    entries: Iterable<Entry>,
    most: number,
    { maxBytes }: SizeLimits,
  ): readonly Entry[] {
    const fitting: Entry[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (fitting.length >= most) break;
      bytes += this.#encoder.encode(JSON.stringify(entry)).byteLength + 1;
      if (bytes > Math.min(bytesPerAnnouncement, maxBytes / shareOfBytes)) break;
      fitting.push(entry);
    }
    return fitting;
  }
}

function keyOf({ service, pattern }: RememberedClaim): string {
  return `${service} ${pattern}`;
}
