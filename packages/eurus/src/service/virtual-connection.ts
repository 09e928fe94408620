import type { ConnectionInlet, ConnectionOutlet, InboundMessage, OutboundPurpose } from "velaros";
import { VelarosError } from "velaros";
import type { CloseSource, MessageType } from "velaros-protocol";
import { harmless } from "velaros-protocol/internal";
import type { Backlog } from "../backlog.ts";
import type { MessageFrame, SocketInfo } from "../link/frame.ts";
import type { InstanceLink } from "../link/link.ts";

/** What a virtual connection tells the one who accepted it. */
export interface VirtualConnectionOwner {
  readonly link: InstanceLink;
  /** Messages that wait for busy handlers, of all connections of the process. */
  readonly backlog: Backlog<VirtualConnection>;
  /** A message is handed to the router. */
  received(connection: VirtualConnection, path: string | undefined): void;
  /** A message ended in an error with this code. */
  failed(connection: VirtualConnection, path: string | undefined, code: string): void;
  /** The handler of the message with this number has ended. */
  settled(connection: VirtualConnection, number: number): void;
  /** The client stays, and must not be told that nobody knows the outcome of what has ended: say so now. */
  tellEnded(connection: VirtualConnection): void;
  /** Something was or will be sent soon; ends that come up meanwhile may travel with it. */
  stirred(): void;
  /** The close chain has run: nothing follows. */
  finished(connection: VirtualConnection, status: number, reason: string, source: CloseSource): void;
}

/** A client message as the router gets it. The frame already holds all that the gateway decided. */
class ClientMessage implements InboundMessage {
  readonly bytes: Uint8Array;
  readonly type: MessageType;
  readonly forwarded: MessageFrame;

  constructor(frame: MessageFrame) {
    this.bytes = frame.body;
    this.type = frame.messageType;
    this.forwarded = frame;
  }
}

interface Room {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The service's end of a pin: to the router it looks like any connection. */
export class VirtualConnection implements ConnectionOutlet {
  readonly pin: number;
  readonly info: SocketInfo;
  /** Numbers of messages whose handlers have ended, which the gateway does not know yet. */
  ended: number[] | undefined = undefined;
  /** How it ends towards the gateway: a planned stop may leave the client connected. */
  keepsClient = false;
  readonly #owner: VirtualConnectionOwner;
  readonly #link: InstanceLink;
  #inlet: ConnectionInlet | undefined;
  #paused = false;
  #ended = false;
  /** The other side began the close, so it needs no word of it. */
  #closedByPeer = false;
  // There are many idle clients: what most never need is made when it is.
  #waiting: MessageFrame[] | undefined;
  #requests: Set<string> | undefined;
  #lastNumber = 0;
  #room: Room | undefined;

  constructor(pin: number, info: SocketInfo, owner: VirtualConnectionOwner) {
    this.pin = pin;
    this.info = info;
    this.#owner = owner;
    this.#link = owner.link;
  }

  /** Whether nothing is under way but handlers that wait for their client. */
  get idle(): boolean {
    return this.#waiting === undefined && this.#inlet?.busy !== true;
  }

  /** Resolves when the close chain has run. */
  get finished(): Promise<void> {
    return this.#inlet?.finished ?? Promise.resolve();
  }

  /** Lets messages in: the router calls open handlers now. */
  connect(inlet: ConnectionInlet): void {
    this.#inlet = inlet;
  }

  message(frame: MessageFrame): void {
    if (this.#ended) return;
    const answers = frame.id !== undefined && this.#requests?.has(frame.id) === true;
    if (this.#paused && !answers) {
      (this.#waiting ??= []).push(frame);
      this.#owner.backlog.add(this, frame.body.byteLength);
    } else this.#hand(frame);
  }

  /** The gateway ended the pin. */
  closedByGateway(status: number, reason: string, source: CloseSource): void {
    this.#closedByPeer = true;
    this.end(status, reason, source);
  }

  /** Ends the connection from this side. */
  end(status: number, reason: string, source: CloseSource): void {
    this.#ended = true;
    this.#dropWaiting();
    this.#refuseRoom(status, reason);
    this.#inlet?.closed(status, reason, source);
  }

  /** The gateway has consumed enough that more may be sent. */
  writable(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  send(
    payload: Uint8Array | string,
    type: MessageType,
    purpose: OutboundPurpose,
    about: InboundMessage | string | undefined,
  ): void | Promise<void> {
    const requestId = purpose === "request" && typeof about === "string" ? about : undefined;
    if (requestId !== undefined) (this.#requests ??= new Set()).add(requestId);
    this.#owner.stirred();
    this.#link.send({
      type: "output",
      pin: this.pin,
      purpose,
      number: numberOf(about),
      requestId,
      messageType: type,
      body: payload,
    });
    if (this.#link.hasCredit(this.pin) || this.#link.state === "lost") return undefined;
    this.#room ??= newRoom();
    return this.#room.promise;
  }

  close(status: number, reason: string, source: CloseSource): void {
    this.#ended = true;
    this.#dropWaiting();
    this.#refuseRoom(status, reason);
    if (!this.#closedByPeer) {
      if (this.keepsClient) {
        this.#owner.tellEnded(this);
        this.#link.send({ type: "unpin", pin: this.pin, lastNumber: this.#lastNumber });
      } else this.#link.send({ type: "close", pin: this.pin, status, reason, source });
    }
    this.#link.release(this.pin);
    this.#owner.finished(this, status, reason, source);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const waiting = this.#waiting ?? [];
    this.#dropWaiting();
    for (const frame of waiting) this.message(frame);
  }

  settled(message: InboundMessage, _forwarded: boolean, code: string | undefined): void {
    if (!(message instanceof ClientMessage)) return;
    if (code !== undefined) this.#owner.failed(this, message.forwarded.path, code);
    if (message.forwarded.id !== undefined) this.#owner.settled(this, message.forwarded.number);
  }

  requestDone(id: string): void {
    if (this.#requests?.delete(id) !== true || this.#ended) return;
    this.#link.send({ type: "request-done", pin: this.pin, requestId: id });
  }

  #hand(frame: MessageFrame): void {
    this.#lastNumber = Math.max(this.#lastNumber, frame.number);
    this.#link.consumed(this.pin, frame.body.byteLength);
    this.#owner.received(this, frame.path);
    this.#inlet?.message(new ClientMessage(frame));
  }

  #dropWaiting(): void {
    if (this.#waiting === undefined) return;
    this.#waiting = undefined;
    this.#owner.backlog.release(this);
  }

  #refuseRoom(status: number, reason: string): void {
    this.#room?.reject(new VelarosError("VELAROS_SOCKET_CLOSED", { action: "send", status, reason }));
    this.#room = undefined;
  }
}

/** Zero stands for what answers nothing, or a message without id, which nobody counts as open. */
function numberOf(about: InboundMessage | string | undefined): number {
  return about instanceof ClientMessage && about.forwarded.id !== undefined ? about.forwarded.number : 0;
}

function newRoom(): Room {
  let settle: Pick<Room, "resolve" | "reject"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever sent and did not wait must not turn a close into an unhandled rejection.
  void harmless(promise);
  return { promise, resolve: () => settle?.resolve(), reject: (error) => settle?.reject(error) };
}
