import { VelarosError } from "./errors.ts";

/** @throws {@link VelarosError} `VELAROS_OPTION_INVALID` unless `value` is a list of texts. */
export function texts(option: string, value: readonly string[]): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new VelarosError("VELAROS_OPTION_INVALID", {
    option,
    received: value,
    expected: "an array of strings",
  });
}
