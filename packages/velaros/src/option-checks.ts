import { type OptionChecks, optionChecks } from "velaros-protocol/internal";
import { VelarosError } from "./errors.ts";

const checks = optionChecks(
  (option, received, expected) => new VelarosError("VELAROS_OPTION_INVALID", { option, received, expected }),
);

/** @throws {@link VelarosError} `VELAROS_OPTION_INVALID` unless `value` is a number and at least `minimum`. */
export const atLeast: OptionChecks["atLeast"] = checks.atLeast;

/** @throws {@link VelarosError} `VELAROS_OPTION_INVALID` unless `value` is a list of texts. */
export const texts: OptionChecks["texts"] = checks.texts;
