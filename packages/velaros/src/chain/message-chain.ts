import { PathCache } from "../pattern/path-cache.ts";
import { type PatternMatch, PatternIndex } from "../pattern/pattern-index.ts";
import type { MessageNode } from "./message-node.ts";

/** A node that takes a certain path. */
export interface NodeMatch {
  readonly node: MessageNode;
  /** Undefined for a node that takes everything. */
  readonly match: PatternMatch<MessageNode> | undefined;
}

const noMatches: readonly NodeMatch[] = [];

/** The message handlers of one router, in the order of registration. */
export class MessageChain {
  readonly nodes: MessageNode[] = [];
  #all: Lookup | undefined;
  #outside: Lookup | undefined;

  add(node: MessageNode): void {
    this.nodes.push(node);
    this.#all = undefined;
    this.#outside = undefined;
  }

  /**
   * The nodes that take `path`, in order; none for a path outside of the router.
   *
   * @param publicOnly - As for a message from outside: internal nodes are as if absent.
   */
  find(path: string | undefined, publicOnly: boolean): readonly NodeMatch[] {
    if (path === undefined) return noMatches;
    if (publicOnly)
      return (this.#outside ??= new Lookup(this.nodes.filter((node) => !node.internal))).find(path);
    return (this.#all ??= new Lookup(this.nodes)).find(path);
  }
}

/** Finds nodes by path and remembers what it found. */
class Lookup {
  readonly #unconditional: NodeMatch[] = [];
  #hasPatterns = false;
  // Remembers nothing itself: the merged result is kept here.
  readonly #index = new PatternIndex<MessageNode>({ pathLength: 0 });
  readonly #cache = new PathCache<readonly NodeMatch[]>();

  constructor(nodes: readonly MessageNode[]) {
    for (const node of nodes) {
      if (node.matchesAll) this.#unconditional.push({ node, match: undefined });
      else {
        this.#index.add(node.pattern, node);
        this.#hasPatterns = true;
      }
    }
  }

  find(path: string): readonly NodeMatch[] {
    // The router of a gateway, for one, takes every path.
    if (!this.#hasPatterns) return this.#unconditional;
    const known = this.#cache.get(path);
    if (known !== undefined) return known;
    // A copy, because the path may be a slice of a whole message, which the cache would keep alive.
    const ownPath = path.split("/").join("/");
    const found = this.#index.lookup(ownPath).map((match): NodeMatch => ({ node: match.value, match }));
    const merged =
      this.#unconditional.length === 0
        ? found
        : [...this.#unconditional, ...found].sort((left, right) => left.node.order - right.node.order);
    this.#cache.set(ownPath, merged);
    return merged;
  }
}
