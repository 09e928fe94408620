/** What a call led to: exactly one of the two is there. */
export interface Outcome<Value> {
  readonly value?: Value;
  readonly error?: Error;
}

export function outcomeOf<Value>(call: () => Value): Outcome<Value> {
  try {
    return { value: call() };
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }
}

/** @throws Error when `holds` is false. */
export function expectThat(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`Contract broken: ${promise}`);
}

/** @throws Error when the two are not equal: same keys, same values; prototypes don't matter. */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (!isEqual(actual, expected))
    throw new Error(`Contract broken: expected ${show(expected)}, but got ${show(actual)}`);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b) || a instanceof Uint8Array !== b instanceof Uint8Array)
    return false;
  const left = definedEntries(a);
  const right = new Map(definedEntries(b));
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && isEqual(value, right.get(key)))
  );
}

function definedEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_key, item: unknown) => (item === undefined ? "undefined" : item)) ?? "undefined"
  );
}
