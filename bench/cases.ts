import type { TargetName } from "./harness/targets.ts";
import type { LoadShape, Window } from "./load/shape.ts";

/** Targets, and the one measurement that is no server: request and reply over the bus. */
export type SubjectName = TargetName | "nats-request";
/** What one round showed of each subject of a case. */
export type Round = (name: SubjectName) => Window;

/** A promise about a case, computed for every round; the median is compared. */
export interface Check {
  readonly text: string;
  readonly unit: "×" | "µs";
  /** At most this, or with `atLeast` at least this. */
  readonly target: number;
  readonly atLeast?: boolean;
  /** What has to run for it. */
  readonly needs: readonly SubjectName[];
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

export const cases: readonly Case[] = [
  {
    id: "64B-100x1",
    shape: { dataBytes: 64, connections: 100, inFlight: 1 },
    targets: ["ws", "ws-coalesced", "socket.io", "acknowledged", "velaros", "eurus-local", "eurus-nats"],
    checks: [
      cpuRatio("velaros", "ws", 0.85),
      cpuRatio("eurus-local", "ws-coalesced", 1.3),
      cpuRatio("eurus-nats", "ws", 1),
      cpuRatio("eurus-nats", "ws-coalesced", 1.6),
      cpuRatio("eurus-nats", "socket.io", 0.8),
      {
        text: "CPU of acknowledged to eurus-nats",
        unit: "×",
        target: 12,
        atLeast: true,
        needs: ["acknowledged", "eurus-nats"],
        value: (round) => cpuOf(round("acknowledged")) / cpuOf(round("eurus-nats")),
      },
      {
        text: "nats-server's CPU under eurus-nats",
        unit: "µs",
        target: 4,
        needs: ["eurus-nats"],
        value: (round) => round("eurus-nats").cpuMicrosPerReply["nats-server"] ?? Number.NaN,
      },
    ],
  },
  {
    id: "64B-100x16",
    shape: { dataBytes: 64, connections: 100, inFlight: 16 },
    targets: ["ws", "ws-coalesced", "velaros", "eurus-local", "eurus-nats"],
    checks: [
      cpuRatio("velaros", "ws", 0.4),
      cpuRatio("eurus-local", "ws-coalesced", 2),
      cpuRatio("eurus-nats", "ws", 0.4),
      cpuRatio("eurus-nats", "ws-coalesced", 2.2),
    ],
  },
  {
    id: "1KiB-100x4",
    shape: { dataBytes: 1024, connections: 100, inFlight: 4 },
    targets: ["ws", "ws-coalesced", "velaros", "eurus-nats"],
    checks: [cpuRatio("eurus-nats", "ws", 0.9)],
  },
  {
    id: "64KiB-20x1",
    shape: { dataBytes: 65_536, connections: 20, inFlight: 1 },
    targets: ["ws", "velaros", "eurus-nats"],
    checks: [cpuRatio("velaros", "ws", 1.1), cpuRatio("eurus-nats", "ws", 2)],
  },
  {
    id: "64B-paced-10k",
    shape: { dataBytes: 64, connections: 100, perSecond: 10_000 },
    targets: ["ws", "velaros", "eurus-nats"],
    checks: [cpuRatio("eurus-nats", "ws", 3)],
  },
  {
    id: "64B-1x1",
    shape: { dataBytes: 64, connections: 1, inFlight: 1 },
    targets: ["ws", "velaros", "eurus-nats"],
    withNatsRequest: true,
    checks: [
      {
        text: "p50 that eurus-nats adds to ws, to a NATS round trip",
        unit: "×",
        target: 1.2,
        needs: ["eurus-nats", "ws", "nats-request"],
        value: (round) =>
          (round("eurus-nats").p50Micros - round("ws").p50Micros) / round("nats-request").p50Micros,
      },
    ],
  },
];

/** CPU time per message of the programs that answer clients; the bus is stated apart. */
export function cpuOf(window: Window): number {
  let sum = 0;
  for (const [role, micros] of Object.entries(window.cpuMicrosPerReply)) {
    if (role !== "nats-server") sum += micros;
  }
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
