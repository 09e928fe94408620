import { once } from "node:events";
import { WebSocket } from "ws";
import { machineMs } from "./clock.ts";

interface Answer {
  readonly id?: string;
  readonly data?: { readonly instance?: string };
  readonly error?: { readonly code: string };
}

/** A client that knows which of its messages have no outcome yet. */
export class FailoverClient {
  /** Who answered last. */
  instance: string | undefined;
  /** When it was served for the first time. */
  servedMs: number | undefined;
  /** Codes of the errors that its messages were answered with. */
  readonly errors: string[] = [];
  readonly #port: number;
  #webSocket: WebSocket;
  readonly #open = new Set<string>();
  #messages = 0;
  #closing = false;
  #awaited: Set<string> | undefined;
  #settledMs: number | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.#webSocket = this.#dial();
  }

  static async connect(port: number): Promise<FailoverClient> {
    const client = new FailoverClient(port);
    await once(client.#webSocket, "open");
    return client;
  }

  /** When the last of the messages that were open at {@link awaitOpen} had its outcome. */
  get settledMs(): number | undefined {
    return this.#settledMs;
  }

  /** The connection ended although messages had no outcome. */
  get lostMessages(): boolean {
    return this.#webSocket.readyState === WebSocket.CLOSED && (this.#awaited?.size ?? 0) > 0;
  }

  send(path: string): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    const id = String(this.#messages++);
    this.#open.add(id);
    this.#webSocket.send(JSON.stringify({ id, path }));
  }

  /** From now on it is noted when everything that is open has its outcome. Returns how many that are. */
  awaitOpen(): number {
    this.#awaited = new Set(this.#open);
    return this.#awaited.size;
  }

  close(): void {
    this.#closing = true;
    this.#webSocket.terminate();
  }

  #dial(): WebSocket {
    const webSocket = new WebSocket(`ws://127.0.0.1:${this.#port}/ws`);
    webSocket.on("message", (bytes: Buffer) => this.#answered(JSON.parse(bytes.toString()) as Answer));
    webSocket.on("error", () => undefined);
    webSocket.on("close", () => {
      if (!this.#closing && this.servedMs === undefined) this.#comeBack();
    });
    return webSocket;
  }

  /** Closed before it was served even once: tries anew, as clients do. */
  #comeBack(): void {
    this.#open.clear();
    this.#webSocket = this.#dial();
    this.#webSocket.once("open", () => this.send("/work"));
  }

  #answered({ id, data, error }: Answer): void {
    if (id === undefined) return;
    this.#open.delete(id);
    if (error === undefined) {
      this.instance = data?.instance;
      this.servedMs ??= machineMs();
    } else {
      this.errors.push(error.code);
    }
    if (this.#awaited?.delete(id) === true && this.#awaited.size === 0) this.#settledMs = machineMs();
  }
}
