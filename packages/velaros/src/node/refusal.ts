import { STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Why an upgrade request was refused; a label for logs and counters. */
export type RefusalReason =
  | "BAD_REQUEST"
  /** The request did not arrive in time. */
  | "REQUEST_TIMEOUT"
  | "UNSUPPORTED_VERSION"
  /** More headers, or longer ones, than a request may have. */
  | "TOO_MANY_HEADERS"
  /** No TLS, a version that is too old, or not the right certificate. */
  | "TLS_FAILED"
  | "NOT_FOUND"
  | "FORBIDDEN_ORIGIN"
  | "UNSUPPORTED_SUBPROTOCOL"
  | "UNAUTHENTICATED"
  | "AUTHENTICATION_OVERLOAD"
  | "TOO_MANY_CONNECTIONS"
  /** The process would run out of file descriptors; hung up on before a request was read. */
  | "TOO_MANY_SOCKETS"
  | "TOO_MANY_CONNECTIONS_OF_ADDRESS"
  | "TOO_MANY_ACCEPTS"
  /** More clients might fill the memory of the process. */
  | "TOO_LITTLE_MEMORY"
  | "CLOSING";

/** An upgrade request that is answered with an HTTP error. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** HTTP status code. */
  readonly status: number;
  /** For people; becomes the body. */
  readonly explanation: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How long a refused client may take to read why, in milliseconds. */
const lingerMs = 5_000;

/** Answers an upgrade request with an error and ends its connection. */
export function sendRefusal(socket: Duplex, refusal: Refusal): void {
  const body = `${refusal.explanation}\n`;
  const headers = {
    Connection: "close",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once("finish", destroy);
  if (socket instanceof Socket) socket.setTimeout(lingerMs, destroy);
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}\r\n${lines.join("")}\r\n${body}`,
  );
}

/** A listener that gives a socket up. */
export function destroy(this: Duplex): void {
  this.destroy();
}
