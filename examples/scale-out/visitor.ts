import { once } from "node:events";
import { WebSocket } from "ws";

interface Answer {
  readonly id?: string;
  readonly data?: { readonly instance: string; readonly visits: number };
  readonly error?: { readonly code: string };
}

/** A client that visits, and comes back through its gateway when it is told to. */
export class Visitor {
  readonly gateway: string;
  readonly #url: string;
  #socket: WebSocket | undefined;
  #lastId = 0;

  constructor(gateway: string, url: string) {
    this.gateway = gateway;
    this.#url = url;
  }

  /** Connects, and sends a first message: that is what pins it. */
  async arrive(): Promise<void> {
    this.#socket = new WebSocket(this.#url);
    await once(this.#socket, "open");
    await this.visit();
  }

  /** Whether the connection has ended. */
  get isClosed(): boolean {
    return this.#socket?.readyState === WebSocket.CLOSED;
  }

  /** Sends one message and resolves with its answer, or with undefined when the connection ends without one. */
  visit(): Promise<Answer | undefined> {
    const socket = this.#socket;
    if (socket === undefined || this.isClosed) return Promise.resolve(undefined);
    const id = String(++this.#lastId);
    return new Promise((resolve) => {
      const onMessage = (data: Buffer): void => {
        const answer = JSON.parse(data.toString()) as Answer;
        if (answer.id === id) finish(answer);
      };
      const onClose = (): void => finish(undefined);
      const finish = (answer: Answer | undefined): void => {
        socket.off("message", onMessage);
        socket.off("close", onClose);
        resolve(answer);
      };
      socket.on("message", onMessage);
      socket.on("close", onClose);
      socket.send(JSON.stringify({ id, path: "/rooms/visit" }));
    });
  }

  /** Resolves with the code and the reason of the close that comes. */
  async closed(): Promise<string> {
    if (this.#socket === undefined) return "never connected";
    const [code, reason] = (await once(this.#socket, "close")) as [number, Buffer];
    return `${code} "${reason.toString()}"`;
  }

  leave(): void {
    this.#socket?.close(1000);
  }
}
