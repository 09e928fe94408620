import { Counter } from "prom-client";
import type { Registry } from "prom-client";

/** Makes a metric that only ever goes up. */
export type MakeCounter = <Label extends string>(
  name: string,
  help: string,
  labels: readonly Label[],
) => Counter<Label>;

/** Makes counters of this registry. */
export function countersOf(registry: Registry): MakeCounter {
  return (name, help, labels) => new Counter({ name, help, labelNames: [...labels], registers: [registry] });
}
