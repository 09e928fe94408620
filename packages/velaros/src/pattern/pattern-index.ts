import { subpatternOf, type Chunk } from "./chunk.ts";
import { isPathEnd, segmentTest } from "./match.ts";
import type { SegmentTest } from "./matcher.ts";
import { noParams, type Params } from "./params.ts";
import { PathCache, type PathCacheLimits } from "./path-cache.ts";
import type { Pattern } from "./pattern.ts";

/** One entry of a {@link PatternIndex} that matches a path. */
export class PatternMatch<Value> {
  /** What was added with the pattern. */
  readonly value: Value;
  /** The pattern that matches. */
  readonly pattern: Pattern;
  /** Place in the order of adding, from 0. */
  readonly order: number;
  readonly #path: string;
  #params: Params | undefined;

  constructor(entry: Entry<Value>, path: string) {
    this.value = entry.value;
    this.pattern = entry.pattern;
    this.order = entry.order;
    this.#path = path;
  }

  /** The parameters, read on first use. Shared by all who look up the same path, therefore frozen. */
  get params(): Params {
    this.#params ??= Object.freeze(this.pattern.match(this.#path) ?? noParams);
    return this.#params;
  }
}

interface Entry<Value> {
  readonly order: number;
  readonly pattern: Pattern;
  readonly value: Value;
}

interface SubpatternEdge<Value> {
  readonly source: string;
  readonly test: SegmentTest;
  readonly node: Node<Value>;
}

/** A place in the tree of chunks: what the patterns that share the chunks up to here go on with. */
interface Node<Value> {
  readonly statics: Map<string, Node<Value>>;
  readonly subpatterns: SubpatternEdge<Value>[];
  /** What follows `:name` and `*`. */
  any: Node<Value> | undefined;
  /** Patterns that end here. */
  readonly ended: Entry<Value>[];
  /** Patterns that end in one chunk for any number of segments, and in one for at least one. */
  readonly tails: Entry<Value>[];
  readonly tailsOfOne: Entry<Value>[];
  /** Patterns that go on in a way that only their own matcher understands. */
  readonly others: Entry<Value>[];
}

/** More optional chunks than this in one pattern are left to its matcher: each doubles its places in the tree. */
const maxUnfoldedOptionals = 3;

/**
 * Many patterns, compiled into one tree, so that finding what matches a path hardly depends on their number.
 * Finds exactly what asking every pattern in turn would find, in the same order.
 */
export class PatternIndex<Value> {
  readonly #root: Node<Value> = createNode();
  readonly #cache: PathCache<readonly PatternMatch<Value>[]>;
  #size = 0;

  constructor(cacheLimits?: Partial<PathCacheLimits>) {
    this.#cache = new PathCache(cacheLimits);
  }

  /** Number of patterns. */
  get size(): number {
    return this.#size;
  }

  /** Adds a pattern behind all others. */
  add(pattern: Pattern, value: Value): void {
    const entry = { order: this.#size, pattern, value };
    this.#size += 1;
    this.#cache.clear();
    const optionals = pattern.chunks.filter((chunk) => chunk.modifier === "?").length;
    insert(this.#root, entry, 0, optionals <= maxUnfoldedOptionals);
  }

  /** All entries whose pattern matches the whole path, in the order of adding. */
  lookup(path: string): readonly PatternMatch<Value>[] {
    const known = this.#cache.get(path);
    if (known !== undefined) return known;
    const segments = path.split("/");
    // Joined anew, because the path may be a slice of a whole message, which a cached slice would keep alive.
    const ownPath = segments.join("/");
    const found = segments[0] === "" ? this.#find(ownPath, segments) : [];
    this.#cache.set(ownPath, found);
    return found;
  }

  #find(path: string, segments: readonly string[]): readonly PatternMatch<Value>[] {
    const found: Entry<Value>[] = [];
    // A chunk for many segments takes no empty one, a trailing slash aside.
    const lastGap = segments.lastIndexOf("", segments.length - 2);
    collect(this.#root, { path, segments, lastGap, found }, 1);
    if (found.length > 1) found.sort((left, right) => left.order - right.order);
    return found
      .filter((entry, index) => entry !== found[index - 1])
      .map((entry) => new PatternMatch(entry, path));
  }
}

function createNode<Value>(): Node<Value> {
  return {
    statics: new Map(),
    subpatterns: [],
    any: undefined,
    ended: [],
    tails: [],
    tailsOfOne: [],
    others: [],
  };
}

function insert<Value>(
  node: Node<Value>,
  entry: Entry<Value>,
  position: number,
  unfoldsOptionals: boolean,
): void {
  const { chunks } = entry.pattern;
  const chunk = chunks[position];
  if (chunk === undefined) {
    node.ended.push(entry);
  } else if (subpatternOf(chunk)?.maySpanSegments === true) {
    node.others.push(entry);
  } else if (chunk.modifier === "") {
    insert(childFor(node, chunk), entry, position + 1, unfoldsOptionals);
  } else if (chunk.modifier === "?") {
    if (unfoldsOptionals) {
      insert(node, entry, position + 1, unfoldsOptionals);
      insert(childFor(node, chunk), entry, position + 1, unfoldsOptionals);
    } else {
      node.others.push(entry);
    }
  } else if (position === chunks.length - 1 && chunk.kind !== "static" && chunk.subpattern === undefined) {
    (chunk.modifier === "*" ? node.tails : node.tailsOfOne).push(entry);
  } else {
    node.others.push(entry);
  }
}

function childFor<Value>(node: Node<Value>, chunk: Chunk): Node<Value> {
  if (chunk.kind === "static") {
    const known = node.statics.get(chunk.text);
    if (known !== undefined) return known;
    const child = createNode<Value>();
    node.statics.set(chunk.text, child);
    return child;
  }
  if (chunk.subpattern === undefined) {
    node.any ??= createNode();
    return node.any;
  }
  const { source } = chunk.subpattern;
  const known = node.subpatterns.find((edge) => edge.source === source);
  if (known !== undefined) return known.node;
  const edge = { source, test: segmentTest(chunk), node: createNode<Value>() };
  node.subpatterns.push(edge);
  return edge.node;
}

interface Search<Value> {
  readonly path: string;
  readonly segments: readonly string[];
  /** Index of the last empty segment before the last one; 0, before the first slash, when there is none. */
  readonly lastGap: number;
  readonly found: Entry<Value>[];
}

function collect<Value>(node: Node<Value>, search: Search<Value>, index: number): void {
  const { path, segments, lastGap, found } = search;
  if (isPathEnd(segments, index)) for (const entry of node.ended) found.push(entry);
  if (index > lastGap) {
    for (const entry of node.tails) found.push(entry);
    if (!isPathEnd(segments, index)) for (const entry of node.tailsOfOne) found.push(entry);
  }
  for (const entry of node.others) if (entry.pattern.matches(path)) found.push(entry);

  const segment = segments[index];
  if (segment === undefined) return;
  const child = node.statics.get(segment);
  if (child !== undefined) collect(child, search, index + 1);
  if (node.any !== undefined && segment !== "") collect(node.any, search, index + 1);
  for (const edge of node.subpatterns) if (edge.test(segment)) collect(edge.node, search, index + 1);
}
