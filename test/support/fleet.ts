import { Gateway, Service } from "eurus";
import type { GatewayEvent, GatewayOptions, ServiceOptions, Transport } from "eurus";
import { Router } from "velaros";
import type { Handler, HandlerObject, ListenOptions } from "velaros";
import { json } from "velaros/json";
import { JsonClient } from "./json-client.ts";
import { KillableTransport } from "./killable-transport.ts";

/** A gateway behind a real WebSocket server. */
export interface Edge {
  readonly gateway: Gateway;
  readonly router: Router;
  readonly url: string;
  readonly events: GatewayEvent[];
  /** Ends the gateway's part on the bus without a word, as a crash would. */
  kill(): void;
}

/** One instance of a service. */
export interface Instance {
  readonly service: Service;
  /** Ends it on the bus without a word, as a crash would. */
  kill(): void;
  /** It says nothing any more, as a process that hangs, until what is returned is called. */
  hang(): () => void;
}

/** What to change about a gateway of a fleet. */
export interface EdgeSetup {
  readonly name?: string;
  readonly options?: GatewayOptions;
  readonly start?: boolean;
  readonly listen?: Partial<ListenOptions>;
  /** The edge's codec; JSON unless given. */
  readonly codec?: HandlerObject;
  /** Called with the edge's router before the gateway is mounted on it. */
  readonly before?: (router: Router) => void;
  /** Called after. */
  readonly after?: (router: Router) => void;
}

/** Gateways, services and clients of one test, on one bus; all of it is gone at its end. */
export class Fleet implements AsyncDisposable {
  readonly #connect: () => Promise<Transport>;
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  /** @param connect - A connection to the bus for one more process. */
  constructor(connect: () => Promise<Transport>) {
    this.#connect = connect;
  }

  /** A connection to the bus that can be cut. */
  async connect(): Promise<KillableTransport> {
    const bus = await this.#connect();
    this.#cleanups.push(() => bus.close());
    return new KillableTransport(bus);
  }

  async edge(setup: EdgeSetup = {}): Promise<Edge> {
    const transport = await this.connect();
    const options = { drainTimeoutMs: 100, ...setup.options };
    const gateway = new Gateway(setup.name ?? "main-gateway", transport, options);
    const events: GatewayEvent[] = [];
    gateway.onEvent((event) => events.push(event));
    if (setup.start !== false) await gateway.start();
    const router = new Router({ onError: () => undefined });
    router.use(setup.codec ?? json());
    setup.before?.(router);
    router.use(gateway);
    setup.after?.(router);
    const listening = await router.listen({ port: 0, path: "/ws", logger: silent, ...setup.listen });
    this.#cleanups.push(
      () => gateway.stop(),
      () => listening.close({ graceMs: 0 }),
    );
    return { gateway, router, url: listening.url, events, kill: () => transport.kill() };
  }

  async service(name: string, handler: Handler | Router, options: ServiceOptions = {}): Promise<Instance> {
    const instance = await this.unstarted(name, handler, options);
    await instance.service.start();
    return instance;
  }

  async unstarted(name: string, handler: Handler | Router, options: ServiceOptions = {}): Promise<Instance> {
    const transport = await this.connect();
    const quiet = { drainTimeoutMs: 100, logger: silent };
    const service = new Service(name, transport, handler, { ...quiet, ...options });
    this.#cleanups.push(() => service.stop());
    const hang = (): (() => void) => {
      transport.mute();
      return () => transport.unmute();
    };
    return { service, kill: () => transport.kill(), hang };
  }

  async client(edge: Edge, headers: Record<string, string> = {}): Promise<JsonClient> {
    const client = await JsonClient.connect(edge.url, { headers });
    this.#cleanups.push(() => client[Symbol.asyncDispose]());
    return client;
  }

  clients(edge: Edge, count: number): Promise<JsonClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.client(edge)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
  }
}

const silent: NonNullable<ListenOptions["logger"]> = { warn: () => undefined, error: () => undefined };

/** A router that speaks JSON. */
export function jsonRouter(): Router {
  return new Router({ onError: () => undefined }).use(json());
}
