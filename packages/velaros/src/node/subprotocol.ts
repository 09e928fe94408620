/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What came of the subprotocols that a client offered. */
export type Negotiation =
  | { readonly kind: "none" }
  | { readonly kind: "selected"; readonly subprotocol: string }
  | { readonly kind: "malformed" }
  | { readonly kind: "unsupported" };

/**
 * Chooses the subprotocol of a connection: the client's first that is supported (RFC 6455 §4.2.2).
 *
 * @param header - The request's Sec-WebSocket-Protocol.
 */
export function negotiateSubprotocol(header: string | undefined, supported: readonly string[]): Negotiation {
  if (header === undefined) return { kind: "none" };
  const offered = header.split(",").map((item) => item.trim());
  if (!offered.every((item) => token.test(item)) || new Set(offered).size < offered.length) {
    return { kind: "malformed" };
  }
  const subprotocol = offered.find((item) => supported.includes(item));
  return subprotocol === undefined ? { kind: "unsupported" } : { kind: "selected", subprotocol };
}
