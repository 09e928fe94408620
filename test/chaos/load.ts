import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { ChaosClient, Outcome } from "./chaos-client.ts";

/** How to put a client in the place of one that was closed. */
export type Reconnect = () => Promise<ChaosClient>;

/** Clients that ask over and over, wait a little after errors, and come back when they are closed. */
export class Load {
  readonly outcomes = new Map<Outcome, number>();
  /** Close codes that the clients saw. */
  readonly closeCodes = new Map<number, number>();
  readonly #ended: Promise<unknown>;
  readonly #reconnect: Reconnect;
  #isOver = false;

  constructor(clients: readonly ChaosClient[], reconnect: Reconnect) {
    this.#reconnect = reconnect;
    this.#ended = Promise.all(clients.map((client) => this.#run(client)));
  }

  get answers(): number {
    return this.outcomes.get("ok") ?? 0;
  }

  /** Codes of the errors that there were, in the order of the alphabet. */
  get errors(): Outcome[] {
    return [...this.outcomes.keys()].filter((outcome) => outcome !== "ok" && outcome !== "closed").toSorted();
  }

  /** Resolves when so many more messages were answered. */
  async flows(count: number, timeoutMs: number = 20_000): Promise<void> {
    const enough = this.answers + count;
    await expect.poll(() => this.answers, { timeout: timeoutMs, interval: 20 }).toBeGreaterThan(enough);
  }

  /** Resolves when everything that was asked has its outcome. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #run(first: ChaosClient): Promise<void> {
    let client = first;
    while (!this.#isOver) {
      if (client.ended !== undefined) {
        this.#count(this.closeCodes, client.ended.code);
        client = await this.#comeBack();
        continue;
      }
      const outcome = await client.ask({ takesMs: Math.floor(Math.random() * 30) });
      this.#count(this.outcomes, outcome);
      if (outcome !== "ok" && outcome !== "closed") await delay(100);
      if (Math.random() < 0.05 && client.ended === undefined) client.tell();
    }
  }

  async #comeBack(): Promise<ChaosClient> {
    for (;;) {
      await delay(50 + Math.random() * 200);
      try {
        return await this.#reconnect();
      } catch {
        // Nobody is there yet.
      }
    }
  }

  #count<Key>(counts: Map<Key, number>, key: Key): void {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
}
