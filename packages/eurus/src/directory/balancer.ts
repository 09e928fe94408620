import type { Runtime } from "velaros-protocol";

/** What one gateway knows about how many sockets an instance holds. Changed by a {@link Balancer} only. */
export interface InstanceLoad {
  /** Sockets that the instance last reported, from all gateways. */
  reportedPins: number;
  /** Opens that it last reported, from all gateways since its epoch began. */
  reportedOpens: number;
  /** Opens minus closes by this gateway since that report. */
  ownSinceReport: number;
  /** Opens by this gateway since that report. */
  ownOpensSinceReport: number;
}

/** The load of an instance that was heard of just now. */
export function createLoad(pins: number, opens: number): InstanceLoad {
  return { reportedPins: pins, reportedOpens: opens, ownSinceReport: 0, ownOpensSinceReport: 0 };
}

/** How much older reports count for the share of this gateway, each time an instance reports. */
const decayPerReport = 0.95;

/**
 * Chooses the instance with the fewest sockets in the whole cluster. Totals are known from heartbeats and therefore
 * old, and other gateways open pins in the meantime; so what this gateway did since the last report is multiplied by
 * its measured share in the opens of all. One per service and gateway.
 */
export class Balancer {
  readonly #random: Runtime["random"];
  #clusterOpens = 0;
  #ownOpens = 0;
  /** How many opens in the cluster stand for one of this gateway's own. */
  #factor: number;

  /** @param liveGateways - Gateways that were alive when this one began; its first guess at its own share. */
  constructor(random: Runtime["random"], liveGateways: number = 1) {
    this.#random = random;
    this.#factor = Math.max(1, liveGateways);
  }

  /** Corrects the first guess, as long as this gateway has opened nothing that could be measured. */
  expectGateways(liveGateways: number): void {
    if (this.#ownOpens === 0) this.#factor = Math.max(1, liveGateways);
  }

  opened(load: InstanceLoad): void {
    load.ownSinceReport += 1;
    load.ownOpensSinceReport += 1;
  }

  /** This many opens of this gateway can't be in the report that was just taken: the instance has not accepted them yet. */
  pending(load: InstanceLoad, opens: number): void {
    load.ownSinceReport += opens;
  }

  closed(load: InstanceLoad): void {
    load.ownSinceReport -= 1;
  }

  /** The instance told its totals. */
  report(load: InstanceLoad, pins: number, opens: number): void {
    this.#clusterOpens = this.#clusterOpens * decayPerReport + Math.max(0, opens - load.reportedOpens);
    this.#ownOpens = this.#ownOpens * decayPerReport + load.ownOpensSinceReport;
    if (load.ownOpensSinceReport > 0) this.#factor = Math.max(1, this.#clusterOpens / this.#ownOpens);
    load.reportedPins = pins;
    load.reportedOpens = opens;
    load.ownSinceReport = 0;
    load.ownOpensSinceReport = 0;
  }

  /** Sockets that the instance holds by now, as far as can be told from here. */
  estimate(load: InstanceLoad): number {
    return load.reportedPins + load.ownSinceReport * this.#factor;
  }

  /** The candidate with the lowest estimate; among equals any. */
  choose<Candidate extends { readonly load: InstanceLoad }>(
    candidates: readonly Candidate[],
  ): Candidate | undefined {
    const start = Math.floor(this.#random() * candidates.length);
    let best: Candidate | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (let offset = 0; offset < candidates.length; offset += 1) {
      const candidate = candidates[(start + offset) % candidates.length];
      if (candidate === undefined) continue;
      const estimate = this.estimate(candidate.load);
      if (estimate < lowest) {
        lowest = estimate;
        best = candidate;
      }
    }
    return best;
  }
}
