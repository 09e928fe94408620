import { Histogram } from "prom-client";
import type { Registry } from "prom-client";

/** Upper bounds in seconds: from a reply within the process to a handler that waits for a database. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What was measured under one set of labels. */
class Durations {
  /** How many ended in each bucket; the last one has no bound. */
  readonly counts: number[] = Array.from({ length: buckets.length + 1 }, () => 0);
  seconds = 0;

  add(seconds: number): void {
    let index = 0;
    while (seconds > (buckets[index] ?? Infinity)) index++;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.seconds += seconds;
  }
}

type Labels = "gateway" | "service" | "le";
type Exported = ReturnType<Histogram<Labels>["get"]>;

/**
 * How long messages took, by gateway and service. This happens for each message, so it is counted in plain numbers;
 * they become what `prom-client` knows when somebody asks.
 */
export class MessageDurations extends Histogram<Labels> {
  readonly #name: string;
  /** Knows name, help and type, and never anything else. */
  readonly #empty: Histogram<Labels>;
  readonly #durations = new Map<string, Map<string, Durations>>();

  constructor(registry: Registry) {
    const name = "eurus_message_duration_seconds";
    const help = "Time from a client's message with an id to its outcome at the gateway";
    super({ name, help, buckets, registers: [registry] });
    this.#name = name;
    this.#empty = new Histogram({ name, help, buckets, registers: [] });
  }

  /** Where the durations of one gateway go. */
  of(gateway: string): (service: string, durationMs: number) => void {
    const services = this.#durations.get(gateway) ?? new Map<string, Durations>();
    this.#durations.set(gateway, services);
    return (service, durationMs) => {
      let durations = services.get(service);
      if (durations === undefined) services.set(service, (durations = new Durations()));
      durations.add(durationMs / 1_000);
    };
  }

  /** What `prom-client` asks for, whichever form it is to write. */
  async getForPromString(): Exported {
    return { ...(await this.#empty.get()), values: this.#values() };
  }

  #values(): Awaited<Exported>["values"] {
    const values: Awaited<Exported>["values"] = [];
    for (const [gateway, services] of this.#durations) {
      for (const [service, { counts, seconds }] of services) {
        const labels = { gateway, service };
        let total = 0;
        for (const [index, count] of counts.entries()) {
          total += count;
          const le = buckets[index] ?? "+Inf";
          values.push({ labels: { le, ...labels }, value: total, metricName: `${this.#name}_bucket` });
        }
        values.push({ labels, value: seconds, metricName: `${this.#name}_sum` });
        values.push({ labels, value: total, metricName: `${this.#name}_count` });
      }
    }
    return values;
  }
}
