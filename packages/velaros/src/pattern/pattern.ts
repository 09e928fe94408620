import { VelarosError } from "../errors.ts";
import { buildPath, type PathValues } from "./build.ts";
import type { Chunk } from "./chunk.ts";
import { compareChunks } from "./compare.ts";
import { compileMatcher } from "./match.ts";
import type { Matcher } from "./matcher.ts";
import { createParams, type Params } from "./params.ts";
import { parsePattern } from "./parse.ts";

/** How a pattern is written in JSON, for example inside a route descriptor. */
export interface PatternJson {
  readonly Pattern: string;
}

/**
 * A route pattern, compiled. Chunks between slashes are text, `:name`, `*` or a subpattern in parentheses (RE2's
 * dialect, anchored to its chunk), each optionally followed by `?`, `+` or `*`; `**` takes everything that follows.
 * A backslash makes the next character literal.
 *
 * Matching is case sensitive, decodes nothing, ignores one trailing slash, and takes time linear in the length of
 * the path, whatever the pattern.
 *
 * @example
 * ```ts
 * const pattern = new Pattern("/users/:id([0-9]+)/posts/:rest*");
 * pattern.match("/users/7/posts/2024/may")?.id; // "7"
 * pattern.path({ id: 7 }); // "/users/7/posts"
 * ```
 */
export class Pattern {
  /** The chunks in order; a root pattern has none. */
  readonly chunks: readonly Chunk[];
  /** Names of the parameters in pattern order; a name that is used twice occurs twice. */
  readonly names: readonly string[];
  readonly #text: string;
  readonly #match: Matcher;

  /**
   * Compiles a pattern.
   *
   * @throws {@link VelarosError} `VELAROS_PATTERN_INVALID`, with the place and the problem.
   */
  constructor(text: string) {
    this.#text = text;
    this.chunks = parsePattern(text);
    this.names = this.chunks.flatMap((chunk) => (chunk.kind === "dynamic" ? [chunk.name] : []));
    this.#match = compileMatcher(this.chunks);
  }

  /** Compiles a pattern from its JSON form, {@link PatternJson}. Takes anything and checks it. */
  static fromJSON(value: unknown): Pattern {
    const text = typeof value === "object" && value !== null ? Reflect.get(value, "Pattern") : undefined;
    if (typeof text === "string") return new Pattern(text);
    const problem = 'its JSON form must be { "Pattern": "/text" }.';
    throw new VelarosError("VELAROS_PATTERN_INVALID", { pattern: String(text ?? ""), index: 0, problem });
  }

  /** The parameters that `path` fills in, or `null` when the pattern does not match the whole path. */
  match(path: string): Params | null {
    const values = this.#match(path);
    return values === undefined ? null : createParams(this.names, values);
  }

  /** Whether the pattern matches the whole path. */
  matches(path: string): boolean {
    return this.#match(path) !== undefined;
  }

  /**
   * Builds a path. Values are inserted as they are: nothing is encoded, checked against a subpattern or kept from
   * holding slashes. Optional chunks without a value are left out; `""` counts as no value.
   *
   * @param params - Values of the parameters, names in exactly this spelling. Others are ignored.
   * @param wildcards - Values of the chunks without a name, in order.
   * @throws {@link VelarosError} `VELAROS_PATH_VALUE_MISSING` when a chunk that is not optional has no value.
   */
  path(params: PathValues = {}, wildcards: readonly (string | number)[] = []): string {
    return buildPath(this.#text, this.chunks, params, wildcards);
  }

  /** The text that the pattern was made from. */
  toString(): string {
    return this.#text;
  }

  /** The JSON form, which {@link Pattern.fromJSON} reads. */
  toJSON(): PatternJson {
    return { Pattern: this.#text };
  }
}

/**
 * Orders patterns by how specific they are, chunk by chunk: text before subpatterns before `:name` before `*`
 * before `?` before `+` before `**`.
 *
 * @returns Negative when `left` is more specific, positive when `right` is, 0 when neither is.
 */
export function compareSpecificity(left: Pattern, right: Pattern): number {
  return compareChunks(left.chunks, right.chunks);
}
