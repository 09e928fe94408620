import { CloseCode, type CloseStatus } from "velaros-protocol";

/** What connections are closed for without anybody having asked for it. */
export type OwnClose =
  | "serverStopping"
  | "pingTimeout"
  | "idle"
  | "tooOld"
  | "openFailed"
  | "protocolError"
  | "notUtf8"
  | "tooManyParts"
  | "tooBig"
  | "tooSlowMessage"
  | "pingFlood"
  | "rateLimit"
  | "expired"
  | "slowConsumer"
  | "slowHandlers"
  | "tooLittleMemory";

/** How they are closed. `docs/errors.md` holds the same table; a test compares them. */
export const ownCloses: Readonly<Record<OwnClose, CloseStatus>> = {
  serverStopping: ours(CloseCode.GOING_AWAY, "server is stopping"),
  pingTimeout: ours(CloseCode.GOING_AWAY, "ping timeout"),
  idle: ours(CloseCode.GOING_AWAY, "idle for too long"),
  tooOld: ours(CloseCode.SERVICE_RESTART, "connected for too long"),
  openFailed: ours(CloseCode.INTERNAL_ERROR, "Internal error"),
  protocolError: ours(CloseCode.PROTOCOL_ERROR, "protocol error"),
  notUtf8: ours(CloseCode.INVALID_PAYLOAD, "text that is not UTF-8"),
  tooManyParts: ours(CloseCode.POLICY_VIOLATION, "message in too many parts"),
  tooBig: ours(CloseCode.MESSAGE_TOO_BIG, "message too big"),
  tooSlowMessage: ours(CloseCode.POLICY_VIOLATION, "message took too long"),
  pingFlood: ours(CloseCode.POLICY_VIOLATION, "too many pings"),
  rateLimit: ours(CloseCode.POLICY_VIOLATION, "rate limit exceeded"),
  expired: ours(CloseCode.POLICY_VIOLATION, "authentication expired"),
  slowConsumer: ours(CloseCode.TRY_AGAIN_LATER, "slow consumer"),
  slowHandlers: ours(CloseCode.TRY_AGAIN_LATER, "handlers too slow"),
  tooLittleMemory: ours(CloseCode.TRY_AGAIN_LATER, "too little memory"),
};

function ours(status: number, reason: string): CloseStatus {
  return Object.freeze({ status, reason, source: "server" });
}
