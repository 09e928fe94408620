import type { WireError } from "./envelope.ts";

/** Reads a decoded `error` part; undefined when it has not the form of one. */
export function wireErrorFrom(value: unknown): WireError | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { code, message, retryAfterMs, details } = value as Partial<Record<keyof WireError, unknown>>;
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  const error: { -readonly [Key in keyof WireError]: WireError[Key] } = { code, message };
  if (typeof retryAfterMs === "number" && retryAfterMs >= 0) error.retryAfterMs = retryAfterMs;
  if (typeof details === "object" && details !== null && !Array.isArray(details)) {
    error.details = details as Readonly<Record<string, unknown>>;
  }
  return error;
}

/** Reads a decoded `status` part; undefined when it is not a whole number. */
export function statusFrom(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}
