import { connect } from "@nats-io/transport-node";
import type { Msg, NatsConnection, Status, Subscription } from "@nats-io/transport-node";
import { nodeRuntime } from "velaros";
import type { Runtime, Timer } from "velaros-protocol";

import { EurusError } from "../errors.ts";
import { TransportListeners } from "./listeners.ts";
import { connectionOptions, missingSettings } from "./nats-options.ts";
import type { NatsTransportOptions } from "./nats-options.ts";
import type { Packet, Transport, TransportStatus, Unsubscribe } from "./transport.ts";

export type { NatsTransportOptions } from "./nats-options.ts";

/** What NATS takes when it does not say otherwise. */
const usualMaxPayloadBytes = 1024 * 1024;
/** How often we ask the server for a sign of life, and how long it may take. */
const pingIntervalMs = 1_000;
const pingTimeoutMs = 3_000;
const noResponders = 503;
const nothing = new Uint8Array(0);

/**
 * A bus over NATS (core, without JetStream), for `@nats-io/transport-node` 3.
 *
 * @example
 * ```ts
 * const transport = await NatsTransport.connect({ servers: "nats://127.0.0.1:4222" });
 * ```
 */
export class NatsTransport implements Transport {
  readonly reliable = false;
  readonly #connection: NatsConnection;
  #isOurs = false;
  readonly #runtime: Runtime;
  readonly #listeners = new TransportListeners();
  readonly #subscriptions = new Set<Subscription>();
  #status: TransportStatus = "connected";
  #maxPayloadBytes = usualMaxPayloadBytes;
  #pingTimer: Timer | undefined;
  #warning: EurusError | undefined;

  /**
   * Uses a connection that you made and that you close. It comes back within two seconds of its servers only
   * with `maxReconnectAttempts: -1` and `reconnectTimeWait: 250`; listeners of `onError` are told when it lacks them.
   *
   * @throws {@link EurusError} `EURUS_OPTION_INVALID` for anything that is no connection.
   */
  constructor(connection: NatsConnection, options: { readonly runtime?: Runtime | undefined } = {}) {
    if (typeof connection?.publish !== "function") {
      const expected = "a connection of @nats-io/transport-node";
      throw new EurusError("EURUS_OPTION_INVALID", { option: "connection", received: connection, expected });
    }
    this.#connection = connection;
    this.#runtime = options.runtime ?? nodeRuntime;
    const settings = missingSettings(connection);
    if (settings.length > 0) this.#warning = new EurusError("EURUS_CONNECTION_SETTINGS", { settings });
    if (connection.isClosed()) this.#status = "closed";
    else this.#watch();
  }

  /**
   * Connects with options that never give up and come back quickly.
   *
   * @throws {@link EurusError} `EURUS_TRANSPORT_UNAVAILABLE` when no server answers; see its `cause`.
   */
  static async connect(options: NatsTransportOptions = {}): Promise<NatsTransport> {
    let connection: NatsConnection;
    try {
      connection = await connect(connectionOptions(options));
    } catch (cause) {
      throw new EurusError(
        "EURUS_TRANSPORT_UNAVAILABLE",
        { status: "away", action: "connect to NATS" },
        { cause },
      );
    }
    const transport = new NatsTransport(connection, { runtime: options.runtime });
    transport.#isOurs = true;
    transport.#warning = undefined;
    return transport;
  }

  get status(): TransportStatus {
    return this.#status;
  }

  get maxPayloadBytes(): number {
    // The client forgets what the server said while it is away.
    this.#maxPayloadBytes = this.#connection.info?.max_payload ?? this.#maxPayloadBytes;
    return this.#maxPayloadBytes;
  }

  publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    // While it is away the client keeps or drops what it is given as it happens to dial; we send nothing.
    if (this.#status !== "connected") return;
    if (!(payload instanceof Uint8Array)) {
      throw new EurusError("EURUS_BUS_ERROR", { problem: "NATS carries bytes, and was given an object" });
    }
    try {
      if (undeliverableSubject === undefined) this.#connection.publish(subject, payload);
      else this.#connection.publish(subject, payload, { reply: undeliverableSubject });
    } catch (cause) {
      this.#report(`publishing to "${subject}" failed`, cause);
    }
  }

  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe {
    let isActive = true;
    const callback = (error: Error | null, message: Msg): void => {
      // What is thrown in here would stop the client's reader for good.
      try {
        if (!isActive) return;
        if (error !== null) {
          this.#report(`the subscription of "${subject}" ended`, error);
          return;
        }
        const { data } = message;
        if (data.length > 0) handler({ subject: message.subject, payload: data });
        else if (message.headers?.code === noResponders)
          handler({ subject: message.subject, payload: nothing });
      } catch (cause) {
        const where = `the subscription of "${subject}"`;
        this.#listeners.tellError(new EurusError("EURUS_LISTENER_FAILED", { where }, { cause }));
      }
    };
    if (this.#status === "closed") return () => undefined;
    const subscription = this.#connection.subscribe(subject, { callback });
    this.#subscriptions.add(subscription);
    return () => {
      isActive = false;
      if (this.#subscriptions.delete(subscription) && !this.#connection.isClosed())
        subscription.unsubscribe();
    };
  }

  async flush(): Promise<void> {
    const unavailable = { status: this.#status, action: "flush" };
    if (this.#status !== "connected") throw new EurusError("EURUS_TRANSPORT_UNAVAILABLE", unavailable);
    try {
      await this.#connection.flush();
    } catch (cause) {
      throw new EurusError(
        "EURUS_TRANSPORT_UNAVAILABLE",
        { ...unavailable, status: this.#status },
        { cause },
      );
    }
  }

  onStatus(listener: (status: TransportStatus) => void): Unsubscribe {
    return this.#listeners.onStatus(listener);
  }

  onError(listener: (error: Error) => void): Unsubscribe {
    const unsubscribe = this.#listeners.onError(listener);
    const warning = this.#warning;
    if (warning !== undefined) {
      this.#warning = undefined;
      this.#runtime.defer(() => this.#listeners.tellError(warning));
    }
    return unsubscribe;
  }

  async close(): Promise<void> {
    if (this.#status === "closed") return;
    const wasConnected = this.#status === "connected";
    this.#change("closed");
    const isOpen = !this.#connection.isClosed();
    if (isOpen) for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#subscriptions.clear();
    if (!isOpen || !this.#isOurs) return;
    // Closing throws away what has not left yet. When the server does not take it now, nobody will.
    if (wasConnected)
      await Promise.race([this.#connection.flush().catch(() => undefined), this.#wait(pingTimeoutMs)]);
    await this.#connection.close();
  }

  #watch(): void {
    this.#followStatus().catch((cause: unknown) =>
      this.#report("the client stopped telling its status", cause),
    );
    void this.#connection.closed().then((error) => {
      if (error instanceof Error) this.#report("the connection was closed for good", error);
      this.#change("closed");
    });
    this.#ping();
  }

  async #followStatus(): Promise<void> {
    for await (const status of this.#connection.status()) this.#follow(status);
  }

  #follow(status: Status): void {
    if (status.type === "disconnect") this.#change("disconnected");
    else if (status.type === "reconnect") this.#change("connected");
    else if (status.type === "close") this.#change("closed");
    else if (status.type === "error") this.#report(status.error.message, status.error);
  }

  #change(status: TransportStatus): void {
    if (this.#status === status || this.#status === "closed") return;
    this.#status = status;
    if (status === "closed") this.#pingTimer?.cancel();
    this.#listeners.tellStatus(status);
  }

  /** The client's own pings take minutes to notice a server that hangs; ours take seconds. */
  #ping(): void {
    this.#pingTimer = this.#runtime.setTimer(pingIntervalMs, () => {
      if (this.#status === "closed") return;
      if (this.#status !== "connected") {
        this.#ping();
        return;
      }
      this.#pingTimer = this.#runtime.setTimer(pingTimeoutMs, () => {
        this.#report(`the server gave no sign of life for ${pingTimeoutMs} ms; connecting again`, undefined);
        void this.#connection.reconnect().catch(() => undefined);
        this.#ping();
      });
      const timer = this.#pingTimer;
      const answered = (): void => {
        if (this.#pingTimer !== timer) return;
        timer.cancel();
        if (this.#status !== "closed") this.#ping();
      };
      void this.#connection.flush().then(answered, answered);
    });
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#runtime.setTimer(delayMs, resolve));
  }

  #report(problem: string, cause: unknown): void {
    this.#listeners.tellError(new EurusError("EURUS_BUS_ERROR", { problem }, { cause }));
  }
}
