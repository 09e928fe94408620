/** Checks of options that return what they let through, and throw the error of their package otherwise. */
export interface OptionChecks {
  /** A number that is not below `minimum`. */
  atLeast(this: void, minimum: number, option: string, value: number): number;
  /** An array of strings. */
  texts(this: void, option: string, value: readonly string[]): readonly string[];
}

/** @param refusal - Makes the error for an option that has this value and must be what `expected` says. */
export function optionChecks(
  refusal: (option: string, value: unknown, expected: string) => Error,
): OptionChecks {
  return {
    atLeast(minimum, option, value) {
      if (typeof value === "number" && value >= minimum) return value;
      throw refusal(option, value, `a number of at least ${minimum}`);
    },
    texts(option, value) {
      if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
      throw refusal(option, value, "an array of strings");
    },
  };
}
