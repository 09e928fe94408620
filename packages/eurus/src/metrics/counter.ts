import { Counter } from "prom-client";
import type { Registry } from "prom-client";

/** A metric that only ever goes up, in this registry. */
export function counter<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: Label[],
): Counter<Label> {
  return new Counter({ name, help, labelNames, registers: [registry] });
}
