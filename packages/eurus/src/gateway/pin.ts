import type { InboundMessage } from "velaros";
import type { MessageFrame } from "../link/frame.ts";
import type { EdgeSocket } from "./edge-socket.ts";
import type { InstancePins } from "./instance-pins.ts";
import type { MessageTimes } from "./message-times.ts";
import { OpenMessages } from "./open-messages.ts";
import type { OpenMessage } from "./open-messages.ts";

/** Bytes that are kept for an instance which has not accepted the pin yet; above it the client is not read. */
const maxHeldBytes = 64 * 1024;

/** One client socket bound to one instance of a service, until either is gone. */
export class Pin {
  /** Names the pin on its link. */
  readonly number: number;
  readonly edge: EdgeSocket;
  readonly instance: InstancePins;
  /** The messages that still owe the client an outcome. */
  readonly open: OpenMessages = new OpenMessages();
  /** When it was opened, on the runtime's clock. */
  readonly openedAtMs: number;
  /** Instances that refused this client before, and are not asked again. */
  readonly refusedBy: readonly string[];
  /** Measures how long messages take; only there while somebody wants to know. */
  times: MessageTimes | undefined = undefined;
  #state: "opening" | "open" | "ended" = "opening";
  #lastNumber = 0;
  // Made when it is needed, which for most of its life it is not.
  #held: MessageFrame[] | undefined;
  #heldBytes = 0;
  #blocking = false;

  constructor(
    number: number,
    edge: EdgeSocket,
    instance: InstancePins,
    openedAtMs: number,
    refusedBy: readonly string[],
  ) {
    this.number = number;
    this.edge = edge;
    this.instance = instance;
    // A whole number needs no object of its own.
    this.openedAtMs = Math.floor(openedAtMs);
    this.refusedBy = refusedBy;
  }

  get service(): string {
    return this.instance.service;
  }

  /** `opening` until the instance has accepted it: up to then everything may still be moved elsewhere. */
  get state(): "opening" | "open" | "ended" {
    return this.#state;
  }

  /** Whether the instance has no room for more bytes of this client. */
  get blocking(): boolean {
    return this.#blocking;
  }

  /** The numbers of the messages that nobody has accepted. */
  get heldNumbers(): readonly number[] {
    return this.#held?.map((frame) => frame.number) ?? [];
  }

  /** Whether a message with this number may still be answered. Messages without id are never counted as ended. */
  accepts(number: number): boolean {
    return number === 0 || this.open.has(number);
  }

  /** Sends a client message to the instance. */
  send(message: InboundMessage): void {
    const facts = message.forwarded;
    this.#post({
      type: "message",
      pin: this.number,
      number: this.#lastNumber + 1,
      id: facts?.id,
      path: facts?.path,
      messageType: message.type,
      body: message.bytes,
      dataStart: facts?.dataStart ?? -1,
      dataEnd: facts?.dataEnd ?? -1,
      hasMeta: facts?.hasMeta ?? false,
      replacedData: facts?.replacedData,
      replacedMeta: facts?.replacedMeta,
      trusted: facts?.trusted,
    });
    this.refreshFlow();
  }

  /** Sends again what another pin held, because that one's instance certainly handled none of it. */
  sendMoved(frames: readonly MessageFrame[]): void {
    for (const frame of frames) {
      this.#post({ ...frame, pin: this.number, number: this.#lastNumber + 1 });
    }
    this.refreshFlow();
  }

  /** The instance has accepted the pin: from now on nothing of it can be moved. */
  accepted(): void {
    if (this.#state !== "opening") return;
    this.#state = "open";
    this.takeHeld();
    this.refreshFlow();
  }

  /** The pin is over: it takes part in nothing any more. */
  ended(): void {
    this.#state = "ended";
    this.refreshFlow();
  }

  /** The frames that nobody has accepted; they are the caller's now. */
  takeHeld(): readonly MessageFrame[] {
    const held = this.#held;
    this.#held = undefined;
    this.#heldBytes = 0;
    return held ?? [];
  }

  /**
   * A handler has ended, or the client was told that nobody knows whether it did.
   *
   * @returns Whether its message was open until now.
   */
  settle(number: number): boolean {
    const wasOpen = this.open.end(number);
    if (wasOpen) {
      this.edge.openMessages--;
      this.times?.settled(number);
    }
    return wasOpen;
  }

  /** Forgets what is open, oldest first, because the client is gone or is told now what became of it. */
  takeOpen(): readonly OpenMessage[] {
    const messages = this.open.takeAll();
    this.edge.openMessages -= messages.length;
    return messages;
  }

  /** Looks again whether the client has to wait for room. */
  refreshFlow(): void {
    const full =
      this.#state !== "ended" &&
      (this.#heldBytes > maxHeldBytes || !this.instance.link.hasCredit(this.number));
    if (full === this.#blocking) return;
    this.#blocking = full;
    this.edge.flowChanged(full);
  }

  #post(frame: MessageFrame): void {
    // First of all, because it may refuse the frame.
    this.instance.link.send(frame);
    this.#lastNumber = frame.number;
    if (frame.id !== undefined) {
      const { number, id, messageType } = frame;
      const arrival = ++this.edge.arrivals;
      this.open.add({ number, id, messageType, arrival, tick: this.instance.tick, taken: false });
      this.edge.openMessages++;
      this.times?.sent(number);
    }
    if (this.#state === "opening") {
      (this.#held ??= []).push(frame);
      this.#heldBytes += frame.body.byteLength;
    }
  }
}
