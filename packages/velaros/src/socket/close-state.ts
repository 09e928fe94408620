import {
  type CloseSource,
  type CloseStatus,
  isSendableCloseCode,
  truncateCloseReason,
} from "velaros-protocol";
import { VelarosError } from "../errors.ts";

/** As long as a connection is open. */
export const stillOpen: CloseStatus = Object.freeze({ status: 0, reason: "", source: "client" });

/**
 * The status of a close that begins now.
 *
 * @throws {@link VelarosError} `VELAROS_CLOSE_CODE_INVALID` when we are to send a code that must not be sent.
 */
export function closeStatus(status: number, reason: string, source: CloseSource): CloseStatus {
  if (source === "server" && !isSendableCloseCode(status)) {
    throw new VelarosError("VELAROS_CLOSE_CODE_INVALID", { status });
  }
  return Object.freeze({ status, reason: truncateCloseReason(reason), source });
}
