import type { Runtime } from "velaros-protocol";
import type { Transport } from "./transport/transport.ts";

const timeoutMs = 2_000;
const checkIntervalMs = 5;

/** Says goodbye, behind everything that was said on these links; resolves when that and the goodbye are delivered. */
export async function leaveBus(
  transport: Transport,
  runtime: Runtime,
  links: readonly { readonly allTaken: boolean }[],
  sayGoodbye: () => void,
): Promise<void> {
  await untilDelivered(transport, runtime, links);
  sayGoodbye();
  await untilDelivered(transport, runtime, []);
}

/**
 * Resolves when peers have taken what the links were given and the bus has what was published, or after two seconds:
 * whoever leaves waits that long for its last words to arrive, and no longer.
 */
export function untilDelivered(
  transport: Transport,
  runtime: Runtime,
  links: readonly { readonly allTaken: boolean }[],
): Promise<void> {
  const endMs = runtime.nowMs() + timeoutMs;
  return new Promise((resolve) => {
    const timer = runtime.setTimer(timeoutMs, resolve);
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    const check = (): void => {
      const isOver = transport.status === "closed" || links.every(({ allTaken }) => allTaken);
      if (isOver || runtime.nowMs() >= endMs) transport.flush().then(done, done);
      else runtime.setTimer(checkIntervalMs, check);
    };
    // Links write at the end of the turn; what they write has to be in front of the flush.
    runtime.defer(check);
  });
}
