import { CloseCode, type CloseStatus } from "velaros-protocol";

/** What clients and virtual sockets are closed for without anybody having asked for it. */
export type OwnClose =
  | "gatewayStopping"
  | "serviceStopping"
  | "instanceLost"
  | "gatewayLost"
  | "serviceTooSlow"
  | "slowClientsBacklog"
  | "busyHandlersBacklog"
  | "sendFailed"
  | "transferFailed";

/** How they are closed. `docs/errors.md` holds the same table; a test compares them. */
export const ownCloses: Readonly<Record<OwnClose, CloseStatus>> = {
  gatewayStopping: ours(CloseCode.GOING_AWAY, "Gateway stopping"),
  serviceStopping: ours(CloseCode.GOING_AWAY, "Service is stopping"),
  instanceLost: ours(CloseCode.GOING_AWAY, "Service unreachable"),
  gatewayLost: ours(CloseCode.GOING_AWAY, "No heartbeat response"),
  serviceTooSlow: ours(CloseCode.TRY_AGAIN_LATER, "Service is not keeping up"),
  slowClientsBacklog: ours(CloseCode.TRY_AGAIN_LATER, "Too much waits for slow clients"),
  busyHandlersBacklog: ours(CloseCode.TRY_AGAIN_LATER, "Too much waits for busy handlers"),
  sendFailed: ours(CloseCode.INTERNAL_ERROR, "Failed to send message"),
  transferFailed: ours(CloseCode.INTERNAL_ERROR, "Transfer failed"),
};

function ours(status: number, reason: string): CloseStatus {
  return Object.freeze({ status, reason, source: "server" });
}
