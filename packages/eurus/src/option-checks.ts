import { type OptionChecks, optionChecks } from "velaros-protocol/internal";
import { EurusError } from "./errors.ts";
import { isSubjectToken } from "./transport/subject-token.ts";
import type { Transport } from "./transport/transport.ts";

const checks = optionChecks(
  (option, received, expected) => new EurusError("EURUS_OPTION_INVALID", { option, received, expected }),
);

/** @throws {@link EurusError} `EURUS_OPTION_INVALID` unless `value` is a number and at least `minimum`. */
export const atLeast: OptionChecks["atLeast"] = checks.atLeast;

/** @throws {@link EurusError} `EURUS_OPTION_INVALID` unless `value` is a list of texts. */
export const texts: OptionChecks["texts"] = checks.texts;

/** @throws {@link EurusError} `EURUS_OPTION_INVALID` unless `value` is an object that is no list. */
export function record<Value extends object>(option: string, value: Value, expected = "an object"): Value {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new EurusError("EURUS_OPTION_INVALID", { option, received: value, expected });
}

/** @throws {@link EurusError} `EURUS_NAME_INVALID` unless `name` can be part of a subject as it is. */
export function checkName(kind: "gateway" | "service", name: string): string {
  if (typeof name === "string" && isSubjectToken(name)) return name;
  throw new EurusError("EURUS_NAME_INVALID", {
    kind,
    name: typeof name === "string" ? name : `(${typeof name})`,
  });
}

/** @throws {@link EurusError} `EURUS_TRANSPORT_MISSING` unless `transport` can publish. */
export function checkTransport(kind: "gateway" | "service", name: string, transport: Transport): Transport {
  if (typeof transport?.publish === "function") return transport;
  throw new EurusError("EURUS_TRANSPORT_MISSING", { kind, name });
}
