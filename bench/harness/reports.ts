// What the result files hold.
import type { LoadShape } from "../load/shape.ts";
import type { Machine } from "./machine.ts";
import type { CheckResult, Figure, TargetResult } from "./report.ts";

export interface CaseResult {
  readonly id: string;
  readonly shape: string;
  readonly limits: string;
  readonly targets: Readonly<Record<string, TargetResult>>;
  readonly checks: readonly CheckResult[];
}

/** `load.json` */
export interface LoadReport {
  readonly machine: Machine;
  readonly cases: readonly CaseResult[];
}

export interface MemoryResult {
  readonly connections: number;
  readonly connectsPerSecond: number;
  /** Role → KiB per connection. */
  readonly idleKib: Readonly<Record<string, number>>;
  readonly afterOneMessageKib: Readonly<Record<string, number>>;
  readonly afterCollectionKib: Readonly<Record<string, number>>;
}

/** `memory.json` */
export interface MemoryReport {
  readonly machine: Machine;
  readonly targets: Readonly<Record<string, MemoryResult>>;
}

export interface PointResult {
  readonly x: number;
  readonly shape: string;
  readonly cpuMicros: Figure;
  readonly natsMicros: number | undefined;
  /** What the processes also do while nobody sends, shared out among the messages; contained in `cpuMicros`. */
  readonly idleMicros?: Figure | undefined;
  /** The same clients at what is named by {@link CurveResult.reference}. */
  readonly referenceMicros: Figure | undefined;
  readonly p50Micros: Figure;
  readonly connectsPerSecond: number;
}

export interface CurveResult {
  readonly id: string;
  readonly title: string;
  readonly axis: string;
  readonly points: readonly PointResult[];
  /** What {@link PointResult.referenceMicros} is the cost of. */
  readonly reference: string | undefined;
  /** Dearest point to cheapest, without what is done also while nobody sends. */
  readonly growth: number;
  /** The dearest point compared with its reference: growth without what more clients cost by themselves. */
  readonly growthBeside: number | undefined;
  readonly target: number | undefined;
}

export interface StormResult {
  readonly target: string;
  readonly connections: number;
  readonly connectsPerSecond: number;
  /** CPU of the servers per connection: the old one ends, the new one opens. */
  readonly connectMicros: number;
  /** CPU of the servers per first message; in Eurus it pins the socket. */
  readonly firstMessageMicros: number;
  /** From the cut until the last client had its answer. */
  readonly recoverySeconds: number;
}

/** `growth.json` */
export interface GrowthReport {
  readonly machine: Machine;
  readonly curves: readonly CurveResult[];
  readonly storms: readonly StormResult[];
}

export interface SoakSample {
  readonly atSeconds: number;
  readonly cpuMicros: number;
  readonly p99Micros: number;
  /** Role → resident memory. */
  readonly residentMib: Readonly<Record<string, number>>;
}

/** `soak.json` */
export interface SoakReport {
  readonly machine: Machine;
  readonly target: string;
  readonly shape: LoadShape;
  readonly samples: readonly SoakSample[];
  /** Second half to first, without the warm-up; latency is shown, the others are judged. */
  readonly cpuGrowth: number;
  readonly p99Growth: number;
  readonly memoryGrowth: number;
  readonly ok: boolean;
}

export interface LatencyResult {
  readonly p50Micros: Figure;
  readonly p99Micros: Figure;
}

export interface IsolationResult {
  readonly quiet: LatencyResult;
  readonly loaded: LatencyResult;
  /** p99 loaded to p99 quiet, round by round. */
  readonly ratio: Figure;
  /** What the large messages added up to while it was loaded. */
  readonly largeMibPerSecond: Figure;
  readonly messagesInOrder: number;
  readonly ok: boolean;
}

/** `isolation.json` */
export interface IsolationReport {
  readonly machine: Machine;
  readonly rounds: number;
  readonly shape: string;
  readonly targets: Readonly<Record<string, IsolationResult>>;
}

