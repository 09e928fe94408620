import type { Codec } from "velaros-protocol";
import type { Unmarshaler } from "../context.ts";

/** A message as a waiting handler gets it. */
export interface Delivered {
  readonly data: Uint8Array | undefined;
  readonly unmarshaler: Unmarshaler | undefined;
  readonly codec: Codec | undefined;
}
