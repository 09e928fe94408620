import { EurusError } from "./errors.ts";
import { isSubjectToken } from "./link/subjects.ts";

/** @throws {@link EurusError} `EURUS_OPTION_INVALID` unless `value` is a number and at least `minimum`. */
export function atLeast(minimum: number, option: string, value: number): number {
  if (typeof value === "number" && value >= minimum) return value;
  throw new EurusError("EURUS_OPTION_INVALID", {
    option,
    received: value,
    expected: `a number of at least ${minimum}`,
  });
}

/** @throws {@link EurusError} `EURUS_OPTION_INVALID` unless `value` is a list of texts. */
export function texts(option: string, value: readonly string[]): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new EurusError("EURUS_OPTION_INVALID", {
    option,
    received: value,
    expected: "an array of strings",
  });
}

/** @throws {@link EurusError} `EURUS_NAME_INVALID` unless `name` can be part of a subject as it is. */
export function checkName(kind: "gateway" | "service", name: string): string {
  if (typeof name === "string" && isSubjectToken(name)) return name;
  throw new EurusError("EURUS_NAME_INVALID", {
    kind,
    name: typeof name === "string" ? name : `(${typeof name})`,
  });
}
