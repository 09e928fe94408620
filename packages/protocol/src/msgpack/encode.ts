import { Encoder } from "@msgpack/msgpack";
import type { Envelope } from "../envelope.ts";
import { envelopeLimits } from "../limits.ts";
import { describe, encodeProblem } from "../problem.ts";
import { wellFormedCopy } from "../well-formed.ts";

// It keeps nothing from one call to the next but its scratch memory. Scalars count as a level of their own.
const encoder = new Encoder({ ignoreUndefined: true, maxDepth: envelopeLimits.depth + 1 });

/** Writes an envelope. The routing fields come first, so that readers find them early. */
export function encodeEnvelope({ id, path, meta, status, error, data }: Envelope): Uint8Array {
  const parts = {
    id: id || undefined,
    path: path || undefined,
    meta,
    status: status || undefined,
    error,
    data,
  };
  return encodeValue(parts, id);
}

/**
 * Writes one value. As in JSON, members that are `undefined` are left out, and half characters (lone
 * surrogates) in strings become U+FFFD.
 */
export function encodeValue(value: unknown, id?: string): Uint8Array {
  try {
    const bytes = encoder.encode(value);
    return mayHoldHalfCharacter(bytes) ? encoder.encode(wellFormedCopy(value)) : bytes;
  } catch (cause) {
    throw encodeProblem("msgpack", describe(cause), id, cause);
  }
}

/** The library writes a lone surrogate as ED A0…BF xx, which is no UTF-8. Numbers may look the same, so this only suspects. */
function mayHoldHalfCharacter(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    if (((bytes[at + 1] ?? 0) & 0xe0) === 0xa0 && ((bytes[at + 2] ?? 0) & 0xc0) === 0x80) return true;
  }
  return false;
}