/** `failover.json`; all times in milliseconds. */
export interface FailoverReport {
  readonly machine: Machine;
  readonly trials: number;
  readonly shape: string;
  readonly checks: readonly CheckResult[];
  /** The system takes this long to end a killed process; nobody can notice its end any sooner. */
  readonly processEndMs: Figure;
  /** From the end of the process until the gateway no longer chose it, under traffic. */
  readonly noticedAfterEndMs: Figure;
  /** Messages that had no outcome when their instance was killed, over all trials. */
  readonly openMessages: number;
  readonly newClients: number;
  /** First messages of new clients that were answered with an error before one was served: code → how many. */
  readonly newClientErrors: Readonly<Record<string, number>>;
}

/** One kind of server under one load with so many worker processes. */
export interface WorkersResult {
  readonly kind: string;
  readonly shape: string;
  readonly workers: number;
  /** Connections of each worker. */
  readonly connections: readonly number[];
  readonly repliesPerSecond: Figure;
  /** Replies per second to those of one worker, round by round. */
  readonly speedUp: Figure;
  /** CPU per message of all workers and the process that leads them. */
  readonly workerMicros: Figure;
  readonly serviceMicros: Figure | undefined;
  readonly natsMicros: Figure | undefined;
  /** CPU per message of everything but the bus, to that with one worker. */
  readonly cpuRatio: Figure;
  /** Cores that servers, bus and generator used together. */
  readonly busyCores: Figure;
  readonly generatorCores: Figure;
  readonly p50Micros: Figure;
  readonly p99Micros: Figure;
}

/** One load over so many gateways and as many instances, each a process; CPU per message of all of a kind. */
export interface SpreadResult {
  readonly processes: number;
  readonly gatewayMicros: Figure;
  readonly serviceMicros: Figure;
  readonly natsMicros: Figure;
  readonly p50Micros: Figure;
}

/** `workers.json` */
export interface WorkersReport {
  readonly machine: Machine;
  readonly results: readonly WorkersResult[];
  readonly spread: readonly SpreadResult[];
  readonly spreadShape: string;
}

/** What discovery costs one process per second. */
interface DiscoveryCost {
  readonly sentMessages: number;
  readonly sentBytes: number;
  readonly heardMessages: number;
  readonly heardBytes: number;
  readonly microsPerHeard: number;
  readonly core: number;
}

/** Largest distance of an instance from the even share of its service, in parts of it. */
interface BalanceResult {
  readonly median: number;
  readonly worst: number;
}

interface StartResult {
  readonly heardMessages: number;
  readonly heardBytes: number;
  readonly cpuMs: number;
}

/** `fleet.json` */
export interface FleetReport {
  readonly machine: Machine;
  readonly size: {
    readonly gateways: number;
    readonly services: number;
    readonly instancesPerService: number;
    readonly routesPerService: number;
    readonly clients: number;
  };
  readonly found: {
    readonly start: {
      readonly convergedMs: number;
      readonly gateway: StartResult;
      readonly instance: StartResult;
      readonly busBytes: number;
    };
    readonly arrived: {
      readonly clients: number;
      readonly balance: BalanceResult;
      readonly microsPerChoice: number;
    };
    readonly steady: {
      readonly gateway: DiscoveryCost;
      readonly instance: DiscoveryCost;
      readonly busMessages: number;
      readonly busBytes: number;
    };
    readonly added: { readonly knownMs: number; readonly filledMs: number; readonly most: number };
    readonly drained: { readonly heardMs: number; readonly opensAfterwards: number };
    readonly killed: {
      readonly clients: number;
      readonly goneMs: number;
      readonly backMs: number;
      readonly balance: BalanceResult;
    };
    readonly gatewayLost: {
      readonly clients: number;
      readonly backMs: number;
      readonly balanceBefore: BalanceResult;
      readonly ghostsGoneMs: number;
      readonly balance: BalanceResult;
    };
    readonly unserved: number;
  };
}
