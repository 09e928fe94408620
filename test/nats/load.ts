import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { JsonClient } from "../support/json-client.ts";
import { eventually } from "./process-fleet.ts";

/** Asks over and over until it is ended, and counts what came of it. */
export class Load {
  readonly errors: string[] = [];
  answers = 0;
  readonly #clients: readonly JsonClient[];
  readonly #ended: Promise<unknown>;
  #isOver = false;

  constructor(clients: readonly JsonClient[]) {
    this.#clients = clients;
    this.#ended = Promise.all(clients.map((client) => this.#run(client)));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  /** Resolves when each client has had so many more answers. */
  async more(count: number): Promise<void> {
    const enough = this.answers + count * this.#clients.length;
    await expect.poll(() => this.answers, eventually).toBeGreaterThan(enough);
  }

  async #run(client: JsonClient): Promise<void> {
    while (!this.#isOver && client.ended === undefined) {
      const { error } = await client.ask("/who");
      if (error === undefined) this.answers++;
      else this.errors.push(error.code);
      await delay(2);
    }
  }
}

/** Clients that come with one question and go, one after the other. */
export class Newcomers {
  readonly #errors: string[] = [];
  readonly #ended: Promise<void>;
  #isOver = false;

  constructor(arrive: () => Promise<JsonClient>) {
    this.#ended = this.#run(arrive);
  }

  /** What they were told instead of an answer. */
  async end(): Promise<readonly string[]> {
    this.#isOver = true;
    await this.#ended;
    return this.#errors;
  }

  async #run(arrive: () => Promise<JsonClient>): Promise<void> {
    while (!this.#isOver) {
      const client = await arrive();
      const { error } = await client.ask("/who");
      if (error !== undefined) this.#errors.push(error.code);
      client.webSocket.close();
    }
  }
}
