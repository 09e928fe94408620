import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { JsonClient } from "./support/json-client.ts";
import { RawClient } from "./support/raw-client.ts";
import { runProgram } from "./support/run-program.ts";
import type { RunningProgram } from "./support/run-program.ts";
import { expectSignals } from "./support/signals.ts";

const root = join(import.meta.dirname, "..");
/** As JSON a sixth of a megabyte, as objects twice that. */
const treasure = Array.from({ length: 5_000 }, (_, index) => ({ number: index, name: `n${index}` }));
const hoard = JSON.stringify({ path: "/hoard", data: treasure });

interface Squeezed {
  readonly url: string;
  readonly running: RunningProgram;
}

/** A gateway that may have 128 MiB of old objects. */
async function squeezed(environment: NodeJS.ProcessEnv = {}): Promise<Squeezed> {
  const words = ["--max-old-space-size=128", "--conditions=@velaros/source", "--import", "tsx"];
  const running = runProgram(process.execPath, [...words, "test/programs/hoard.ts"], {
    cwd: root,
    environment,
  });
  await expect.poll(() => running.output(), { timeout: 15_000 }).toMatch(/ws:\S+/);
  return { url: /ws:\S+/.exec(running.output())?.[0] ?? "", running };
}

/** Somebody who has the server keep more and more, and comes back whenever it is sent away. */
class Hoarder {
  /** Why it was sent away: status of refusals, codes and reasons of closes. */
  readonly sentAway: string[] = [];
  readonly retryAfter: unknown[] = [];
  readonly #url: string;
  readonly #ended: Promise<void>;
  #isOver = false;

  constructor(url: string) {
    this.#url = url;
    this.#ended = this.#run();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const client = await this.#visit();
      if (client === undefined) {
        await delay(100);
        continue;
      }
      const closed = once(client, "close").then(([code, reason]) => {
        if (!this.#isOver) this.sentAway.push(`${code} ${reason}`);
      });
      while (!this.#isOver && client.readyState === WebSocket.OPEN) {
        client.send(hoard);
        await delay(20);
      }
      if (this.#isOver) client.terminate();
      await closed;
    }
  }

  async #visit(): Promise<WebSocket | undefined> {
    const client = new WebSocket(this.#url);
    client.on("error", () => undefined);
    const opened = once(client, "open").then(
      () => client,
      () => undefined,
    );
    const refused = new Promise<undefined>((resolve) => {
      client.once("unexpected-response", (_request, response) => {
        this.sentAway.push(`HTTP ${response.statusCode}`);
        this.retryAfter.push(response.headers["retry-after"]);
        client.terminate();
        resolve(undefined);
      });
    });
    return Promise.race([opened, refused]);
  }
}

test("clients that fill the heap are refused and closed, the others are served, and when it is over all may come [fault:W6]", async () => {
  const { url, running } = await squeezed();
  await using neighbour = await JsonClient.connect(url);
  const hoarders = Array.from({ length: 6 }, () => new Hoarder(url));
  const sentAway = (why: string): number =>
    hoarders.flatMap((hoarder) => hoarder.sentAway).filter((found) => found === why).length;

  await expect
    .poll(
      async () => {
        expect(await neighbour.ask("/hello")).toMatchObject({ data: { message: "hello" } });
        return sentAway("1013 too little memory") >= 3 && sentAway("HTTP 503") >= 3;
      },
      { timeout: 60_000 },
    )
    .toBe(true);
  await Promise.all(hoarders.map((hoarder) => hoarder.end()));

  const { data } = await neighbour.ask("/told");
  const { metrics, events } = data as { readonly metrics: string; readonly events: readonly string[] };
  expect(metrics).toMatch(/eurus_connections_refused_total{[^}]*reason="TOO_LITTLE_MEMORY"} [1-9]/);
  expect(metrics).toMatch(/eurus_connections_closed_total{[^}]*status="1013",source="server"} [1-9]/);
  for (const seconds of hoarders.flatMap(({ retryAfter }) => retryAfter)) expect(seconds).toMatch(/^\d+$/);
  for (const line of [
    "Memory is short: no new clients.",
    "Memory has run out: the connections that hold most are closed.",
    "Refused a client: The server has too little memory for more clients.",
    "Closed a client: too little memory.",
  ]) {
    expect(running.output()).toContain(line);
  }
  await expectSignals("Memory is short", {
    clients: hoarders.flatMap((hoarder) => hoarder.sentAway.map((why) => why.match(/\d+/)?.[0] ?? why)),
    gateways: [{ events: events.map((type) => ({ type })), scrape: () => Promise.resolve(metrics) }],
    lines: [running.output()],
  });
  expect(neighbour.ended).toBeUndefined();
  // Nothing has to happen for it to be over: what is gone is collected sooner or later.
  const comesIn = async (): Promise<boolean> => {
    const client = new WebSocket(url);
    client.on("error", () => undefined);
    const isOpen = await Promise.race([
      once(client, "open").then(
        () => true,
        () => false,
      ),
      once(client, "unexpected-response").then(
        () => false,
        () => false,
      ),
    ]);
    client.terminate();
    return isOpen;
  };
  await expect.poll(comesIn, { timeout: 40_000, interval: 200 }).toBe(true);
  expect(await neighbour.ask("/hello")).toMatchObject({ data: { message: "hello" } });
  expect(running.process.exitCode).toBeNull();
}, 120_000);

test("clients that fill the buffers outside of the heap are closed before the process has more than it may [fault:W6]", async () => {
  const limitBytes = 512 * 1024 * 1024;
  const { url, running } = await squeezed({ MAX_PROCESS_MEMORY_BYTES: String(limitBytes) });
  await using neighbour = await JsonClient.connect(url);
  const slow: RawClient[] = [];
  const highest: number[] = [];

  const pour = (client: RawClient, mebibytes: number): void =>
    client.text(JSON.stringify({ path: "/pour", data: { mebibytes } }));

  // Nobody reads what they get; some of it lies in the system. When no more are let in, those that are there get more.
  for (let count = 0; count < 160; count++) {
    const client = await RawClient.open(Number(new URL(url).port), false, "/ws").catch(() => undefined);
    if (client !== undefined) {
      client.socket.pause();
      slow.push(client);
      pour(client, 12);
    } else {
      for (const open of slow.filter(({ closed }) => !closed).slice(0, 2)) pour(open, 1);
    }
    const { data } = await neighbour.ask("/told");
    highest.push((data as { readonly bytes: number }).bytes);
  }

  expect(slow.length).toBeGreaterThan(10);
  expect(Math.max(...highest)).toBeLessThan(limitBytes);
  expect(running.output()).toContain("Closed a client: too little memory.");
  for (const client of slow) client[Symbol.dispose]();
  const isBack = async (): Promise<boolean> => {
    const client = await RawClient.open(Number(new URL(url).port), false, "/ws").catch(() => undefined);
    client?.[Symbol.dispose]();
    return client !== undefined;
  };
  await expect.poll(isBack, { timeout: 30_000, interval: 200 }).toBe(true);
  expect(await neighbour.ask("/hello")).toMatchObject({ data: { message: "hello" } });
}, 60_000);
