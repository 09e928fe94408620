import type { Server } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { VelarosError } from "../errors.ts";
import { closeOnAbort } from "./abort.ts";
import type { Attachment } from "./attach.ts";
import { attachEndpoint } from "./attach.ts";
import type { EndpointHost } from "./endpoint.ts";
import { Endpoint } from "./endpoint.ts";
import type { ListenOptions } from "./options.ts";
import { watchRefusedSockets } from "./refused-sockets.ts";
import { whole } from "./settings.ts";

/** A server that listens. */
export interface Listening extends Attachment {
  /** The port that it listens on. */
  readonly port: number;
  /** Where clients on this machine reach it: `ws://localhost:8080/ws`. */
  readonly url: string;
}

/**
 * Opens a port for WebSockets.
 *
 * @throws {@link VelarosError} `VELAROS_LISTEN_FAILED` when the port is taken or may not be used, `VELAROS_OPTION_INVALID`
 *   for an option outside its range; what `signal` was aborted with.
 */
export async function listen(router: EndpointHost, options: ListenOptions): Promise<Listening> {
  const { signal } = options;
  signal?.throwIfAborted();
  const endpoint = new Endpoint(router, options);
  const server = makeServer(endpoint, options);
  const attachment = attachEndpoint(endpoint, server);
  await bind(server, options);
  if (signal?.aborted === true) {
    await stop(server);
    throw signal.reason;
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  let stopped: Promise<void> | undefined;
  const close: Listening["close"] = (closeOptions) => {
    const drained = attachment.close(closeOptions);
    forgetSignal();
    stopped ??= drained.then(() => stop(server));
    return stopped;
  };
  const forgetSignal = closeOnAbort(signal, close);
  return {
    port,
    url: urlOf(options, port),
    get size() {
      return attachment.size;
    },
    closeConnections: attachment.closeConnections,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function makeServer(endpoint: Endpoint, options: ListenOptions): Server {
  const handshakeTimeoutMs = whole("handshakeTimeoutMs", options.handshakeTimeoutMs ?? 5_000, "milliseconds");
  const limits = {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, handshakeTimeoutMs),
    keepAliveTimeout: handshakeTimeoutMs,
    maxHeaderSize: whole("maxHeaderBytes", options.maxHeaderBytes ?? 16 * 1024),
  };
  const server =
    options.tls === undefined
      ? createServer(limits)
      : createTlsServer({
          minVersion: "TLSv1.2",
          handshakeTimeout: handshakeTimeoutMs,
          ...limits,
          ...options.tls,
        });
  server.on("request", (request, response) => endpoint.handleRequest(request, response));
  watchRefusedSockets(server, endpoint);
  return server;
}

function bind(server: Server, { port, host, logger }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      reject(
        new VelarosError(
          "VELAROS_LISTEN_FAILED",
          { host: host ?? "*", port, problem: problems[error.code ?? ""] ?? error.message },
          { cause: error },
        ),
      );
    server.once("error", failed);
    server.listen({ port, host }, () => {
      server.removeListener("error", failed);
      // Such as being out of descriptors for one client, which must not end the process.
      server.on("error", (error) => logger?.error({ error }, "A client could not be accepted."));
      resolve();
    });
  });
}

const problems: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is taken. Stop the process that has it, or use { port: 0 } for any free port.",
  EACCES: "this user may not open the port. Use one from 1024 on.",
  EADDRNOTAVAIL: "this machine does not have the address. Check { host }.",
};

/** Requests that are no upgrades may still be in flight; they get no time of their own. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function urlOf({ tls, host, path }: ListenOptions, port: number): string {
  const everywhere = host === undefined || host === "0.0.0.0" || host === "::";
  const name = everywhere ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `${tls === undefined ? "ws" : "wss"}://${name}:${port}${path ?? "/"}`;
}
