import { CloseCode, type MessageType } from "velaros-protocol";
import type { ConnectionInlet, ConnectionOutlet } from "../connection.ts";
import { ignore } from "../promises.ts";

/** One message of a {@link CustomConnection}. */
export interface SocketMessage {
  /** The kind of frame that it came in, or is to leave in. */
  readonly type: MessageType;
  /** The bytes of the whole message; text is UTF-8. */
  readonly rawData: Uint8Array;
  /** Inbound only: encoded data that stands in place of what `rawData` holds. */
  readonly data?: Uint8Array | undefined;
  /** Inbound only: metadata that stands in place of what `rawData` holds. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}

/** The client has closed, with this status and reason. */
export interface ConnectionClosed {
  /** Close code; 1006 for a connection that was lost. */
  readonly status: number;
  /** Empty when none was given. */
  readonly reason: string;
}

/** A connection of your own making, for {@link Router.handleConnection}. */
export interface CustomConnection {
  /**
   * Resolves to the next message, to the client's close, or to nothing when the connection is lost; a rejection
   * counts as lost. `signal` aborts when the router closes first.
   */
  read(signal: AbortSignal): Promise<SocketMessage | ConnectionClosed | undefined>;
  /** Sends one message; resolves when there is room for more. */
  write(message: SocketMessage): void | Promise<void>;
  /** Called exactly once, at the end. What it throws, or rejects with, {@link Router.handleConnection} rejects with. */
  close(status: number, reason: string): void | Promise<void>;
  /** Resolves when the peer has shown that it is there. */
  ping?(signal: AbortSignal): Promise<void>;
}

/** The outgoing half of a connection that is pulled from. */
export class CustomOutlet implements ConnectionOutlet {
  readonly stop: AbortController = new AbortController();
  readonly #connection: CustomConnection;
  /** Pending while the router wants no more messages. */
  #gate: Promise<void> | undefined;
  #openGate: () => void = ignore;
  #closed: Promise<void> = Promise.resolve();

  constructor(connection: CustomConnection) {
    this.#connection = connection;
  }

  send(payload: Uint8Array | string, type: MessageType): void | Promise<void> {
    const rawData = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    return this.#connection.write({ type, rawData });
  }

  close(status: number, reason: string): void {
    this.stop.abort();
    this.#openGate();
    this.#closed = this.#close(status, reason);
    this.#closed.catch(ignore);
  }

  pause(): void {
    this.#gate ??= new Promise((resolve) => {
      this.#openGate = resolve;
    });
  }

  resume(): void {
    this.#gate = undefined;
    this.#openGate();
  }

  /** Hands messages in until the connection ends; resolves when it is closed, whether or not a last `read` ever returns. */
  async feed(inlet: ConnectionInlet): Promise<void> {
    void this.#pump(inlet);
    await inlet.finished;
    await this.#closed;
  }

  async #close(status: number, reason: string): Promise<void> {
    await this.#connection.close(status, reason);
  }

  async #pump(inlet: ConnectionInlet): Promise<void> {
    const { signal } = this.stop;
    for (;;) {
      await this.#gate;
      if (signal.aborted) return;
      const message = await this.#read(signal);
      if (message === undefined) return inlet.closed(CloseCode.ABNORMAL, "", "client");
      if ("status" in message) return inlet.closed(message.status, message.reason, "client");
      const { rawData: bytes, type, data, meta } = message;
      inlet.message({ bytes, type, data, meta });
    }
  }

  async #read(signal: AbortSignal): Promise<SocketMessage | ConnectionClosed | undefined> {
    try {
      return await this.#connection.read(signal);
    } catch {
      return undefined;
    }
  }
}
