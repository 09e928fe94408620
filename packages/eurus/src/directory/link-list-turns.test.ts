import { expect, test } from "vitest";
import { LinkListTurns } from "./link-list-turns.ts";

function links(count: number, linkId: number = 1): Map<string, number> {
  return new Map(Array.from({ length: count }, (_, index) => [`peer-${index}`, linkId]));
}

/** What goes along with so many announcements in a row: the size of each list, or nothing. */
function sizes(turns: LinkListTurns, known: ReadonlyMap<string, number>, count: number): unknown[] {
  return Array.from({ length: count }, () => turns.next(known)?.size);
}

test("in a small fleet every announcement lists the links, even none", () => {
  const turns = new LinkListTurns();

  expect(sizes(turns, links(0), 2)).toEqual([0, 0]);
  expect(sizes(turns, links(32), 3)).toEqual([32, 32, 32]);
});

test("in a larger one announcements take turns, so that they name 32 on average", () => {
  const turns = new LinkListTurns();
  const listed = sizes(turns, links(500), 160).filter((size) => size !== undefined);

  expect(listed).toEqual(Array.from({ length: 10 }, () => 500));
});

test.for([
  ["ended", (known: Map<string, number>) => known.delete("peer-7")],
  ["has another number", (known: Map<string, number>) => known.set("peer-7", 2)],
] as const)("when a link %s the next three announcements list all", ([, lose]) => {
  const turns = new LinkListTurns();
  sizes(turns, links(500), 20);
  const known = links(500);
  lose(known);

  expect(sizes(turns, known, 5)).toEqual([known.size, known.size, known.size, undefined, undefined]);
});

test("peers that come, and links that open, change no turn", () => {
  const turns = new LinkListTurns();
  sizes(turns, links(500, 0), 16);

  expect(sizes(turns, links(501, 1), 3)).toEqual([undefined, undefined, undefined]);
});
