/** A record without prototype, so that `__proto__` and `constructor` are keys like any other. */
export function emptyRecord(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

/** What is missing, once and for all. */
export const nothing: Readonly<Record<string, never>> = Object.freeze(
  Object.create(null) as object,
) as Readonly<Record<string, never>>;
