/**
 * WebSocket close codes (RFC 6455 §7.4.1 and the IANA registry). Codes marked "retry" tell a client to
 * come back after a random delay of 5 to 30 s; the others tell it not to without a change.
 */
export const CloseCode = {
  /** Done; nothing is wrong. */
  NORMAL: 1000,
  /** The server or the page goes away. Retry. */
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** Only ever reported: the peer closed without a code. Never sent. */
  NO_STATUS: 1005,
  /** Only ever reported: the connection was lost. Never sent. */
  ABNORMAL: 1006,
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  MANDATORY_EXTENSION: 1010,
  INTERNAL_ERROR: 1011,
  /** Retry. */
  SERVICE_RESTART: 1012,
  /** Overload. Retry. */
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
  /** Only ever reported. Never sent. */
  TLS_HANDSHAKE: 1015,
} as const;

/** Who began the close. */
export type CloseSource = "client" | "server";

/** How a connection ended: the code, the reason text and who began. */
export interface CloseStatus {
  /** `0` while the connection is open. */
  readonly status: number;
  /** Empty when none was given. */
  readonly reason: string;
  /** Who closed first. */
  readonly source: CloseSource;
}

/** Whether an endpoint may put `code` into a close frame: 1000–1014 without the reserved ones, and 3000–4999. */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/** A close frame holds at most 123 bytes of UTF-8 beside its code (RFC 6455 §5.5). */
const maxReasonBytes = 123;

/** Cuts `reason` to 123 UTF-8 bytes without cutting a character in two. */
export function truncateCloseReason(reason: string): string {
  let bytes = 0;
  let end = 0;
  for (const character of reason) {
    const codePoint = character.codePointAt(0) ?? 0;
    bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    if (bytes > maxReasonBytes) return reason.slice(0, end);
    end += character.length;
  }
  return reason;
}
