/** How the bus is: there, away for now, or closed for good. */
export type TransportStatus = "connected" | "disconnected" | "closed";

/** What a subscriber is handed. */
export interface Packet {
  /** The exact subject it was published to. */
  readonly subject: string;
  /** The bytes, or, on an in-process transport, the very object that was handed over. Never changed by either side. */
  readonly payload: Uint8Array | object;
}

/** Ends a subscription or a listener. May be called twice. */
export type Unsubscribe = () => void;

/**
 * A bus that carries packets between processes: publish and subscribe by subject, nothing more. Pins, order,
 * acknowledgements, flow control, leases and large messages are built once on top of it, so a transport of
 * your own is about a hundred lines; prove it with `transportContract` from `eurus/testing`.
 *
 * Subjects are tokens of `[A-Za-z0-9_-]` joined with dots. A subscription may end in `.>` (one or more
 * further tokens) and may have `*` in place of a token.
 */
export interface Transport {
  /**
   * True only for a transport within one process that hands packets over in order, exactly once, and accepts
   * objects as payloads. Everything else is treated as a lossy bus, whatever it promises.
   */
  readonly reliable: boolean;
  /** Largest payload that `publish` takes, in bytes; may change after a reconnect. */
  readonly maxPayloadBytes: number;
  readonly status: TransportStatus;

  /**
   * Publishes to everybody who is subscribed now, on this transport or another one of the same bus. Does not
   * wait, never throws for the state of the bus. Delivery to one subscriber keeps the order of one publisher.
   *
   * @param payload - Never empty: an empty payload is how the bus reports.
   * @param undeliverableSubject - Where the bus reports, as a packet with an empty payload, that nobody was
   *   subscribed. The subscription for it must be this transport's own.
   */
  publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void;
  /**
   * Subscribes. Handlers are never called before this returns, nor from within a `publish`; one that throws
   * is reported through `onError` and disturbs nobody else.
   */
  subscribe(subject: string, handler: (packet: Packet) => void): Unsubscribe;
  /** Resolves once everything published and subscribed so far has reached the bus; rejects when the bus is away. */
  flush(): Promise<void>;
  /** Tells of every change of `status`. */
  onStatus(listener: (status: TransportStatus) => void): Unsubscribe;
  /** Tells of what went wrong outside of any call: a refused permission, a handler that threw. */
  onError(listener: (error: Error) => void): Unsubscribe;
  /** Frees what this object opened itself; a connection that was passed in stays open. */
  close(): Promise<void>;
}
