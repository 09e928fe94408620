import { harmless, ignore } from "velaros-protocol/internal";

export { harmless, ignore };

/** A record without prototype, so that `__proto__` and `constructor` are keys like any other. */
export function emptyRecord(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

/** What is missing, once and for all. */
export const nothing: Readonly<Record<string, never>> = Object.freeze(
  Object.create(null) as object,
) as Readonly<Record<string, never>>;

/** What everything that finished at once returns, so that callers can tell by identity that nothing is pending. */
export const settled: Promise<void> = Promise.resolve();

/** A rejection that does not bring down the process when nobody looks at it. */
export function rejected(error: unknown): Promise<never> {
  return harmless(Promise.reject(error));
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** What was thrown, as an error; anything else becomes the message of one. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  try {
    return new Error(String(thrown));
  } catch {
    return new Error("Something was thrown that has no text.", { cause: thrown });
  }
}
