import type { LoadShape } from "../load/shape.ts";
import type { ServerLimits } from "./targets.ts";

/** Velaros' defaults per connection; the rest of its limits stays as it is. */
const defaults: ServerLimits = { messagesPerSecond: 1_000 };
const raised: ServerLimits = { messagesPerSecond: 1_000_000 };

/** Limits stay on. Only the inbound rate is raised where the load itself goes beyond it. */
export function limitsFor(shape: LoadShape): ServerLimits & { readonly note: string } {
  const paced =
    shape.perSecond !== undefined && shape.perSecond / shape.connections < defaults.messagesPerSecond;
  return paced
    ? { ...defaults, note: "All limits at their defaults." }
    : { ...raised, note: "Limits on; the inbound rate per socket is raised to 1,000,000/s." };
}
