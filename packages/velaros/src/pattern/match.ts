import { subpatternOf, type Chunk } from "./chunk.ts";
import { compileExpression } from "./expression.ts";
import type { Matcher, Meter, SegmentTest } from "./matcher.ts";

const noValues: readonly string[] = [];

/** Chooses the cheapest way to match these chunks. With a `meter` all work is reported to it. */
export function compileMatcher(chunks: readonly Chunk[], meter?: Meter): Matcher {
  if (chunks.some((chunk) => subpatternOf(chunk)?.maySpanSegments === true)) {
    return compileExpression(chunks, meter);
  }
  if (chunks.every((chunk) => chunk.kind === "static" && chunk.modifier === "")) {
    return compileLiteral(chunks, meter);
  }
  return compileSegments(chunks, meter);
}

/** The test of a chunk that takes one segment at a time. */
export function segmentTest(chunk: Chunk, meter?: Meter): SegmentTest {
  const test = plainSegmentTest(chunk);
  if (meter === undefined) return test;
  return (segment) => {
    meter(1 + segment.length * (subpatternOf(chunk)?.size ?? 1));
    return test(segment);
  };
}

function plainSegmentTest(chunk: Chunk): SegmentTest {
  if (chunk.kind === "static") {
    const { text } = chunk;
    return (segment) => segment === text;
  }
  const { subpattern } = chunk;
  return subpattern === undefined ? (segment) => segment !== "" : subpattern.accepts;
}

/** Whether nothing is left behind `index`, or only what one trailing slash leaves: an empty segment. */
export function isPathEnd(segments: readonly string[], index: number): boolean {
  return index === segments.length || (index === segments.length - 1 && segments[index] === "");
}

/** The text of these chunks as a path that could begin with them. */
function literalOf(chunks: readonly Chunk[]): string {
  return chunks.map((chunk) => (chunk.kind === "static" ? `/${chunk.text}` : "")).join("");
}

function compileLiteral(chunks: readonly Chunk[], meter: Meter | undefined): Matcher {
  const literal = literalOf(chunks);
  const withSlash = `${literal}/`;
  return (path) => {
    meter?.(Math.min(path.length, withSlash.length));
    return path === literal || path === withSlash ? noValues : undefined;
  };
}

interface SegmentStep {
  readonly test: SegmentTest;
  readonly isDynamic: boolean;
  /** Whether it may take no segment at all. */
  readonly isOptional: boolean;
  /** Whether it may take more than one segment. */
  readonly repeats: boolean;
}

function compileSegments(chunks: readonly Chunk[], meter: Meter | undefined): Matcher {
  const steps = chunks.map((chunk): SegmentStep => ({
    test: segmentTest(chunk, meter),
    isDynamic: chunk.kind === "dynamic",
    isOptional: chunk.modifier === "?" || chunk.modifier === "*",
    repeats: chunk.modifier === "+" || chunk.modifier === "*",
  }));
  // The leading chunks without a modifier take one segment each; most patterns consist of nothing else.
  const firstModified = chunks.findIndex((chunk) => chunk.modifier !== "");
  const head = firstModified < 0 ? steps : steps.slice(0, firstModified);
  const rest = steps.slice(head.length);
  const firstOpen = chunks.findIndex((chunk) => chunk.kind !== "static" || chunk.modifier !== "");
  const prefix = literalOf(chunks.slice(0, firstOpen));
  // One segment before the first slash, one behind a trailing one, and one more to notice that there are too many.
  const maxSegments = steps.some((step) => step.repeats) ? undefined : steps.length + 3;
  const last = rest.length === 1 ? rest[0] : undefined;

  return (path) => {
    meter?.(path.length);
    if (!path.startsWith(prefix)) return undefined;
    const segments = path.split("/", maxSegments);
    if (segments[0] !== "" || segments.length <= head.length) return undefined;
    const values: string[] = [];
    let index = 1;
    for (const { test, isDynamic } of head) {
      const segment = segments[index] ?? "";
      if (!test(segment)) return undefined;
      if (isDynamic) values.push(segment);
      index += 1;
    }
    if (rest.length === 0) return isPathEnd(segments, index) ? values : undefined;
    if (last !== undefined) return matchLast(last, segments, index, values);
    return matchRest(rest, segments, index, values, meter);
  };
}

/** One chunk with a modifier ends the pattern: it takes all it can, and that must be all there is. */
function matchLast(
  step: SegmentStep,
  segments: readonly string[],
  start: number,
  values: string[],
): string[] | undefined {
  const limit = step.repeats ? segments.length : Math.min(segments.length, start + 1);
  let end = start;
  while (end < limit && step.test(segments[end] ?? "")) end += 1;
  if (end === start && !step.isOptional) return undefined;
  if (!isPathEnd(segments, end)) return undefined;
  if (step.isDynamic) values.push(join(segments, start, end));
  return values;
}

/**
 * Several chunks with modifiers. From the last chunk to the first, a table tells for every segment whether the
 * chunks from here on can take all that follows; with it the chunks in order then take as much as they may, which
 * is what a backtracking expression would find, without ever going back.
 */
function matchRest(
  steps: readonly SegmentStep[],
  segments: readonly string[],
  start: number,
  values: string[],
  meter: Meter | undefined,
): string[] | undefined {
  const width = segments.length + 1;
  const possible = new Uint8Array((steps.length + 1) * width);
  const lastRow = steps.length * width;
  possible[lastRow + segments.length] = 1;
  if (segments.at(-1) === "" && start < segments.length) possible[lastRow + segments.length - 1] = 1;
  for (let row = steps.length - 1; row >= 0; row -= 1) {
    const step = steps[row];
    if (step !== undefined) fillRow(possible, row * width, step, segments, start);
    meter?.(width);
  }
  if (possible[start] !== 1) return undefined;

  let index = start;
  for (const [row, step] of steps.entries()) {
    const next = (row + 1) * width;
    const limit = step.repeats ? segments.length : Math.min(segments.length, index + 1);
    let end = step.isOptional && possible[next + index] === 1 ? index : -1;
    for (let taken = index; taken < limit && step.test(segments[taken] ?? ""); taken += 1) {
      if (possible[next + taken + 1] === 1) end = taken + 1;
    }
    if (step.isDynamic) values.push(join(segments, index, end));
    index = end;
  }
  return values;
}

function fillRow(
  possible: Uint8Array,
  row: number,
  step: SegmentStep,
  segments: readonly string[],
  start: number,
): void {
  const next = row + segments.length + 1;
  let following = 0; // whether, having taken the segment before, this chunk and all behind it can take the rest
  for (let index = segments.length; index >= start; index -= 1) {
    const behind = possible[next + index] === 1 ? 1 : 0;
    const taken = following === 1 && step.test(segments[index] ?? "") ? 1 : 0;
    possible[row + index] = step.isOptional ? behind | taken : taken;
    following = step.repeats ? behind | taken : behind;
  }
}

function join(segments: readonly string[], start: number, end: number): string {
  return end - start === 1 ? (segments[start] ?? "") : segments.slice(start, end).join("/");
}
