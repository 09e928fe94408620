import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type FieldProblem, VelarosError } from "./errors.ts";
import { isPromiseLike } from "./promises.ts";

/** Schemas of a route, by any library that follows Standard Schema: zod, valibot, arktype, … */
export interface RouteSchemas<
  Input extends StandardSchemaV1 = StandardSchemaV1,
  Output extends StandardSchemaV1 = StandardSchemaV1,
> {
  /** What the client must send. A violation is answered with `VALIDATION_FAILED` and the fields in question. */
  readonly input?: Input | undefined;
  /** What the handler must answer. A violation is answered with `INTERNAL` and reported to `onError`. */
  readonly output?: Output | undefined;
}

/** Whether an argument of a binding method is the schemas of the route rather than a handler. */
export function isRouteSchemas(value: unknown): value is RouteSchemas {
  if (typeof value !== "object" || value === null || "handle" in value) return false;
  const { input, output } = value as Partial<Record<keyof RouteSchemas, unknown>>;
  if (input === undefined && output === undefined) return false;
  return (input === undefined || isSchema(input)) && (output === undefined || isSchema(output));
}

function isSchema(value: unknown): value is StandardSchemaV1 {
  // Some libraries' schemas are functions.
  return (typeof value === "object" || typeof value === "function") && value !== null && "~standard" in value;
}

/** Runs a schema; its answer is a promise only if the schema takes time. */
export function validate(
  schema: StandardSchemaV1,
  value: unknown,
): StandardSchemaV1.Result<unknown> | Promise<StandardSchemaV1.Result<unknown>> {
  return schema["~standard"].validate(value);
}

/**
 * What a schema made of a value.
 *
 * @throws {@link VelarosError} `VELAROS_INPUT_INVALID` or `VELAROS_OUTPUT_INVALID`.
 */
export function assertValid(
  side: "input" | "output",
  path: string,
  result: StandardSchemaV1.Result<unknown>,
): unknown {
  if (result.issues === undefined) return result.value;
  const fields = result.issues.map(fieldProblem);
  throw side === "input"
    ? new VelarosError("VELAROS_INPUT_INVALID", { path, fields })
    : new VelarosError("VELAROS_OUTPUT_INVALID", { path, fields });
}

function fieldProblem(issue: StandardSchemaV1.Issue): FieldProblem {
  const name = (issue.path ?? [])
    .map((segment) => String(typeof segment === "object" ? segment.key : segment))
    .join(".");
  const problem = Object.create(null) as Record<string, string>;
  problem[name] = issue.message;
  return problem;
}

/** Checks a value with a schema that must not take time. */
export function validateAtOnce(schema: StandardSchemaV1, path: string, value: unknown): unknown {
  const result = validate(schema, value);
  if (isPromiseLike(result)) {
    throw new TypeError(
      `The input schema of "${path}" takes time: await context.receive() instead of unmarshal().`,
    );
  }
  return assertValid("input", path, result);
}
