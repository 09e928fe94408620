import type { IncomingMessage } from "node:http";
import type { Refusal } from "./refusal.ts";

/** Sixteen bytes in Base64 (RFC 6455 §4.1). */
const keyPattern = /^[+/0-9A-Za-z]{22}==$/;

/** What is wrong with an upgrade request by RFC 6455 §4.2.1, if anything. */
export function checkHandshake(request: IncomingMessage, maxHeaders: number): Refusal | undefined {
  const { headers, rawHeaders } = request;
  if (rawHeaders.length > maxHeaders * 2) {
    return {
      reason: "TOO_MANY_HEADERS",
      status: 431,
      explanation: `The request has more than ${maxHeaders} headers.`,
    };
  }
  if (request.method !== "GET") return badRequest("A WebSocket handshake is a GET request.");
  if (request.httpVersion !== "1.1") return badRequest("A WebSocket handshake needs HTTP/1.1.");
  if (!isWebSocketUpgrade(request)) return badRequest(upgradeExpected);
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0) {
    return badRequest("A WebSocket handshake has no body.");
  }
  if (countOf("host", rawHeaders) !== 1) return badRequest("The request needs exactly one Host header.");
  if (headers["sec-websocket-version"]?.trim() !== "13") {
    return {
      reason: "UNSUPPORTED_VERSION",
      status: 426,
      explanation: "This server speaks version 13 of the WebSocket protocol.",
      headers: { "Sec-WebSocket-Version": "13" },
    };
  }
  if (!keyPattern.test(headers["sec-websocket-key"] ?? "")) {
    return badRequest("The Sec-WebSocket-Key header is missing or not sixteen bytes in Base64.");
  }
  return undefined;
}

export const upgradeExpected =
  "This address speaks WebSocket: an upgrade request (Upgrade: websocket) was expected.";

export function badRequest(explanation: string): Refusal {
  return { reason: "BAD_REQUEST", status: 400, explanation };
}

export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

/** The path of a request without its query. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? "";
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}
