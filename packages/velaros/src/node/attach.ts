import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { CloseCode } from "velaros-protocol";
import type { ConnectionInfo } from "../connection.ts";
import { closeOnAbort } from "./abort.ts";
import type { EndpointHost } from "./endpoint.ts";
import { Endpoint } from "./endpoint.ts";
import { pathOf } from "./handshake.ts";
import type { AttachOptions, CloseOptions } from "./options.ts";
import type { Refusal } from "./refusal.ts";
import { destroy } from "./refusal.ts";

/** WebSockets on a server that somebody else made. */
export interface Attachment extends AsyncDisposable {
  /** How many connections are open. */
  readonly size: number;
  /**
   * Closes the connections of clients that may no longer be here.
   *
   * @returns How many there were.
   */
  closeConnections(
    which: (info: ConnectionInfo) => boolean,
    status?: { code?: number; reason?: string },
  ): number;
  /**
   * Answers new upgrade requests with 503 and closes the connections in batches; resolves when all are gone. The server stays
   * open, and a router may be attached to it anew. A second call cuts what is left.
   *
   * @throws `VELAROS_CLOSE_CODE_INVALID` for a code that can't be sent.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** WebSockets for somebody who dispatches the requests of a server himself. */
export interface UpgradeHandlers extends Attachment {
  /** For requests of the `upgrade` event; each is answered, also when it is refused. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** For requests of the `request` event: answers with 400, or passes those on to `next` that are no upgrades. */
  handleRequest(request: IncomingMessage, response: ServerResponse, next?: () => void): void;
}

/** All options of {@link attach} but the path, which whoever dispatches has looked at. */
export type UpgradeHandlersOptions = Omit<AttachOptions, "path">;

/**
 * An endpoint that nobody has to give a server.
 *
 * @throws {@link VelarosError} `VELAROS_OPTION_INVALID` for an option outside its range; what `signal` was aborted with.
 */
export function upgradeHandlers(router: EndpointHost, options: UpgradeHandlersOptions): UpgradeHandlers {
  options.signal?.throwIfAborted();
  const endpoint = new Endpoint(router, options);
  const handlers: Pick<UpgradeHandlers, "handleUpgrade" | "handleRequest"> = {
    handleUpgrade: (request, socket, head) => endpoint.handleUpgrade(request, socket, head),
    handleRequest: (request, response, next) => endpoint.handleRequest(request, response, next),
  };
  return Object.assign(attachmentOf(endpoint, options.signal), handlers);
}

/**
 * Serves upgrade requests of any `node:http` or `node:https` server, beside whatever else it serves.
 *
 * @throws {@link VelarosError} `VELAROS_OPTION_INVALID` for an option outside its range; what `signal` was aborted with.
 */
export function attach(router: EndpointHost, server: Server, options: AttachOptions = {}): Attachment {
  options.signal?.throwIfAborted();
  return attachEndpoint(new Endpoint(router, options), server, options.signal);
}

/** A listener of ours, which others can ask about the requests that it takes. */
interface UpgradeListener {
  (request: IncomingMessage, socket: Duplex, head: Buffer): void;
  [takes]?: (request: IncomingMessage) => boolean;
  /** Whether it has closed and an attachment at `path` may stand in its place. */
  [yieldsTo]?: (path: string | undefined) => boolean;
}

const takes = Symbol("velaros.takes");
const yieldsTo = Symbol("velaros.yieldsTo");

/** Has the upgrade requests of a server that are for this endpoint come to it. */
export function attachEndpoint(endpoint: Endpoint, server: Server, signal?: AbortSignal): Attachment {
  const { path } = endpoint.settings;
  for (const other of server.listeners("upgrade") as UpgradeListener[]) {
    if (other[yieldsTo]?.(path) === true) server.removeListener("upgrade", other);
  }
  const isMine = (request: IncomingMessage): boolean => path === undefined || pathOf(request) === path;
  const onUpgrade: UpgradeListener = (request, socket, head) => {
    if (isMine(request)) endpoint.handleUpgrade(request, socket, head);
    else if (isNobodys(server, request, onUpgrade)) {
      socket.on("error", destroy);
      endpoint.refuse(socket, notFound, request.socket.remoteAddress);
    }
  };
  onUpgrade[takes] = isMine;
  onUpgrade[yieldsTo] = (newPath) =>
    endpoint.closing && (path === undefined || newPath === undefined || path === newPath);
  server.on("upgrade", onUpgrade);
  return attachmentOf(endpoint, signal);
}

/** What all attachments can do, however requests come to their endpoints. */
function attachmentOf(endpoint: Endpoint, signal: AbortSignal | undefined): Attachment {
  const close = (closeOptions?: CloseOptions): Promise<void> => {
    const closed = endpoint.close(closeOptions);
    forgetSignal();
    return closed;
  };
  const forgetSignal = closeOnAbort(signal, close);
  return {
    get size() {
      return endpoint.size;
    },
    closeConnections: (which, { code = CloseCode.POLICY_VIOLATION, reason = "" } = {}) =>
      endpoint.closeConnections(which, code, reason),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

const notFound: Refusal = {
  reason: "NOT_FOUND",
  status: 404,
  explanation: "Nothing speaks WebSocket at this path.",
};

/** Whether `listener` is the one to say that nothing is here: the first, when all are ours and none takes it. */
function isNobodys(server: Server, request: IncomingMessage, listener: UpgradeListener): boolean {
  const listeners = server.listeners("upgrade") as UpgradeListener[];
  return listeners[0] === listener && listeners.every((other) => other[takes]?.(request) === false);
}
