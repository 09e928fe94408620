import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { CloseCode, isSendableCloseCode } from "velaros-protocol";
import type { Runtime, Timer } from "velaros-protocol";
import type { ServerOptions } from "ws";
import { WebSocketServer } from "ws";
import { ownCloses } from "../close-reasons.ts";
import type { ConnectionInfo, ConnectionInlet, ConnectionOutlet } from "../connection.ts";
import { VelarosError } from "../errors.ts";
import { Admission, retryAfterSeconds } from "./admission.ts";
import type { Identity } from "./authentication.ts";
import { Authentication } from "./authentication.ts";
import { ClientAddress } from "./client-address.ts";
import { closeInBatches } from "./close-in-batches.ts";
import type { ConnectionHost, ConnectionLimits } from "./connection-host.ts";
import { DirectWebSocket } from "./direct-web-socket.ts";
import { Gate } from "./gate.ts";
import { HandshakeInfo } from "./handshake-info.ts";
import { isWebSocketUpgrade, pathOf, upgradeExpected } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { IncidentLog } from "./incident-log.ts";
import type { MemoryHolder, MemoryHolders, MemoryWatch } from "./memory-watch.ts";
import { MemoryWatches } from "./memory-watches.ts";
import type { AttachOptions, CloseOptions } from "./options.ts";
import type { OwnedSocket } from "./owned-socket.ts";
import { messagesPerLook } from "./read-pace.ts";
import type { Refusal, RefusalReason } from "./refusal.ts";
import { destroy, sendRefusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";
import { resolveSettings } from "./settings.ts";
import { Turn } from "./turn.ts";
import { WsConnection } from "./ws-connection.ts";

/** The router, as its endpoints see it. */
export interface EndpointHost {
  /** A client has connected. */
  connect(info: ConnectionInfo, outlet: ConnectionOutlet): ConnectionInlet;
  /** Whether new clients may be let in; asked for each of them. */
  acceptsClients?(): boolean;
  /** The subprotocols of the router's codecs, in order of preference. */
  subprotocols(): readonly string[];
  /** A client is about to be closed because it keeps sending too fast; the moment to tell it. */
  rateLimited?(inlet: ConnectionInlet): void;
  /** What its endpoints know of the memory that they share; without it each looks for itself. */
  readonly memory?: MemoryWatches;
}

const { serverStopping } = ownCloses;

/** Where upgrade requests become connections of a router. Knows nothing of servers and ports. */
export class Endpoint implements ConnectionHost {
  readonly settings: Settings;
  readonly limits: ConnectionLimits;
  readonly runtime: Runtime;
  readonly turn: Turn;
  readonly heartbeat: Heartbeat<WsConnection>;
  readonly #router: EndpointHost;
  readonly #webSockets: WebSocketServer;
  readonly #gate: Gate;
  readonly #addresses: ClientAddress;
  readonly #authentication: Authentication;
  readonly #admission: Admission;
  readonly #incidents: IncidentLog;
  readonly #memory: MemoryWatch<MemoryHolder>;
  readonly #memoryHolders: MemoryHolders<MemoryHolder>;
  #closing: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  /** @throws {@link VelarosError} `VELAROS_OPTION_INVALID`. */
  constructor(router: EndpointHost, options: AttachOptions) {
    const settings = resolveSettings(options);
    this.settings = settings;
    this.runtime = settings.runtime;
    this.turn = new Turn(settings.runtime);
    this.heartbeat = new Heartbeat(settings.runtime, {
      pingIntervalMs: settings.pingIntervalMs,
      pongTimeoutMs: settings.pongTimeoutMs,
      shortestWatchMs: Math.min(
        settings.stallTimeoutMs,
        settings.pauseTimeoutMs,
        settings.messageTimeoutMs,
        settings.closeTimeoutMs,
        settings.pingTimeoutCutMs,
        settings.idleTimeoutMs,
        settings.maxConnectionAgeMs,
      ),
    });
    this.limits = {
      pongTicks: this.heartbeat.ticks(settings.pongTimeoutMs),
      stallTicks: this.heartbeat.ticks(settings.stallTimeoutMs),
      pauseTicks: this.heartbeat.ticks(settings.pauseTimeoutMs),
      messageTicks: this.heartbeat.ticks(settings.messageTimeoutMs),
      idleTicks: this.heartbeat.ticks(settings.idleTimeoutMs),
      messagesPerLook: messagesPerLook(settings),
      isTimed: Math.min(settings.idleTimeoutMs, settings.maxConnectionAgeMs) !== Infinity,
    };
    this.#router = router;
    this.#gate = new Gate(settings, () => router.subprotocols());
    this.#webSockets = new WebSocketServer(webSocketOptions(settings, this.#gate));
    this.#addresses = new ClientAddress(settings.trustedProxies);
    this.#incidents = new IncidentLog(settings.runtime, settings.logger);
    this.#authentication = new Authentication(settings, this.#incidents);
    this.#memory = (router.memory ?? new MemoryWatches()).of(settings);
    this.#memoryHolders = { incidents: this.#incidents, members: () => this.heartbeat.members() };
    this.#admission = new Admission(settings, this.#memory);
  }

  /** How many connections are open. */
  get size(): number {
    return this.heartbeat.size;
  }

  /** Whether new clients are refused because {@link close} was called. */
  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** For the `upgrade` event of an HTTP server. Answers every request, also those that it refuses. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Before anything waits: an error without a listener would end the process.
    socket.on("error", destroy);
    const refusal = this.#checkOpen() ?? this.#gate.check(request);
    if (refusal !== undefined) {
      this.refuse(socket, refusal, request.socket.remoteAddress);
      return;
    }
    const address = this.#addresses.of(request.socket.remoteAddress, headerText(request, "x-forwarded-for"));
    const full = this.#admission.enter(address);
    if (full !== undefined) {
      this.refuse(socket, full, address);
      return;
    }
    if (this.settings.authenticate === undefined) {
      this.#upgrade(request, socket, head, address, anybody);
    } else {
      void this.#authenticate(request, socket, head, address);
    }
  }

  /** For the `request` event, or as middleware of a framework: says that an upgrade was expected, or passes on. */
  handleRequest(request: IncomingMessage, response: ServerResponse, next?: () => void): void {
    if (isWebSocketUpgrade(request)) {
      this.settings.logger?.warn(
        { path: pathOf(request) }, // The query may hold a token.
        "An upgrade request came as an ordinary one: nothing listens to the server's upgrades. Call attach(server).",
      );
    } else if (next !== undefined) {
      next();
      return;
    }
    response.writeHead(400, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
    response.end(`${upgradeExpected}\n`);
  }

  /**
   * Refuses new clients and closes those that are there, in batches. Resolves when all are gone and their close
   * chains have run. A second call cuts what is left.
   */
  close(options: CloseOptions = {}): Promise<void> {
    const { code = serverStopping.status, graceMs = 10_000 } = options;
    if (!isSendableCloseCode(code)) throw new VelarosError("VELAROS_CLOSE_CODE_INVALID", { status: code });
    if (this.#closing === undefined) this.#closing = this.#closeAll(code, graceMs);
    else this.#cutAll(code);
    return this.#closing;
  }

  /** Closes the connections that `which` picks, such as those of a user who may no longer be here. Returns their number. */
  closeConnections(which: (info: ConnectionInfo) => boolean, code: number, reason: string): number {
    if (!isSendableCloseCode(code)) throw new VelarosError("VELAROS_CLOSE_CODE_INVALID", { status: code });
    const picked = [...this.heartbeat.members()].filter((connection) => which(connection.info));
    for (const connection of picked) connection.end(code, reason);
    return picked.length;
  }

  rateLimited(inlet: ConnectionInlet): void {
    this.#router.rateLimited?.(inlet);
  }

  /** Answers a client that may not connect, and tells of it. */
  refuse(socket: Duplex, refusal: Refusal, remoteAddress: string | undefined): void {
    sendRefusal(socket, refusal);
    this.refused(refusal.reason, refusal.explanation, { status: refusal.status, remoteAddress });
  }

  /** Counts and logs a client that was refused. */
  refused(reason: RefusalReason, explanation: string, details: Readonly<Record<string, unknown>>): void {
    if (!toldElsewhere.has(reason)) {
      this.#incidents.warn(reason, { reason, ...details }, `Refused a client: ${explanation}`);
    }
    try {
      this.settings.onRefused?.(reason);
    } catch (error) {
      this.settings.logger?.error({ error, reason }, "The onRefused hook failed.");
    }
  }

  gaveUp({ remoteAddress }: ConnectionInfo, status: number, reason: string): void {
    this.#incidents.warn(reason, { status, reason, remoteAddress }, `Closed a client: ${reason}.`);
  }

  gone(connection: WsConnection): void {
    this.#admission.leave(connection.info.remoteAddress);
    this.#memory.gone(connection);
    if (this.size > 0) return;
    this.#memory.stop(this.#memoryHolders);
    this.#onEmpty?.();
  }

  #checkOpen(): Refusal | undefined {
    if (!this.closing && this.#router.acceptsClients?.() !== false) return undefined;
    return {
      reason: "CLOSING",
      status: 503,
      explanation: "The server is stopping.",
      headers: { "Retry-After": String(retryAfterSeconds(this.settings)) },
    };
  }

  async #authenticate(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
  ): Promise<void> {
    const verdict = await this.#authentication.decide(request, socket, address);
    const refusal =
      verdict === "gone" ? undefined : "refusal" in verdict ? verdict.refusal : this.#checkOpen();
    if (verdict !== "gone" && !("refusal" in verdict) && refusal === undefined) {
      this.#upgrade(request, socket, head, address, verdict);
      return;
    }
    this.#admission.leave(address);
    if (refusal !== undefined) this.refuse(socket, refusal, address);
  }

  #upgrade(
    request: IncomingMessage,
    socket: OwnedSocket,
    head: Buffer,
    address: string,
    identity: Identity,
  ): void {
    let connected = false;
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      connected = true;
      socket.removeListener("error", destroy);
      const subprotocol = webSocket.protocol === "" ? undefined : webSocket.protocol;
      const info = new HandshakeInfo(request, address, subprotocol, identity.trusted);
      const connection = new WsConnection(this, webSocket as DirectWebSocket, socket, info);
      this.#memory.start(this.#memoryHolders);
      if (identity.expiresAtMs !== undefined) connection.expireAt(identity.expiresAtMs);
      try {
        connection.start(this.#router.connect(info, connection));
      } catch (error) {
        this.settings.logger?.error({ error, remoteAddress: address }, "A connection could not be set up.");
        connection.close(CloseCode.INTERNAL_ERROR, "", "server");
      }
    });
    // The client left while it was being looked at; `ws` has closed the socket.
    if (!connected) this.#admission.leave(address);
  }

  #cutAll(code: number): void {
    for (const connection of [...this.heartbeat.members()]) {
      connection.end(code, serverStopping.reason);
      connection.cut();
    }
  }

  async #closeAll(code: number, graceMs: number): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      if (this.size === 0) resolve();
    });
    const connections = [...this.heartbeat.members()];
    const chains = Promise.all(connections.map((connection) => connection.finished));
    let cutter: Timer | undefined;
    const outOfTime = new Promise<void>((resolve) => {
      cutter = this.runtime.setTimer(graceMs, () => {
        this.#cutAll(code);
        resolve();
      });
    });
    await closeInBatches(this.runtime, connections, graceMs, (connection) =>
      connection.end(code, serverStopping.reason, graceMs),
    );
    await empty;
    await Promise.race([chains, outOfTime]);
    cutter?.cancel();
  }
}

/** An origin has its own line, with the setting to change; who stops a server knows what follows. */
const toldElsewhere: ReadonlySet<RefusalReason> = new Set<RefusalReason>(["FORBIDDEN_ORIGIN", "CLOSING"]);

const anybody: Identity = { trusted: undefined, expiresAtMs: undefined };

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

/** Some of these options are newer than the types of `ws`. */
function webSocketOptions(
  settings: Settings,
  gate: Gate,
): ServerOptions<typeof DirectWebSocket> & {
  readonly closeTimeout: number;
  readonly maxPendingAutoPongs: number;
} {
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    WebSocket: DirectWebSocket,
    maxPayload: settings.maxMessageBytes,
    maxFragments: settings.maxFragments,
    maxBufferedChunks: settings.maxBufferedChunks,
    maxPendingAutoPongs: settings.maxPendingPongs,
    closeTimeout: settings.closeTimeoutMs,
    handleProtocols: (_offered, request) => gate.subprotocolFor(request) ?? false,
  };
}
