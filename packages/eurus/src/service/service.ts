import type { Handler, RouteDescriptor, Router } from "velaros";
import { loggedEvents } from "../event-log.ts";
import type { EventSource } from "../event-source.ts";
import type { ServiceEvent } from "../events.ts";
import { Lifecycle } from "../lifecycle.ts";
import { checkName, checkTransport, texts } from "../option-checks.ts";
import type { Transport, TransportStatus, Unsubscribe } from "../transport/transport.ts";
import { RouterSetup } from "./router-setup.ts";
import { serviceSettings } from "./service-options.ts";
import type { ServiceOptions, ServiceSettings } from "./service-options.ts";
import { ServiceRun } from "./service-run.ts";

let eventsOf: (service: Service) => EventSource<ServiceEvent>;

/** For metrics: what is counted here goes to the logger nevertheless. */
export function countServiceEvents(service: Service, counter: (event: ServiceEvent) => void): Unsubscribe {
  return eventsOf(service).count(counter);
}

/**
 * Makes a router, or any other handler, reachable through gateways: announces its public routes, and opens a
 * virtual socket in it for every client that a gateway sends here. Run as many instances of a name as you like.
 *
 * @example
 * ```ts
 * const service = new Service("chat-service", transport, router);
 * await service.run();
 * ```
 */
export class Service implements AsyncDisposable {
  /** The same for all instances of a service. */
  readonly name: string;
  /** Unique for each instance; 32 characters of a–z and 0–9. */
  readonly id: string;
  readonly transport: Transport;
  readonly #settings: ServiceSettings;
  readonly #setup: RouterSetup;
  readonly #events: EventSource<ServiceEvent>;
  readonly #onError: ((error: Error) => void) | undefined;
  readonly #lifecycle: Lifecycle;
  #gatewayNames: readonly string[];
  #run: ServiceRun | undefined;

  /**
   * @param name - 1 to 64 of the characters A–Z a–z 0–9 `_` `-`.
   * @param transport - Shared with the gateways, or connected to the same bus.
   * @param handler - A router, which is used as it is and keeps its options; or any other handler, which gets a router
   *   of its own.
   * @throws {@link EurusError} `EURUS_NAME_INVALID`, `EURUS_TRANSPORT_MISSING`, `EURUS_HANDLER_INVALID` or `EURUS_OPTION_INVALID`.
   */
  constructor(name: string, transport: Transport, handler: Router | Handler, options: ServiceOptions = {}) {
    this.name = checkName("service", name);
    this.transport = checkTransport("service", name, transport);
    this.#settings = serviceSettings(options);
    this.#setup = new RouterSetup(name, handler, options);
    this.#gatewayNames = checkedNames(options.gatewayNames ?? []);
    this.id = this.#settings.runtime.randomToken(32);
    this.#onError = options.onError;
    const { runtime } = this.#settings;
    this.#events = loggedEvents({ kind: "service", name, logger: options.logger, runtime }, options.onError);
    this.#lifecycle = new Lifecycle({
      kind: "service",
      name,
      launch: () => this.#launch(),
      halt: () => this.#halt(),
      abandon: () => this.#abandon(),
    });
  }

  /** Which gateways may route here; empty for all. Setting it tells them at once. */
  get gatewayNames(): readonly string[] {
    return this.#gatewayNames;
  }

  set gatewayNames(names: readonly string[]) {
    this.#gatewayNames = checkedNames(names);
    this.#run?.announceChange();
  }

  /**
   * What gateways can reach. Setting it narrows the handler's public routes and tells gateways at once; from then on
   * clients that are connected get nothing else either. Undefined takes that back.
   */
  get routeDescriptors(): readonly RouteDescriptor[] {
    return this.#setup.routes();
  }

  set routeDescriptors(routes: readonly RouteDescriptor[] | undefined) {
    this.#setup.narrow(routes);
    this.#run?.announceChange();
  }

  /**
   * Binds the service to the bus and announces it. Resolves when gateways that are there can route to it.
   *
   * @throws {@link EurusError} (as a rejection) `EURUS_ALREADY_STARTED`, or `EURUS_START_FAILED` with the cause;
   *   then nothing is left bound.
   */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  /** Starts, and resolves when {@link stop} is done. */
  async run(): Promise<void> {
    const stopped = this.#lifecycle.untilStopped();
    await this.start();
    await stopped;
  }

  /** Whether gateways can route to this instance: started, not about to stop, and the bus is there. */
  get ready(): boolean {
    return this.#lifecycle.state === "running" && this.busStatus === "connected";
  }

  /**
   * What the last `bus` event told: the status of the transport, but also "disconnected" while the service's own
   * announcements do not come back.
   */
  get busStatus(): TransportStatus {
    return this.#run?.busStatus ?? this.transport.status;
  }

  /**
   * Takes no new clients, lets handlers finish for up to `drainTimeoutMs`, closes the virtual sockets with 1001
   * "Service is stopping", says goodbye and resolves. May be called at any time, also twice; the service can be
   * started again afterwards.
   */
  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** Calls `listener` with everything that an operator may want to know, until the returned function is called. */
  onEvent(listener: (event: ServiceEvent) => void): Unsubscribe {
    return this.#events.listen(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #launch(): Promise<void> {
    this.#run = new ServiceRun({
      name: this.name,
      id: this.id,
      transport: this.transport,
      settings: this.#settings,
      events: this.#events,
      setup: this.#setup,
      onError: this.#onError,
      gatewayNames: () => this.#gatewayNames,
    });
    return this.#run.start();
  }

  async #halt(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    await run?.stop();
  }

  #abandon(): void {
    this.#run?.abandon();
    this.#run = undefined;
  }

  static {
    eventsOf = (service) => service.#events;
  }
}

function checkedNames(names: readonly string[]): readonly string[] {
  return texts("gatewayNames", names).map((name) => checkName("gateway", name));
}
