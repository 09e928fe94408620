import type { Frame, GatewayToInstanceFrame, InstanceToGatewayFrame } from "./frame.ts";

/** Why a link ended; see docs/protocol.md, "Lost". */
export type LinkLostCause =
  | "suspect-timeout"
  | "lease-expired"
  | "reset"
  | "goodbye"
  | "new-epoch"
  | "missing-from-heartbeat"
  | "self-fenced"
  | "payload-shrunk"
  | "removed"
  | "stopped";

/** What is known of a frame that was sent on a link which is now lost. */
export type DeliveryProof =
  /** Never published, or its only transmission was reported undeliverable: certainly not handled. */
  | "not-delivered"
  /** Acknowledged: taken into the peer's queues; handled or not. */
  | "taken"
  /** Neither is known. */
  | "unknown";

/** Who is connected by a link. Epochs change with every start; both are tokens of a–z and 0–9. */
export interface LinkIdentity {
  readonly service: string;
  readonly instanceId: string;
  readonly instanceEpoch: string;
  readonly gatewayName: string;
  readonly gatewayId: string;
  readonly gatewayEpoch: string;
  /** Counts up per (gateway epoch, instance). */
  readonly linkId: number;
}

/** `suspect`: the bus reported nobody at the other end; sends wait until it answers or is lost. */
export type LinkState = "open" | "suspect" | "lost";

/**
 * One end of the stream of frames between one gateway process and one service instance. Frames of one
 * direction arrive in the order they were sent, at most once, and none is skipped; or the link is lost as a
 * whole. Frames that are sent within one turn of the event loop travel together.
 *
 * A gateway gets its links from a {@link LinkDialer}, an instance from a {@link LinkAcceptor}:
 *
 * ```ts
 * const dialer = new LinkDialer({ transport, runtime, gatewayName, gatewayId, gatewayEpoch });
 * dialer.start();
 * const link = dialer.dial({ service, instanceId, instanceEpoch }, listener);
 * link.send({ type: "open", pin: 1, info });
 *
 * const acceptor = new LinkAcceptor({ transport, runtime, service, instanceId, instanceEpoch, accept });
 * acceptor.start(); // accept(link) returns the LinkListener of a new InstanceLink
 * ```
 *
 * CREDIT frames never reach a listener: `hasCredit`, `writable` and `consumed` speak for them.
 */
export interface Link<Outgoing extends Frame, Incoming extends Frame> {
  readonly identity: LinkIdentity;
  /** Counts up per (gateway epoch, instance). */
  readonly linkId: number;
  readonly state: LinkState;
  /**
   * Queues a frame. Sending on a lost link does nothing.
   *
   * @throws EurusError `EURUS_FACTS_INVALID` when trusted facts or metadata are no JSON.
   */
  send(frame: Outgoing): void;
  /**
   * Whether the pin's window has room: bytes sent and not yet consumed by the peer are below the limit. When it
   * turns false, stop feeding the pin until {@link LinkListener.writable}. Frames without a body ignore it.
   */
  hasCredit(pin: number): boolean;
  /** The bytes of a received body have been consumed (its handler started, or it was written to the client's TCP connection). */
  consumed(pin: number, bytes: number): void;
  /**
   * Lets the reply to a message say that its handlers have ended, if it was the last reply that was sent and has
   * not left yet.
   *
   * @returns False when that is not possible: an {@link EndFrame} has to say it.
   */
  endWithReply(pin: number, messageNumber: number): boolean;
  /**
   * Forgets a pin that has ended. What was sent for it still leaves, in order; what arrives for it from now on
   * is dropped.
   */
  release(pin: number): void;
  /**
   * Takes back the messages of a pin that have not begun to leave. They will certainly never be delivered.
   *
   * @returns Their numbers.
   */
  withdraw(pin: number): ReadonlySet<number>;
  /** Whether everything that was sent has left, and was taken by the peer as far as this end can know. */
  readonly allTaken: boolean;
  /** Ends the link from this side; the listener hears `lost`. */
  fail(cause: LinkLostCause): void;
  /**
   * What is known of the frames that carried messages of this pin, by message number. May be asked at any time
   * before {@link release}; only what is said inside `lost` is final, before that "not-delivered" may still be
   * delivered.
   */
  proofOf(pin: number, messageNumber: number): DeliveryProof;
  /** Only ties the type parameter; never set. */
  readonly incomingType?: Incoming;
}

export type GatewayLink = Link<GatewayToInstanceFrame, InstanceToGatewayFrame>;
export type InstanceLink = Link<InstanceToGatewayFrame, GatewayToInstanceFrame>;

/** What the owner of a link end is told. Callbacks must not throw. */
export interface LinkListener<Incoming extends Frame> {
  frame(frame: Incoming): void;
  /** A pin whose window was full has room again. */
  writable(pin: number): void;
  suspect(): void;
  restored(): void;
  /** The link is lost; called once, nothing follows. */
  lost(cause: LinkLostCause): void;
}
