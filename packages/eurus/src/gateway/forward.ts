import type { Context } from "velaros";
import type { WireErrorCode } from "velaros-protocol";
import type { Route } from "../directory/route.ts";
import type { UnpinnedCause } from "../events.ts";
import type { RefusedFrame } from "../link/frame.ts";
import { pathProblem } from "./canonical-path.ts";
import type { EdgeSocket, ErrorExtras } from "./edge-socket.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import type { InstancePins } from "./instance-pins.ts";
import { checkFacts } from "./facts-size.ts";
import { settleForeign, settleUnavailable } from "./outcomes.ts";
import { MessageTimes } from "./message-times.ts";
import type { Pin } from "./pin.ts";
import { passOnOrPutOff } from "./put-off.ts";

/** No instance has refused the client so far. Shared, because there are many pins. */
const nobody: readonly string[] = [];

/** A client's message, and what its answer needs to know of it. */
type ForwardableMessage = ReturnType<Context["forwardable"]>;

/** Sends client messages where they belong: path to route, route and socket to pin, pin to instance. */
export class Forwarder {
  /** While draining what began may finish, and nothing new begins. */
  state: "starting" | "running" | "draining" = "starting";
  readonly #parts: GatewayParts;
  /** The facts of clients that no service can be told. */
  readonly #refusedFacts = new WeakMap<EdgeSocket, EdgeSocket["socket"]["trusted"]>();

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Forwards the message, answers it with an error, or passes it on when no service is in charge of it. */
  handle(context: Context): void | Promise<void> {
    const edge = this.#parts.sockets.of(context.socket);
    if (edge === undefined) return undefined;
    if (context.path === "") return this.#answer(context, edge);

    const { options, fleet } = this.#parts;
    const { path } = context;
    const problem = pathProblem(path, options);
    if (problem !== undefined) {
      this.#refuse(edge, context.forwardable(), "BAD_PATH", undefined, {
        message: `The path is not canonical: ${problem}.`,
      });
      return undefined;
    }
    const route = fleet.resolve(path, edge);
    // Who was just started knows nobody yet.
    if (route === undefined && this.state === "starting")
      return passOnOrPutOff(context, "SERVICE_UNAVAILABLE", options);
    if (route === undefined) return context.next();

    const message = context.forwardable();
    if (this.state === "draining") {
      const { retryAfterMs } = options;
      return this.#refuse(edge, message, "SHUTTING_DOWN", route.service, { retryAfterMs });
    }
    const pin = edge.pinTo(route.service) ?? this.#pin(edge, route, message);
    if (pin !== undefined) this.#send(edge, pin, message);
    return undefined;
  }

  /**
   * Looks for another instance for a client whose messages were certainly not handled where it was pinned, and
   * sends them there in order. Without another one the client is told.
   */
  move(pin: Pin, cause: UnpinnedCause, refusal?: RefusedFrame["code"]): void {
    const { edge, service, instance } = pin;
    const frames = pin.takeHeld();
    const refusedBy = [...pin.refusedBy, instance.instanceId];
    const path = frames[0]?.path;
    const route =
      path === undefined
        ? undefined
        : this.#parts.fleet.resolve(path, { isPinnedTo: (name) => name === service });
    const isOpen = !edge.closing && !edge.socket.closed;
    const next = isOpen && route?.service === service ? this.#choose(route, refusedBy) : undefined;
    if (next === undefined) {
      if (refusal === "WRONG_CODEC") settleForeign(this.#parts, pin);
      else settleUnavailable(this.#parts, pin);
      instance.end(pin, cause);
      return;
    }
    instance.end(pin, cause);
    const moved = next.open(edge, refusedBy);
    if (this.#parts.events.active) moved.times = this.#times(edge, moved);
    moved.sendMoved(frames);
  }

  #times({ id: socketId }: EdgeSocket, { service, instance: { instanceId } }: Pin): MessageTimes {
    const { events, options } = this.#parts;
    return new MessageTimes(
      () => options.runtime.nowMs(),
      (durationMs) => events.emit({ type: "settled", socketId, service, instanceId, durationMs }),
    );
  }

  /** A message without path answers whoever asked under its id. */
  #answer(context: Context, edge: EdgeSocket): void | Promise<void> {
    const message = context.forwardable();
    const { id } = message.forwarded;
    const pin = id === undefined ? undefined : edge.ownerOf(id);
    if (id === undefined || pin === undefined) return context.next();
    this.#send(edge, pin, message);
    return undefined;
  }

  #send(edge: EdgeSocket, pin: Pin, message: ForwardableMessage): void {
    const { id, path } = message.forwarded;
    const { options, fleet, events } = this.#parts;
    if (fleet.away) return this.#unavailable(edge, message, pin.service);

    const answers = id !== undefined && edge.isAsking(id, pin);
    // A client that is asked something goes on being read, so what it has no room for is refused instead.
    const crowded =
      (pin.blocking && edge.hasRequests) || edge.openMessages >= options.maxOpenMessagesPerSocket;
    if (crowded && !answers) return this.#refuse(edge, message, "OVERLOADED", pin.service);

    if (events.active) pin.times ??= this.#times(edge, pin);
    pin.send(message);
    if (answers) edge.requestDone(id, pin);
    edge.reached(pin.service);
    if (events.active) {
      const { service, instance } = pin;
      events.emit({ type: "routed", socketId: edge.id, path, service, instanceId: instance.instanceId });
    }
    return undefined;
  }

  #pin(edge: EdgeSocket, route: Route, message: ForwardableMessage): Pin | undefined {
    const { service } = route;
    if (edge.pins.length >= this.#parts.options.maxPinsPerSocket) {
      this.#refuse(edge, message, "OVERLOADED", service);
      return undefined;
    }
    const instance = edge.closing ? undefined : this.#choose(route, nobody);
    if (instance === undefined) {
      this.#unavailable(edge, message, service);
      return undefined;
    }
    if (!this.#canTellOf(edge, service, message)) return undefined;
    return instance.open(edge, nobody);
  }

  /**
   * Whether a service can be told the facts of this client, which is refused otherwise.
   *
   * @throws {@link EurusError} The first time that it can't be: the router answers INTERNAL, and its onError hears why.
   *   Headers count, and those are the client's; it should not cause an error with each of its messages.
   */
  #canTellOf(edge: EdgeSocket, service: string, message: ForwardableMessage): boolean {
    const { trusted } = edge.socket;
    if (this.#refusedFacts.get(edge) === trusted) {
      this.#refuse(edge, message, "INTERNAL", service);
      return false;
    }
    try {
      checkFacts(edge.socket, service, this.#parts.options);
      return true;
    } catch (error) {
      this.#refusedFacts.set(edge, trusted);
      this.#tellRefused(edge, message.forwarded.path, service, "INTERNAL");
      throw error;
    }
  }

  #choose(route: Route, refusedBy: readonly string[]): InstancePins | undefined {
    const { fleet } = this.#parts;
    return fleet.away ? undefined : fleet.choose(route, refusedBy);
  }

  #unavailable(edge: EdgeSocket, message: ForwardableMessage, service: string): void {
    const { retryAfterMs } = this.#parts.options;
    this.#refuse(edge, message, "SERVICE_UNAVAILABLE", service, { retryAfterMs, details: { service } });
  }

  /**
   * Answers with an error. Somebody who sends without ids hears of a service's trouble once, until a message
   * gets through again.
   */
  #refuse(
    edge: EdgeSocket,
    { type, forwarded: { id, path } }: ForwardableMessage,
    code: WireErrorCode,
    service: string | undefined,
    extras?: ErrorExtras,
  ): void {
    if (id !== undefined) {
      edge.sendError(code, id, type, extras);
    } else if (service !== undefined && edge.tellOnce(service)) {
      edge.sendError(code, undefined, type, extras);
    }
    this.#tellRefused(edge, path, service, code);
  }

  #tellRefused(
    edge: EdgeSocket,
    path: string | undefined,
    service: string | undefined,
    code: WireErrorCode,
  ): void {
    const { events, options } = this.#parts;
    if (!events.active) return;
    // Who is refused for a path of a mebibyte should not fill logs with it.
    const shown = path?.slice(0, options.maxPathBytes);
    events.emit({ type: "refused", socketId: edge.id, path: shown, service, code });
  }
}
