import { Encoder } from "@msgpack/msgpack";
import type { Envelope } from "../envelope.ts";
import { describe, encodeProblem } from "../problem.ts";
import { wellFormedCopy } from "../well-formed.ts";

/** Writes envelopes and values up to a depth. */
export class MsgpackWriter {
  readonly #encoder: Encoder;

  constructor(maxDepth: number) {
    // It keeps nothing from one call to the next but its scratch memory. Scalars count as a level of their own.
    this.#encoder = new Encoder({ ignoreUndefined: true, maxDepth: maxDepth + 1 });
  }

  /** Writes an envelope. The routing fields come first, so that readers find them early. */
  envelope({ id, path, meta, status, error, data }: Envelope): Uint8Array {
    const parts = {
      id: id || undefined,
      path: path || undefined,
      meta,
      status: status || undefined,
      error,
      data,
    };
    return this.value(parts, id);
  }

  /**
   * Writes one value. As in JSON, members that are `undefined` are left out, and half characters (lone
   * surrogates) in strings become U+FFFD.
   */
  value(value: unknown, id?: string): Uint8Array {
    try {
      const bytes = this.#encoder.encode(value);
      return mayHoldHalfCharacter(bytes) ? this.#encoder.encode(wellFormedCopy(value)) : bytes;
    } catch (cause) {
      throw encodeProblem("msgpack", describe(cause), id, cause);
    }
  }
}

/** The library writes a lone surrogate as ED A0…BF xx, which is no UTF-8. Numbers may look the same, so this only suspects. */
function mayHoldHalfCharacter(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    if (((bytes[at + 1] ?? 0) & 0xe0) === 0xa0 && ((bytes[at + 2] ?? 0) & 0xc0) === 0x80) return true;
  }
  return false;
}
