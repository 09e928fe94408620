import { once } from "node:events";
import { expect } from "vitest";
import { WebSocket } from "ws";
import type { ClientOptions } from "ws";

/** A message as a client sees it. */
export interface Received {
  readonly id?: string;
  readonly path?: string;
  readonly data?: unknown;
  readonly status?: number;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly retryAfterMs?: number;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  /** Whether it came in a binary frame. */
  readonly binary: boolean;
  /** The frame's bytes as text. */
  readonly raw: string;
}

/** A real WebSocket client that speaks the JSON envelope. */
export class JsonClient implements AsyncDisposable {
  readonly webSocket: WebSocket;
  /** Everything that came, in order. */
  readonly received: Received[] = [];
  /** How the server ended the connection; undefined while it is open. */
  ended: { readonly code: number; readonly reason: string } | undefined;
  #nextId = 1;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on("message", (bytes: Buffer, binary: boolean) => {
      const raw = bytes.toString();
      this.received.push({ ...JSON.parse(raw), binary, raw });
    });
    webSocket.on("close", (code: number, reason: Buffer) => {
      this.ended = { code, reason: reason.toString() };
    });
    webSocket.on("error", () => undefined);
  }

  /** Resolves when the connection is open. */
  static async connect(url: string, options: ClientOptions = {}): Promise<JsonClient> {
    const client = new JsonClient(new WebSocket(url, options));
    await once(client.webSocket, "open");
    return client;
  }

  /** Codes of all errors that it got, and of its close. */
  get codes(): (string | number)[] {
    const errors = this.received.flatMap(({ error }) => error?.code ?? []);
    return this.ended === undefined ? errors : [...errors, this.ended.code];
  }

  send(message: unknown): void {
    this.webSocket.send(JSON.stringify(message));
  }

  /** Sends with a fresh id and resolves with the first message that carries it back. */
  async ask(path: string, data?: unknown): Promise<Received> {
    const id = `ask-${this.#nextId++}`;
    this.send(data === undefined ? { id, path } : { id, path, data });
    return this.reply(id);
  }

  /** The first message with this id. */
  reply(id: string): Promise<Received> {
    return this.find((message) => message.id === id);
  }

  /** The first message that fits, whenever it comes. */
  async find(fits: (message: Received) => boolean): Promise<Received> {
    await expect.poll(() => this.received.some(fits), { timeout: 8_000, interval: 2 }).toBe(true);
    const found = this.received.find(fits);
    if (found === undefined) throw new Error("a message vanished");
    return found;
  }

  /** Resolves with how the connection ended. */
  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    await expect.poll(() => this.ended, { timeout: 8_000, interval: 2 }).toBeDefined();
    if (this.ended === undefined) throw new Error("the connection reopened");
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.webSocket.readyState === WebSocket.CLOSED) return;
    this.webSocket.terminate();
    await expect.poll(() => this.webSocket.readyState, { interval: 2 }).toBe(WebSocket.CLOSED);
  }
}
