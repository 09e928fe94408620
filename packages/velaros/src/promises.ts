import { harmless, ignore } from "velaros-protocol/internal";

export { harmless, ignore };

/** What everything that finished at once returns, so that callers can tell by identity that nothing is pending. */
export const settled: Promise<void> = Promise.resolve();

/** A rejection that does not bring down the process when nobody looks at it. */
export function rejected(error: unknown): Promise<never> {
  return harmless(Promise.reject(error));
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
