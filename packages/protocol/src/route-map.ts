import type { JoinPatterns } from "./path-params.ts";

/** What a public route takes and gives. */
export interface RouteTypes {
  /** The data of a message to this route. */
  readonly input: unknown;
  /** The data of its answers. */
  readonly output: unknown;
}

/**
 * The public routes of a router: pattern → types. A type only; nothing of it exists at run time. Routers
 * accumulate it, clients are typed by it.
 */
export interface RouteMap {
  readonly [pattern: string]: RouteTypes;
}

/** A router without public routes. */
export type NoRoutes = Record<never, RouteTypes>;

/** `Routes` and one more. A pattern that is not known at compile time adds nothing. */
export type AddRoute<Routes extends object, Pattern extends string, Input, Output> = string extends Pattern
  ? Routes
  : Routes & { readonly [Key in Pattern]: { readonly input: Input; readonly output: Output } };

/** The routes of a router that is mounted under a prefix. */
export type MountRoutes<Prefix extends string, Routes extends object> = string extends Prefix
  ? NoRoutes
  : { readonly [Pattern in keyof Routes & string as JoinPatterns<Prefix, Pattern>]: Routes[Pattern] };

/** The data that a route takes; `unknown` for a pattern that the map doesn't know. */
export type RouteInput<Routes extends object, Pattern extends string> = Pattern extends keyof Routes
  ? Routes[Pattern] extends { readonly input: infer Input }
    ? Input
    : unknown
  : unknown;

/** The data that a route answers with; `unknown` for a pattern that the map doesn't know. */
export type RouteOutput<Routes extends object, Pattern extends string> = Pattern extends keyof Routes
  ? Routes[Pattern] extends { readonly output: infer Output }
    ? Output
    : unknown
  : unknown;
