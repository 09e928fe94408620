import type { Chunk } from "./chunk.ts";

/**
 * Ranks of a chunk in the order of specificity: static, subpattern, `:x`, `*`, then what is optional, then what
 * repeats, and among equals of these groups again by what the chunk takes.
 */
function rankOf(chunk: Chunk): number {
  const body =
    chunk.kind === "static" ? 0 : chunk.subpattern !== undefined ? 1 : chunk.kind === "dynamic" ? 2 : 3;
  return modifierRanks[chunk.modifier] + body;
}

const modifierRanks = { "": 0, "?": 10, "+": 20, "*": 30 } as const;

/**
 * A pattern that ends here beats one that goes on with something optional (`/a` before `/a/:x?`), and yields to one
 * that still demands a chunk (`/**` after `/**\/x`).
 */
const endRank = 5;

/** Negative when `left` is more specific than `right`, positive when it is less, 0 when neither is. */
export function compareChunks(left: readonly Chunk[], right: readonly Chunk[]): number {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const leftChunk = left[index];
    const rightChunk = right[index];
    const difference =
      (leftChunk === undefined ? endRank : rankOf(leftChunk)) -
      (rightChunk === undefined ? endRank : rankOf(rightChunk));
    if (difference !== 0) return difference;
  }
  return 0;
}
