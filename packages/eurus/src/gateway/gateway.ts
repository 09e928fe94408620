import type { Context, HandlerObject } from "velaros";
import { ownCloses } from "../close-reasons.ts";
import { loggedEvents } from "../event-log.ts";
import type { EventSource } from "../event-source.ts";
import type { GatewayEvent } from "../events.ts";
import { Lifecycle } from "../lifecycle.ts";
import { checkName, checkTransport } from "../option-checks.ts";
import type { Transport, TransportStatus, Unsubscribe } from "../transport/transport.ts";
import { EdgeSockets } from "./edge-sockets.ts";
import { gatewaySettings } from "./gateway-options.ts";
import type { GatewayOptions, GatewaySettings } from "./gateway-options.ts";
import { GatewayRun } from "./gateway-run.ts";
import type { ConnectedSocket, KnownInstance } from "./known.ts";
import { passOnOrPutOff } from "./put-off.ts";

let eventsOf: (gateway: Gateway) => EventSource<GatewayEvent>;

/** For metrics: what is counted here goes to the logger nevertheless. */
export function countGatewayEvents(gateway: Gateway, counter: (event: GatewayEvent) => void): Unsubscribe {
  return eventsOf(gateway).count(counter);
}

/**
 * Spreads the messages of WebSocket clients over services, by path. Mount it on a router behind a codec; it
 * finds the services on the bus by itself, and passes on what none of them is in charge of.
 *
 * @example
 * ```ts
 * const gateway = new Gateway("main-gateway", transport);
 * await gateway.start();
 * const edge = new Router().use(json()).use(gateway);
 * await edge.listen({ port: 8080, path: "/ws" });
 * ```
 */
export class Gateway implements HandlerObject, AsyncDisposable {
  /** What services may be limited to; several gateways may share a name. */
  readonly name: string;
  /** Unique for each gateway; 32 characters of a–z and 0–9. */
  readonly id: string;
  readonly transport: Transport;
  readonly #settings: GatewaySettings;
  readonly #sockets: EdgeSockets;
  readonly #events: EventSource<GatewayEvent>;
  readonly #lifecycle: Lifecycle;
  #run: GatewayRun | undefined;
  /** From the beginning of a stop until the gateway runs again: whoever connects now is turned away. */
  #closed = false;

