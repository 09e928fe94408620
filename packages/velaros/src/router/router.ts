import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  type AddRoute,
  CloseCode,
  type MountRoutes,
  type NoRoutes,
  type Runtime,
  wireErrors,
} from "velaros-protocol";
import type { ConnectionInfo, ConnectionInlet, ConnectionOutlet } from "../connection.ts";
import type { Context } from "../context.ts";
import { messageContext } from "../context/message-context.ts";
import type { CloseHandler, Handler, OpenHandler, RouteDescriptor } from "../handler.ts";
import type { Logger } from "../logger.ts";
import {
  type Attachment,
  attach,
  type UpgradeHandlers,
  type UpgradeHandlersOptions,
  upgradeHandlers,
} from "../node/attach.ts";
import { type EndpointHost, Endpoint } from "../node/endpoint.ts";
import { type Listening, listen } from "../node/listen.ts";
import { MemoryWatches } from "../node/memory-watches.ts";
import type { AttachOptions, ListenOptions } from "../node/options.ts";
import { nodeRuntime } from "../node/runtime.ts";
import { safeLogger } from "../node/safe-logger.ts";
import { stderrLogger } from "../node/stderr-logger.ts";
import type { Pattern } from "../pattern/pattern.ts";
import { nothing } from "../records.ts";
import type { SocketState } from "../socket.ts";
import type { ConnectOptions, ErrorListener, SocketHost } from "../socket/host.ts";
import { SocketInlet } from "../socket/inlet.ts";
import { RouterSocket } from "../socket/router-socket.ts";
import { type CustomConnection, CustomOutlet } from "./custom-connection.ts";
import { runNested } from "./nested.ts";
import { type RouterOptions, socketSettings } from "./options.ts";
import { pingCustomConnection } from "./ping.ts";
import { takeApart } from "./registration.ts";
import { Reports } from "./reports.ts";
import { type Access, RouteTable } from "./route-table.ts";
import type { Accepted, Answer, MountPrefix, NestedRouter, RouteHandler, Validated } from "./route-types.ts";

/** One object for all connections that come without. */
const noOptions: ConnectOptions = {};

/** What was registered on a router; undefined for anything else. Assigned once, where the private field can be seen. */
let tableOf: (handler: unknown) => RouteTable | undefined;

/**
 * Sends the messages of WebSocket connections to handlers by their path. Handlers run in the order in which they are bound;
 * each passes the message on with `context.next()` or ends its way. Every binding method returns the router, typed with
 * the route that was added.
 *
 * @example
 * ```ts
 * const router = new Router()
 *   .use(json())
 *   .publicBind("/users/:id", (context) => context.reply({ id: context.params.id }));
 * await router.listen({ port: 8080, path: "/ws" });
 * ```
 */
export class Router<
  State extends object = SocketState,
  Routes extends object = NoRoutes,
  const Mount extends string = "",
