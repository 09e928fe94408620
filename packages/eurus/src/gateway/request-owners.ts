/** A service that opens more questions to one client than this loses sight of its oldest ones. */
const maxOpenRequests = 1_024;

/**
 * Which pins wait for an answer of this client, by the id of the question. An answer carries no path, so this
 * is how it finds its way. Of several questions with one id the latest gets the next answer.
 */
export class RequestOwners<Owner> {
  readonly #owners = new Map<string, Owner[]>();

  get size(): number {
    return this.#owners.size;
  }

  opened(id: string, owner: Owner): void {
    const owners = this.#owners.get(id);
    if (owners !== undefined) {
      owners.push(owner);
      return;
    }
    if (this.#owners.size >= maxOpenRequests) {
      const [oldest] = this.#owners.keys();
      if (oldest !== undefined) this.#owners.delete(oldest);
    }
    this.#owners.set(id, [owner]);
  }

  latest(id: string): Owner | undefined {
    return this.#owners.get(id)?.at(-1);
  }

  /** The question was answered, or nobody waits any longer. Harmless when it is not open. */
  done(id: string, owner: Owner): void {
    const owners = this.#owners.get(id);
    const index = owners?.lastIndexOf(owner) ?? -1;
    if (owners === undefined || index < 0) return;
    owners.splice(index, 1);
    if (owners.length === 0) this.#owners.delete(id);
  }

  /** Forgets every question of a pin that has ended. */
  forget(owner: Owner): void {
    for (const [id, owners] of this.#owners) {
      const others = owners.filter((other) => other !== owner);
      if (others.length === 0) this.#owners.delete(id);
      else if (others.length < owners.length) this.#owners.set(id, others);
    }
  }
}
