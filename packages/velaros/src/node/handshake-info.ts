import type { IncomingMessage } from "node:http";
import type { ConnectionInfo } from "../connection.ts";

/** Headers that only the handshake itself is about. */
const handshakeHeaders: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
]);

/**
 * What is known of a client from its handshake. Most connections are never asked for their headers, so these lie
 * in a flat list, a third of the size of a record, until somebody asks.
 */
export class HandshakeInfo implements ConnectionInfo {
  readonly remoteAddress: string;
  readonly subprotocol: string | undefined;
  readonly trusted: Readonly<Record<string, unknown>> | undefined;
  #headers: readonly string[] | Readonly<Record<string, string>>;

  constructor(
    request: IncomingMessage,
    remoteAddress: string,
    subprotocol: string | undefined,
    trusted: Readonly<Record<string, unknown>> | undefined,
  ) {
    this.remoteAddress = remoteAddress;
    this.subprotocol = subprotocol;
    this.trusted = trusted;
    this.#headers = applicationHeaders(request);
  }

  get headers(): Readonly<Record<string, string>> {
    if (isList(this.#headers)) this.#headers = toRecord(this.#headers);
    return this.#headers;
  }
}

function isList(headers: readonly string[] | Readonly<Record<string, string>>): headers is readonly string[] {
  return Array.isArray(headers);
}

/** Names and values, alternating. */
function applicationHeaders(request: IncomingMessage): readonly string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || handshakeHeaders.has(name)) continue;
    list.push(name, typeof value === "string" ? value : value.join(", "));
  }
  return list.slice(); // without the room to grow that the list still has
}

function toRecord(list: readonly string[]): Readonly<Record<string, string>> {
  const record = Object.create(null) as Record<string, string>;
  for (let index = 0; index + 1 < list.length; index += 2) record[list[index] ?? ""] = list[index + 1] ?? "";
  return record;
}
