import { ReplyError } from "velaros";
import type { Context } from "velaros";
import { wireErrors } from "velaros-protocol";

/**
 * For messages that come while a gateway can't know who is in charge of them: passes them on to the handlers behind
 * it, and tells whoever sent what none of them handles to try again, instead of that there is no such path.
 */
export async function passOnOrPutOff(
  context: Context,
  code: "SERVICE_UNAVAILABLE" | "SHUTTING_DOWN",
  { retryAfterMs }: { readonly retryAfterMs: number },
): Promise<void> {
  await context.next();
  const isOpen = !context.handled && context.error === undefined;
  if (!isOpen || context.forwardable().forwarded.id === undefined) return;
  throw new ReplyError(code, wireErrors[code], { retryAfterMs });
}
