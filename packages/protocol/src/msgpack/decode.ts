import { Decoder } from "@msgpack/msgpack";
import { decodeProblem, describe } from "../problem.ts";
import { decodeText, plainView } from "../text.ts";
import type { MsgpackRules } from "./rules.ts";
import { mapStart, textStart, valueEnd } from "./skip.ts";

// It keeps nothing from one call to the next but its scratch memory.
const decoder = new Decoder();

/**
 * Decodes `bytes[start..end)` as one value.
 *
 * @throws {@link CodecError} when it is not well formed, or holds what no other encoding could hold.
 */
export function decodeValue(
  bytes: Uint8Array,
  start: number,
  end: number,
  { strict }: MsgpackRules,
): unknown {
  const valueEnds = valueEnd(bytes, start, 1, strict);
  if (valueEnds !== end) throw decodeProblem("msgpack", `something follows the value at byte ${valueEnds}`);
  try {
    return decoder.decode(plainView(bytes, start, end));
  } catch (cause) {
    throw decodeProblem("msgpack", describe(cause), undefined, cause);
  }
}

/** Decodes `bytes[start..end)` as a map without a prototype, in which every key is harmless. */
export function decodeMap(
  bytes: Uint8Array,
  start: number,
  end: number,
  rules: MsgpackRules,
): Record<string, unknown> {
  const { lax, strict } = rules;
  valueEnd(bytes, start, 1, strict);
  const map: Record<string, unknown> = Object.create(null);
  let at = mapStart(bytes, start);
  while (at < end) {
    const keyEnd = valueEnd(bytes, at, 2, lax);
    const key = decodeText(bytes, textStart(bytes, at), keyEnd);
    at = valueEnd(bytes, keyEnd, 2, lax);
    map[key] = decodeValue(bytes, keyEnd, at, rules);
  }
  return map;
}
