import type { TargetName } from "./harness/targets.ts";
import type { LoadShape, Window } from "./load/shape.ts";

/** What one round showed of each target of a case. */
export type Round = (name: TargetName | "nats-request") => Window;

/** A promise about a case, computed for every round; the median is compared. */
export interface Check {
  readonly text: string;
  readonly unit: "×" | "µs";
  /** At most this, or with `atLeast` at least this. */
  readonly target: number;
  readonly atLeast?: boolean;
  /** Targets that have to run for it. */
  readonly needs: readonly (TargetName | "nats-request")[];
  value(round: Round): number;
}

/** One load shape, the targets that carry it in turn, and what is promised about them. */
export interface Case {
  readonly id: string;
  readonly shape: LoadShape;
  readonly targets: readonly TargetName[];
  /** Measure request and reply over the bus in the same rounds. */
  readonly withNatsRequest?: boolean;
  readonly checks: readonly Check[];
}

/** CPU time per message of the programs that answer clients; the bus is stated apart. */
export function cpuOf(window: Window): number {
  let sum = 0;
  for (const [role, micros] of Object.entries(window.cpuMicrosPerReply))
    if (role !== "nats-server") sum += micros;
  return sum;
}

function cpuRatio(subject: TargetName, baseline: TargetName, target: number): Check {
  return {
    text: `CPU of ${subject} to ${baseline}`,
    unit: "×",
    target,
    needs: [subject, baseline],
    value: (round) => cpuOf(round(subject)) / cpuOf(round(baseline)),
  };
}

export const cases: readonly Case[] = [
  {
    id: "64B-100x1",
    shape: { dataBytes: 64, connections: 100, inFlight: 1 },
    targets: ["ws", "ws-coalesced", "socket.io", "acknowledged"],
    checks: [],
  },
  {
    id: "64B-100x16",
    shape: { dataBytes: 64, connections: 100, inFlight: 16 },
    targets: ["ws", "ws-coalesced"],
    checks: [cpuRatio("ws-coalesced", "ws", 1)],
  },
  {
    id: "1KiB-100x4",
    shape: { dataBytes: 1024, connections: 100, inFlight: 4 },
    targets: ["ws", "ws-coalesced"],
    checks: [],
  },
  {
    id: "64KiB-20x1",
    shape: { dataBytes: 65_536, connections: 20, inFlight: 1 },
    targets: ["ws"],
    checks: [],
  },
  {
    id: "64B-paced-10k",
    shape: { dataBytes: 64, connections: 100, perSecond: 10_000 },
    targets: ["ws"],
    checks: [],
  },
  {
    id: "64B-1x1",
    shape: { dataBytes: 64, connections: 1, inFlight: 1 },
    targets: ["ws"],
    withNatsRequest: true,
    checks: [],
  },
];
