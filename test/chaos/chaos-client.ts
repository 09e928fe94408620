import { once } from "node:events";
import { WebSocket } from "ws";
import type { History } from "../history/history.ts";
import type { Question } from "./programs/service.ts";
import { wallClockMs } from "./wall-clock.ts";

interface Envelope {
  readonly id?: string;
  readonly data?: { readonly message?: string };
  readonly error?: { readonly code: string };
}

/** How a message ended: `"ok"`, the code of an error, or `"closed"`. */
export type Outcome = string;

/** A client that writes everything it does and sees into the history, and uses its few ids again and again. */
export class ChaosClient {
  readonly name: string;
  readonly webSocket: WebSocket;
  /** Codes of the errors that belong to no message. */
  readonly notices: string[] = [];
  /** How the connection ended. */
  ended: { readonly code: number; readonly reason: string } | undefined;
  readonly #history: History;
  /** By the id that it was given. */
  readonly #open = new Map<string, { readonly message: string; settle(outcome: Outcome): void }>();
  readonly #freeIds: string[] = [];
  #sent = 0;
  #ids = 0;

  private constructor(name: string, url: string, history: History) {
    this.name = name;
    this.#history = history;
    this.webSocket = new WebSocket(url, { headers: { "x-request-id": name } });
    this.webSocket.on("message", (bytes: Buffer) => this.#received(JSON.parse(bytes.toString())));
    this.webSocket.on("error", () => undefined);
  }

  /** Rejects when the gateway takes nobody. */
  static async connect(name: string, url: string, history: History): Promise<ChaosClient> {
    const client = new ChaosClient(name, url, history);
    await once(client.webSocket, "open");
    client.webSocket.once("close", (code: number, reason: Buffer) => client.#closed(code, reason.toString()));
    return client;
  }

  /** How many messages wait for their outcome. */
  get open(): number {
    return this.#open.size;
  }

  /** Sends a message with an id, and resolves with what became of it. */
  ask(question: Omit<Question, "message"> = {}, path = "/work"): Promise<Outcome> {
    const id = this.#freeIds.pop() ?? `id-${++this.#ids}`;
    const message = this.#send(path, question, id);
    return new Promise((settle) => this.#open.set(id, { message, settle }));
  }

  /** Sends a message without id: nobody answers, but it may be handled once at most. */
  tell(question: Omit<Question, "message"> = {}): void {
    this.#send("/work", question, undefined);
  }

  #send(path: string, question: Omit<Question, "message">, id: string | undefined): string {
    const number = ++this.#sent;
    const message = `${this.name}/${number}`;
    this.#history.record({
      type: "sent",
      atMs: wallClockMs(),
      socket: this.name,
      service: "work",
      message,
      number,
      id,
      wantsOutcome: id !== undefined,
    });
    this.webSocket.send(JSON.stringify({ id, path, data: { ...question, message } }));
    return message;
  }

  #received({ id, data, error }: Envelope): void {
    const atMs = wallClockMs();
    const socket = this.name;
    const asked = id === undefined ? undefined : this.#open.get(id);
    if (id === undefined) {
      if (error !== undefined) this.notices.push(error.code);
      return;
    }
    if (error === undefined) {
      this.#history.record({
        type: "replied",
        atMs,
        socket,
        message: data?.message ?? "an answer to nothing",
      });
    } else {
      const message = asked?.message ?? `an error for the unused id ${id}`;
      this.#history.record({ type: "failed", atMs, socket, message, code: error.code });
    }
    this.#open.delete(id);
    // What was not asked for is in the history now, and the checker's to judge.
    if (asked === undefined) return;
    this.#freeIds.push(id);
    asked.settle(error?.code ?? "ok");
  }

  #closed(code: number, reason: string): void {
    this.ended = { code, reason };
    this.#history.record({ type: "disconnected", atMs: wallClockMs(), socket: this.name, status: code });
    for (const { settle } of this.#open.values()) settle("closed");
    this.#open.clear();
  }
}
