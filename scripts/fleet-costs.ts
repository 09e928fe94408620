import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadReport, MemoryReport } from "../bench/harness/reports.ts";
import type { MessageCost, UnitCosts } from "./fleet-model.ts";

/** Measured on two cores of an AMD EPYC of 2021; what the results of a complete run replace. */
export const measuredCosts: UnitCosts = {
  gateway: { alone: 116, onePerClient: 15.8, manyPerClient: 4.24 },
  instance: { alone: 102, onePerClient: 6.25, manyPerClient: 3.05 },
  nats: { alone: 81.7, onePerClient: 3.86, manyPerClient: 0.85 },
  packetMicros: 8,
  natsPacketMicros: 5,
  gatewayKibPerConnection: 5.76,
  gatewayKibPerPin: 2.88,
  instanceKibPerPin: 3.36,
  // With 25 and 31 entries, which is what 100 gateways and 500 instances list on average: bench:micro announcements.
  gatewayMicrosPerAnnouncement: 9,
  instanceMicrosPerAnnouncement: 17,
  connectsPerSecond: 3_200,
};

/** The costs that complete runs of the benchmarks left in `folder`; what is not there stays as it was once measured. */
export function readUnitCosts(folder: string): { readonly costs: UnitCosts; readonly source: string } {
  const read = <Report>(name: string): Report | undefined => {
    const file = join(folder, `${name}.json`);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : undefined;
  };
  const load = read<LoadReport>("load");
  const memory = read<MemoryReport>("memory");
  const found = [load && "load", memory && "memory"].filter((name) => name !== undefined);
  return {
    costs: {
      ...measuredCosts,
      ...(load === undefined ? {} : messageCosts(load)),
      ...(memory === undefined ? {} : memoryCosts(memory)),
    },
    source:
      found.length === 0
        ? "as measured once"
        : `bench/results/${found.join(".json, ")}.json${found.length < 2 ? ", the rest as measured once" : ""}`,
  };
}

function messageCosts({ cases }: LoadReport): Pick<UnitCosts, "gateway" | "instance" | "nats"> {
  const median = (id: string, role: string): number =>
    cases.find((one) => one.id === id)?.targets["eurus-nats"]?.cpuMicros[role]?.median ?? Number.NaN;
  const of = (role: string): MessageCost => ({
    alone: median("64B-1x1", role),
    onePerClient: median("64B-100x1", role),
    manyPerClient: median("64B-100x16", role),
  });
  return { gateway: of("gateway"), instance: of("service"), nats: of("nats-server") };
}

function memoryCosts({ targets }: MemoryReport): Partial<UnitCosts> {
  const measured = targets["eurus-nats"];
  if (measured === undefined) return {};
  const { idleKib, afterOneMessageKib, connectsPerSecond } = measured;
  const idle = idleKib["gateway"] ?? Number.NaN;
  return {
    gatewayKibPerConnection: idle,
    gatewayKibPerPin: (afterOneMessageKib["gateway"] ?? Number.NaN) - idle,
    instanceKibPerPin: afterOneMessageKib["service"] ?? Number.NaN,
    connectsPerSecond,
  };
}