> {
  /** The public routes with their types. Exists for the compiler only. */
  declare readonly "~routes": Routes;
  /** Where this router belongs; see {@link RouterOptions.mountedAt}. Exists for the compiler only. */
  declare readonly "~mount": Mount;

  readonly #table = new RouteTable();
  readonly #memory = new MemoryWatches();
  readonly #host: SocketHost;
  readonly #runtime: Runtime;
  readonly #logger: Logger;
  readonly #reports: Reports;
  #connectionDefaults: AttachOptions = {};
  #endpoint: Endpoint | undefined;

  /** @throws {@link VelarosError} `VELAROS_OPTION_INVALID` for an option outside its range. */
  constructor(options: RouterOptions<Mount> = {}) {
    const table = this.#table;
    this.#runtime = options.runtime ?? nodeRuntime;
    this.#logger = safeLogger(options.logger ?? stderrLogger("velaros"));
    const reports = new Reports(options, this.#logger);
    this.#reports = reports;
    this.#host = {
      settings: socketSettings(options, this.#runtime),
      chain: table.chain,
      openCalls: () => table.openCalls(),
      closeCalls: () => table.closeCalls(),
      codecs: () => table.codecs(),
      failed: (error, context, listener) => reports.failed(error, context, listener),
      unanswered: (event) => reports.unanswered(event),
      codecMissing: (context) => reports.codecMissing(context),
    };
  }

  /**
   * Binds middleware: handlers for every message, or for every message below `path`. A router among them gets its
   * own part of the paths: its patterns begin behind `path`, and its public routes stay public.
   *
   * @param path - A pattern; `/admin`, `/admin/` and `/admin/**` mean the same.
   * @throws {@link VelarosError} `VELAROS_HANDLER_MISSING`, `VELAROS_HANDLER_INVALID` or `VELAROS_PATTERN_INVALID`;
   *   nothing is bound then.
   */
  use<SubRoutes extends object>(
    router: NestedRouter<SubRoutes, Mount>,
  ): Router<State, Routes & SubRoutes, Mount>;
  use<const Path extends string, SubRoutes extends object>(
    path: Path,
    router: NestedRouter<SubRoutes, `${Mount}${MountPrefix<Path>}`>,
  ): Router<State, Routes & MountRoutes<MountPrefix<Path>, SubRoutes>, Mount>;
  use(...handlers: readonly Handler<string, State>[]): this;
  use<const Path extends string>(path: Path, ...handlers: readonly Handler<`${Mount}${Path}`, State>[]): this;
  use(...given: readonly unknown[]): unknown {
    return this.#add("use", given);
  }

  /**
   * Binds handlers to exactly this pattern, for messages of this router's own connections only: messages that come
   * through a gateway never reach them.
   *
   * @throws {@link VelarosError} `VELAROS_HANDLER_MISSING`, `VELAROS_HANDLER_INVALID` or `VELAROS_PATTERN_INVALID`;
   *   nothing is bound then.
   */
  bind<const Path extends string>(
    path: Path,
    ...handlers: readonly Handler<`${Mount}${Path}`, State>[]
  ): this;
  bind<
    const Path extends string,
    Input extends StandardSchemaV1 | undefined = undefined,
    Output extends StandardSchemaV1 | undefined = undefined,
  >(
    path: Path,
    schemas: { readonly input?: Input; readonly output?: Output },
    ...handlers: readonly Handler<`${Mount}${Path}`, State, Validated<Input>, Accepted<Output>>[]
  ): this;
  bind(...given: readonly unknown[]): unknown {
    return this.#add("bind", given);
  }

  /**
   * Binds handlers to exactly this pattern, as a public route: gateways announce it and send messages to it.
   *
   * @throws {@link VelarosError} `VELAROS_HANDLER_MISSING`, `VELAROS_HANDLER_INVALID` (also for routers) or
   *   `VELAROS_PATTERN_INVALID`; nothing is bound then.
   */
  publicBind<const Path extends string, Results extends readonly unknown[]>(
    path: Path,
    ...handlers: { readonly [Index in keyof Results]: RouteHandler<`${Mount}${Path}`, State, Results[Index]> }
  ): Router<State, AddRoute<Routes, Path, unknown, Answer<Results[number]>>, Mount>;
  publicBind<
    const Path extends string,
    Input extends StandardSchemaV1 | undefined = undefined,
    Output extends StandardSchemaV1 | undefined = undefined,
  >(
    path: Path,
    schemas: { readonly input?: Input; readonly output?: Output },
    ...handlers: readonly Handler<`${Mount}${Path}`, State, Validated<Input>, Accepted<Output>>[]
  ): Router<State, AddRoute<Routes, Path, Accepted<Input>, Validated<Output>>, Mount>;
  publicBind(...given: readonly unknown[]): unknown {
    return this.#add("publicBind", given);
  }

  /**
   * Binds handlers that run once for each new connection, before its first message. One that throws closes the
   * connection with 1011.
   *
   * @throws {@link VelarosError} `VELAROS_HANDLER_MISSING` or `VELAROS_HANDLER_INVALID`.
   */
  useOpen(...handlers: readonly OpenHandler<State>[]): this {
    this.#table.addOpen(takeApart("useOpen", handlers).handlers);
    return this;
  }

  /**
   * Binds handlers that run once when a connection has ended, however it ended.
   *
   * @throws {@link VelarosError} `VELAROS_HANDLER_MISSING` or `VELAROS_HANDLER_INVALID`.
   */
  useClose(...handlers: readonly CloseHandler<State>[]): this {
    this.#table.addClose(takeApart("useClose", handlers).handlers);
    return this;
  }

  /** The pattern that this handler is bound to, also within nested routers, without the mount prefix; undefined when it is not bound. */
  lookup(handler: unknown): Pattern | undefined {
    return this.#table.lookup(handler, tableOf);
  }

  /** The public routes as they are now, those of nested routers included; each pattern once, in the order of registration. */
  routeDescriptors(): readonly RouteDescriptor[] {
    return this.#table.routeDescriptors();
  }

  /** Handles a message as part of another router's chain. */
  handle(context: Context): void | Promise<void> {
    return runNested(messageContext(context), this.#table.chain);
  }

  /** Calls `listener` with each error that no handler dealt with, in place of the line in the log. Returns the way to stop. */
  onError(listener: ErrorListener): () => void {
    return this.#reports.listen(listener);
  }

  /**
   * Opens a port for WebSockets.
   *
   * @throws {@link VelarosError} `VELAROS_LISTEN_FAILED` (as a rejection) when the port can't be had.
   */
  listen(options: ListenOptions): Promise<Listening> {
    return listen(this.#endpointHost, { ...this.#endpointDefaults, ...options });
  }

  /** Serves the upgrade requests of a server, beside whatever else it serves. */
  attach(server: Parameters<typeof attach>[1], options?: AttachOptions): Attachment {
    return attach(this.#endpointHost, server, { ...this.#endpointDefaults, ...options });
  }

  /**
   * What {@link attach} does, for servers that dispatch requests themselves: takes every option but the path, and can
   * be closed.
   *
   * @throws {@link VelarosError} `VELAROS_OPTION_INVALID` for an option outside its range.
   */
  upgradeHandlers(options?: UpgradeHandlersOptions): UpgradeHandlers {
    return upgradeHandlers(this.#endpointHost, { ...this.#endpointDefaults, ...options });
  }

  /**
   * Takes an upgrade request with the defaults of all options but those that {@link setOrigins} and its like have set.
   * Its connections end with their clients or the process: use {@link upgradeHandlers} where a server stops in peace.
   */
  handleUpgrade(...[request, socket, head]: Parameters<Endpoint["handleUpgrade"]>): void {
    this.#ownEndpoint.handleUpgrade(request, socket, head);
  }

  /** Answers a request that is no upgrade with 400, or passes it on to `next` when there is one. As {@link handleUpgrade}. */
  handleRequest(...[request, response, next]: Parameters<Endpoint["handleRequest"]>): void {
    this.#ownEndpoint.handleRequest(request, response, next);
  }

  /** Names of the encodings that this router, and those nested in it, can read and write. */
  codecNames(): readonly string[] {
    return this.#table.codecs().map((codec) => codec.name);
  }

  /**
   * Takes in a connection of any kind. Messages and the end of the connection go into what is returned; what
   * the router has to say goes to `outlet`.
   */
  connect(
    info: ConnectionInfo,
    outlet: ConnectionOutlet,
    options: ConnectOptions = noOptions,
  ): ConnectionInlet {
    const socket = new RouterSocket(this.#host, info, outlet, options);
    socket.start();
    return new SocketInlet(socket);
  }

  /**
   * Serves a connection of your own making, which is asked for its messages one by one.
   *
   * @param info - Who it is; undefined when nothing is known.
   * @param options - `signal` ends the connection with 1001.
   * @returns A promise that resolves when the connection has ended and its close handlers have run; rejects when the
   *   connection can't be closed.
   */
  async handleConnection(
    info: Partial<ConnectionInfo> | undefined,
    connection: CustomConnection,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    const outlet = new CustomOutlet(connection);
    const inlet = this.connect({ remoteAddress: "", headers: nothing, ...info }, outlet);
    const stopPinging = pingCustomConnection(connection, inlet, this.#runtime, this.#connectionDefaults);
    const abort = (): void => inlet.closed(CloseCode.GOING_AWAY, "", "server");
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      await outlet.feed(inlet);
    } finally {
      options.signal?.removeEventListener("abort", abort);
      stopPinging();
    }
  }

  /** Same as the option `origins`, for the endpoints that are opened after this. */
  setOrigins(origins: readonly string[]): this {
    return this.#setDefault({ origins });
  }

  /** Same as the option `maxMessageBytes`; `0` and less keep the default. */
  setMaxReadMessageSize(bytes: number): this {
    return bytes > 0 ? this.#setDefault({ maxMessageBytes: bytes }) : this;
  }

  /** Same as the option `pingIntervalMs`. */
  setPingInterval(intervalMs: number): this {
    return this.#setDefault({ pingIntervalMs: intervalMs });
  }

  /** Same as the option `pongTimeoutMs`; `0` means the ping interval. */
  setPingTimeout(timeoutMs: number): this {
    return this.#setDefault({ pongTimeoutMs: timeoutMs });
  }

  #setDefault(options: AttachOptions): this {
    this.#connectionDefaults = { ...this.#connectionDefaults, ...options };
    return this;
  }

  #add(access: Access, given: readonly unknown[]): this {
    const { path, schemas, handlers } = takeApart(access, given);
    const entries = handlers.map((handler) => ({ handler, table: tableOf(handler) }));
    this.#table.add({ access, path, schemas, entries });
    return this;
  }

  get #endpointHost(): EndpointHost {
    return {
      memory: this.#memory,
      connect: (info, outlet) => this.connect(info, outlet),
      acceptsClients: () => this.#table.acceptsClients(),
      subprotocols: () => this.#table.codecs().map((codec) => codec.subprotocol),
      rateLimited: (inlet) => {
        if (inlet instanceof SocketInlet) {
          inlet.socket.tell({ code: "RATE_LIMITED", message: wireErrors.RATE_LIMITED });
        }
      },
    };
  }

  get #endpointDefaults(): AttachOptions {
    return { logger: this.#logger, runtime: this.#runtime, ...this.#connectionDefaults };
  }

  get #ownEndpoint(): Endpoint {
    return (this.#endpoint ??= new Endpoint(this.#endpointHost, this.#endpointDefaults));
  }

  static {
    tableOf = (handler) => (handler instanceof Router ? handler.#table : undefined);
  }
}