  /**
   * @param name - 1 to 64 of the characters A–Z a–z 0–9 `_` `-`.
   * @param transport - Shared with the services, or connected to the same bus.
   * @throws {@link EurusError} `EURUS_NAME_INVALID`, `EURUS_TRANSPORT_MISSING` or `EURUS_OPTION_INVALID`.
   */
  constructor(name: string, transport: Transport, options: GatewayOptions = {}) {
    this.name = checkName("gateway", name);
    this.transport = checkTransport("gateway", name, transport);
    this.#settings = gatewaySettings(options);
    const { runtime } = this.#settings;
    this.id = runtime.randomToken(32);
    this.#sockets = new EdgeSockets(runtime);
    this.#events = loggedEvents({ kind: "gateway", name, logger: options.logger, runtime }, options.onError);
    this.#lifecycle = new Lifecycle({
      kind: "gateway",
      name,
      launch: () => this.#launch(),
      halt: () => this.#halt(),
      abandon: () => this.#abandon(),
    });
  }

  /**
   * Binds the gateway to the bus and asks who is there. Resolves when the services that are there can be routed to.
   *
   * @throws {@link EurusError} (as a rejection) `EURUS_ALREADY_STARTED`, or `EURUS_START_FAILED` with the cause;
   *   then nothing is left bound.
   */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  /**
   * Whether clients belong here: started, not about to stop, and the bus is there. What a load balancer wants to
   * know; see `docs/guide/production.md`.
   */
  get ready(): boolean {
    return this.#lifecycle.state === "running" && this.busStatus === "connected";
  }

  /**
   * What the last `bus` event told: the status of the transport, but also "disconnected" while the gateway's own
   * announcements do not come back.
   */
  get busStatus(): TransportStatus {
    return this.#run?.busStatus ?? this.transport.status;
  }

  /**
   * Takes no new clients, lets what is in flight finish for up to `drainTimeoutMs`, closes its clients with 1001
   * "Gateway stopping", tells the services, and resolves. May be called at any time, also twice; the gateway can be
   * started again afterwards.
   */
  stop(): Promise<void> {
    if (this.#lifecycle.state !== "stopped") this.#closed = true;
    return this.#lifecycle.stop();
  }

  /** Whether some service would get a message with this path now. */
  canServePath(path: string): boolean {
    return this.#run?.canServePath(path) ?? false;
  }

  /** The same for the message that a handler holds. */
  canHandle(context: Context): boolean {
    return this.canServePath(context.path);
  }

  /** The services that can be routed to: one entry for each instance, by name and age. */
  services(): readonly KnownInstance[] {
    return this.#run?.fleet.list() ?? [];
  }

  /** The sockets of the clients that are connected, and where they are pinned. */
  sockets(): readonly ConnectedSocket[] {
    return this.#sockets.all().map((edge) => ({
      id: edge.id,
      remoteAddress: edge.socket.info.remoteAddress,
      pins: edge.pins.map(({ service, instance }) => ({
        service,
        instanceId: instance.instanceId,
      })),
      openMessages: edge.openMessages,
      waiting: this.#sockets.waiting.has(edge),
    }));
  }

  /**
   * Takes an instance out: its clients are closed with 1001 "Service unreachable" (or told, under `"repin"`),
   * and it stays out for 10 s or until it is started anew. Does nothing while the bus is away, or while the gateway's own
   * announcements are late and it may be: nobody is closed for an outage of the bus.
   *
   * @param service - Id of the instance, the service object itself, or an entry of {@link services}.
   * @returns Whether it was taken out: false when it is not there, or when nobody may be.
   */
  removeService(service: string | { readonly id: string }): boolean {
    return this.#run?.fleet.remove(typeof service === "string" ? service : service.id) ?? false;
  }

  /**
   * Asks an instance for a sign of life.
   *
   * @param service - As for {@link removeService}.
   * @param options - `timeoutMs` is how long it may take, in milliseconds; 1,000 by default.
   * @returns Whether it answered in time; false, too, when nothing is known of it. An answer may also be lost with the
   *   bus, or be late because the instance is busy: act on several in a row, and on none while {@link ready} is false.
   */
  async pingService(
    service: string | { readonly id: string },
    options: { readonly timeoutMs?: number | undefined } = {},
  ): Promise<boolean> {
    const id = typeof service === "string" ? service : service.id;
    return (await this.#run?.ping(id, options.timeoutMs ?? 1_000)) ?? false;
  }

  /** Calls `listener` with everything that an operator may want to know, until the returned function is called. */
  onEvent(listener: (event: GatewayEvent) => void): Unsubscribe {
    return this.#events.listen(listener);
  }

  /** For the router: forwards a message, or passes it on. */
  handle(context: Context): void | Promise<void> {
    if (this.#run !== undefined) return this.#run.forwarder.handle(context);
    return passOnOrPutOff(context, this.#closed ? "SHUTTING_DOWN" : "SERVICE_UNAVAILABLE", this.#settings);
  }

  /** For the router's endpoints: no new clients from the beginning of a stop until the gateway runs again. */
  acceptsClients(): boolean {
    return !this.#closed;
  }

  /** For the router: a client has connected. */
  handleOpen(context: Context): void {
    if (this.#closed) {
      const { status, reason } = ownCloses.gatewayStopping;
      context.closeWithStatus(status, reason);
      return;
    }
    const edge = this.#sockets.add(context.socket);
    if (edge !== undefined && this.#events.active)
      this.#events.emit({ type: "socket-opened", socketId: edge.id });
  }

  /** For the router: a client is gone, whoever began. */
  handleClose(context: Context): void {
    const edge = this.#sockets.remove(context.socket);
    if (edge === undefined) return;
    const { status, reason, source } = context.closeStatus();
    for (const pin of edge.pins) {
      pin.instance.end(pin, "socket-closed", { status, reason, source });
    }
    if (this.#events.active) {
      this.#events.emit({ type: "socket-closed", socketId: edge.id, status, reason, source });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #launch(): Promise<void> {
    this.#run = new GatewayRun({
      name: this.name,
      id: this.id,
      transport: this.transport,
      settings: this.#settings,
      sockets: this.#sockets,
      events: this.#events,
    });
    await this.#run.start();
    this.#closed = false;
  }

  async #halt(): Promise<void> {
    const run = this.#run;
    await run?.finish();
    await run?.closeClients();
    this.#run = undefined;
    await run?.leave();
  }

  #abandon(): void {
    this.#run?.abandon();
    this.#run = undefined;
  }

  static {
    eventsOf = (gateway) => gateway.#events;
  }
}
