import type { Socket } from "velaros";
import type { MessageType, Runtime, WireErrorCode } from "velaros-protocol";
import { wireErrors } from "velaros-protocol";
import type { Pin } from "./pin.ts";
import { RequestOwners } from "./request-owners.ts";

/** What goes with the code of an error answer. */
export interface ErrorExtras {
  readonly message?: string;
  readonly retryAfterMs?: number | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

const noPins: readonly Pin[] = [];

/** What the gateway knows of one client connection. */
export class EdgeSocket {
  readonly socket: Socket;
  /** At most one per service. So few that looking through them beats a map, which takes half a kilobyte. */
  pins: readonly Pin[] = noPins;
  /** Counts the messages with ids over all pins. */
  arrivals = 0;
  /** How many messages with ids have no outcome yet, over all pins. */
  openMessages = 0;
  /** This socket is about to be closed and may not be pinned anew. */
  closing = false;
  // There are many idle clients: what most never need is made when it is.
  #requests: RequestOwners<Pin> | undefined;
  #told: Set<string> | undefined;
  /** Where sockets that wait for a service are noted, with the time since when. */
  readonly #waiting: Map<EdgeSocket, number>;
  readonly #runtime: Runtime;
  #blockingPins = 0;
  #paused = false;

  constructor(socket: Socket, waiting: Map<EdgeSocket, number>, runtime: Runtime) {
    this.socket = socket;
    this.#waiting = waiting;
    this.#runtime = runtime;
  }

  get id(): string {
    return this.socket.id;
  }

  /** Whether a service waits for an answer of this client. */
  get hasRequests(): boolean {
    return this.#requests !== undefined && this.#requests.size > 0;
  }

  /**
   * Notes that an id-less message for this service is answered with an error.
   *
   * @returns False when one was already, and none has got through since.
   */
  tellOnce(service: string): boolean {
    if (this.#told?.has(service) === true) return false;
    (this.#told ??= new Set()).add(service);
    return true;
  }

  /** A message for this service got through. */
  reached(service: string): void {
    this.#told?.delete(service);
  }

  /** One of the pins ran out of room, or has room again. */
  flowChanged(full: boolean): void {
    this.#blockingPins += full ? 1 : -1;
    if (this.#blockingPins === 0) this.#waiting.delete(this);
    else if (!this.#waiting.has(this)) this.#waiting.set(this, this.#runtime.nowMs());
    this.#refreshReading();
  }

  requestOpened(id: string, pin: Pin): void {
    (this.#requests ??= new RequestOwners<Pin>()).opened(id, pin);
    this.#refreshReading();
  }

  requestDone(id: string, pin: Pin): void {
    this.#requests?.done(id, pin);
    this.#refreshReading();
  }

  /** Whether a message with this id may answer a question of this pin. */
  isAsking(id: string, pin: Pin): boolean {
    return this.#requests?.latest(id) === pin;
  }

  /** Whether this client is pinned to a service. */
  isPinnedTo(service: string): boolean {
    return this.pinTo(service) !== undefined;
  }

  /** The pin to this service, if there is one. */
  pinTo(service: string): Pin | undefined {
    for (const pin of this.pins) if (pin.service === service) return pin;
    return undefined;
  }

  /** Messages for the pin's service go there from now on. */
  pinned(pin: Pin): void {
    this.pins = this.pins.filter(({ service }) => service !== pin.service).concat(pin);
  }

  /** The pin is over: no message goes there any more. */
  forget(pin: Pin): void {
    this.pins = this.pins.filter((other) => other !== pin);
    this.#requests?.forget(pin);
    this.#refreshReading();
  }

  /** The pin that a message without path belongs to: who asked last under this id, else who was asked last. */
  ownerOf(id: string): Pin | undefined {
    const asking = this.#requests?.latest(id);
    if (asking !== undefined) return asking;

    let owner: Pin | undefined;
    let latest = 0;
    for (const pin of this.pins) {
      const arrival = pin.open.latestWithId(id)?.arrival ?? 0;
      if (arrival > latest) {
        latest = arrival;
        owner = pin;
      }
    }
    return owner;
  }

  /** Answers with a coded error in the socket's encoding, and in the kind of frame that is answered. */
  sendError(code: WireErrorCode, id?: string, type?: MessageType, extras?: ErrorExtras): void {
    const codec = this.socket.codec;
    if (codec === undefined || this.socket.closed) return;
    const error = { code, message: wireErrors[code], ...extras };
    const written = this.socket.write(codec.encode({ id, error }), type ?? codec.messageType);
    // The socket closes itself when it can't be written to; there is nobody else to tell.
    written?.catch(() => undefined);
  }

  /** A client is not read while a service has no room for it, unless somebody waits for its answer: it could never come. */
  #refreshReading(): void {
    const pause = this.#blockingPins > 0 && !this.hasRequests;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.socket.pauseReading();
    // Not at once: whoever freed the room may be about to move what came before the messages that wait.
    else this.#runtime.defer(() => this.socket.resumeReading());
  }
}
