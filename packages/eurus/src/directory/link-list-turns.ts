/** As many entries as an announcement names on average. In a fleet with fewer peers every announcement names all. */
const entriesPerAnnouncement = 32;
/** After a link was lost the list goes along this often: peers believe what they were told twice. */
const repeatsAfterLoss = 3;

/**
 * Decides which announcements list the links of their process. Everybody on the other side hears every list, so in a
 * large fleet lists that always go along are nearly all that the bus carries: their size times their number grows
 * with the third power of the fleet. An announcement without a list says nothing about any link.
 */
export class LinkListTurns {
  #last: ReadonlyMap<string, number> = new Map();
  #sinceList = 0;
  #repeats = 0;

  /** The list, if it is to go along with the next announcement. */
  next(links: ReadonlyMap<string, number>): ReadonlyMap<string, number> | undefined {
    if (hasLost(this.#last, links)) this.#repeats = repeatsAfterLoss;
    this.#last = links;
    this.#sinceList += 1;
    const isTurn = this.#sinceList * entriesPerAnnouncement >= links.size;
    if (!isTurn && this.#repeats === 0) return undefined;
    this.#sinceList = 0;
    this.#repeats = Math.max(0, this.#repeats - 1);
    return links;
  }
}

/** Whether a link that was there has ended since; 0 stands for none. */
function hasLost(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): boolean {
  for (const [id, linkId] of before) if (linkId !== 0 && now.get(id) !== linkId) return true;
  return false;
}
