import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Context, RouteParams } from "../context.ts";

/** What a handler returns is what its route answers; nothing says nothing about it. */
export type Answer<Result> = [Exclude<Awaited<Result>, void | undefined>] extends [never]
  ? unknown
  : Exclude<Awaited<Result>, void | undefined>;

/** Type of what a schema lets through; `unknown` without one. */
export type Validated<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : unknown;

/** Type of what a schema takes; `unknown` without one. */
export type Accepted<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<Schema>
  : unknown;

/** A handler whose result tells what the route answers. */
export type RouteHandler<Path extends string, State extends object, Result> =
  | ((context: Context<RouteParams<Path>, State>) => Result)
  | { handle(context: Context): Result };

/** A router, as a parent sees it that mounts it at `Mount`. */
export interface NestedRouter<Routes extends object, Mount extends string = string> {
  readonly "~routes": Routes;
  readonly "~mount": Mount | "";
  handle(context: Context): unknown;
}

/** What `use` mounts at: without the final slash or `/**`. */
export type MountPrefix<Path extends string> = Path extends `${infer Prefix}/**`
  ? Prefix
  : Path extends `${infer Prefix}/`
    ? Prefix
    : Path;
