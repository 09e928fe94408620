import type { Subpattern } from "./subpattern.ts";

/** How often a chunk may occur: once, `?` at most once, `+` at least once, `*` any number of times. */
export type Modifier = "" | "?" | "+" | "*";

/** One part of a pattern between slashes. A subpattern may itself hold slashes and then spans segments of the path. */
export type Chunk = StaticChunk | DynamicChunk | WildcardChunk;

/** Matches its own text. */
export interface StaticChunk {
  readonly kind: "static";
  /** Without escapes: what a segment of the path must equal. */
  readonly text: string;
  /** How often it may occur. */
  readonly modifier: Modifier;
}

/** Matches any text, or what its subpattern accepts, and hands it out under a name. */
export interface DynamicChunk {
  readonly kind: "dynamic";
  /** Name of the parameter. */
  readonly name: string;
  /** What a value must match; undefined for any text of one segment. */
  readonly subpattern: Subpattern | undefined;
  /** How often it may occur. */
  readonly modifier: Modifier;
}

/** Matches any text, or what its subpattern accepts, and hands nothing out. */
export interface WildcardChunk {
  readonly kind: "wildcard";
  /** What it must match; undefined for any text of one segment. */
  readonly subpattern: Subpattern | undefined;
  /** How often it may occur. */
  readonly modifier: Modifier;
}

/** The subpattern of a chunk; undefined for static chunks and for those that take any text. */
export function subpatternOf(chunk: Chunk): Subpattern | undefined {
  return chunk.kind === "static" ? undefined : chunk.subpattern;
}
