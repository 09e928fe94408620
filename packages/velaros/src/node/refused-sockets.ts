import type { Server } from "node:http";
import type { DropArgument } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { descriptorLimit } from "./descriptor-limit.ts";
import type { Endpoint } from "./endpoint.ts";
import { badRequest } from "./handshake.ts";
import type { Refusal } from "./refusal.ts";
import { destroy } from "./refusal.ts";

/** Room for those who are told why they can't stay, and for everything that is not a client. */
const shareOfDescriptors = 0.85;

/**
 * Has the endpoint tell of clients that never get as far as an upgrade request: those that the server refuses by
 * itself. And keeps it from taking the last file descriptors, which would be hung up on without anybody knowing, and
 * be missing when the process has to connect to something itself.
 */
export function watchRefusedSockets(server: Server, endpoint: Endpoint): void {
  const limit = descriptorLimit();
  if (limit !== Infinity) server.maxConnections = Math.max(1, Math.floor(limit * shareOfDescriptors));
  server.on("drop", (data?: DropArgument) => {
    const explanation = "The process has as many sockets as it may have files open.";
    endpoint.refused("TOO_MANY_SOCKETS", explanation, { remoteAddress: data?.remoteAddress, limit });
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { remoteAddress, authorizationError, bytesWritten } = socket as TLSSocket;
    const problem = tlsProblem(error, authorizationError);
    if (problem !== undefined) {
      endpoint.refused("TLS_FAILED", "No secure connection could be made.", { remoteAddress, problem });
      socket.destroy();
    } else if (!socket.writable || bytesWritten > 0 || goneByItself.has(error.code ?? "")) {
      socket.destroy();
    } else {
      socket.on("error", destroy);
      endpoint.refuse(socket, refusals[error.code ?? ""] ?? unreadable, remoteAddress);
    }
  });
}

/** It hung up, as who only looks whether the port is open does. */
const goneByItself: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "HPE_INVALID_EOF_STATE"]);

const unreadable = badRequest("This is no HTTP request that can be read.");

const refusals: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    reason: "REQUEST_TIMEOUT",
    status: 408,
    explanation: "The request took too long to arrive.",
  },
  HPE_HEADER_OVERFLOW: {
    reason: "TOO_MANY_HEADERS",
    status: 431,
    explanation: "The headers of the request are too long.",
  },
};

function tlsProblem({ code }: NodeJS.ErrnoException, authorizationError: unknown): string | undefined {
  // A certificate that was refused shows in no error, only in the socket.
  if (typeof authorizationError === "string") return authorizationError;
  return code?.startsWith("ERR_SSL_") === true || code?.startsWith("ERR_TLS_") === true ? code : undefined;
}
