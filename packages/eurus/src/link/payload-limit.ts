import { EurusError } from "../errors.ts";
import type { Transport } from "../transport/transport.ts";
import { minimumPayloadBytes } from "./limits.ts";

/** @throws {@link EurusError} `EURUS_PAYLOAD_LIMIT_TOO_SMALL` for a bus that can't carry what links write at the least. */
export function checkPayloadLimit({ maxPayloadBytes }: Transport): void {
  if (maxPayloadBytes >= minimumPayloadBytes) return;
  const details = { maxPayloadBytes, minimumBytes: minimumPayloadBytes };
  throw new EurusError("EURUS_PAYLOAD_LIMIT_TOO_SMALL", details);
}
