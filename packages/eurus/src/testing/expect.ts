/** Throws unless `condition` holds; `promise` is the sentence that was to be true. */
export function expectThat(condition: boolean, promise: string): void {
  if (!condition) throw new Error(`Broken promise: ${promise}`);
}

/** Throws unless both lists hold the same texts or numbers in the same order. */
export function expectSame(
  actual: readonly (string | number)[],
  expected: readonly (string | number)[],
  promise: string,
): void {
  if (actual.length === expected.length && actual.every((value, index) => value === expected[index])) return;
  const show = (values: readonly (string | number)[]): string => JSON.stringify(values.slice(0, 20));
  throw new Error(`Broken promise: ${promise}. Expected ${show(expected)}, but it is ${show(actual)}.`);
}
