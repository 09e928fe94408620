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

/** `suspect`: the bus reported nobody at the other end; sends wait until it answers or is lost. */
export type LinkState = "open" | "suspect" | "lost";

/**
 * One end of the stream of frames between one gateway process and one service instance. Frames of one
 * direction arrive in the order they were sent, at most once, and none is skipped; or the link is lost as a
 * whole. Frames that are sent within one turn of the event loop travel together.
 */
export interface Link<Outgoing extends Frame, Incoming extends Frame> {
  /** Counts up per (gateway epoch, instance). */
  readonly linkId: number;
  readonly state: LinkState;
  /** Queues a frame. Sending on a lost link does nothing. */
  send(frame: Outgoing): void;
  /**
   * Whether the pin's window has room: bytes sent and not yet consumed by the peer are below the limit. When it
   * turns false, stop feeding the pin until {@link LinkListener.writable}. Frames without a body ignore it.
   */
  hasCredit(pin: number): boolean;
  /** The bytes of a received body have been consumed (its handler started, or it was written to the client's TCP connection). */
  consumed(pin: number, bytes: number): void;
  /** Forget the flow control of a pin that has ended. */
  release(pin: number): void;
  /** Ends the link from this side; the listener hears `lost`. */
  fail(cause: LinkLostCause): void;
  /** What is known of the frames that carried messages of this pin, by message number. Only meaningful inside `lost`. */
  proofOf(pin: number, messageNumber: number): DeliveryProof;
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
