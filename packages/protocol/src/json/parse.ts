import { findForbidden } from "../forbidden.ts";
import { decodeProblem, describe } from "../problem.ts";
import { decodeUtf8 } from "../text.ts";

/** Escapes that may spell an underscore or half a character. */
const suspiciousEscape = /\\u(?:005[fF]|[dD][89a-fA-F])/;

/** Whether the text may hold something forbidden. Plain searches first: on long texts they are many times faster. */
function isSuspicious(text: string): boolean {
  return text.includes("__proto__") || (text.includes("\\u") && suspiciousEscape.test(text));
}

/**
 * Parses `bytes[start..end)` as one JSON value.
 *
 * @throws {@link CodecError} when it is not well formed, or holds the key `__proto__` or half a character.
 */
export function parseStrictly(bytes: Uint8Array, start: number, end: number, maxDepth: number): unknown {
  const text = decodeText(bytes, start, end);
  const value = parseText(text);
  if (isSuspicious(text)) refuse(findForbidden(value, maxDepth));
  return value;
}

/**
 * Parses `bytes[start..end)` as an object and copies it into a map without a prototype, in which every key
 * is harmless.
 */
export function parseMap(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxDepth: number,
): Record<string, unknown> {
  const text = decodeText(bytes, start, end);
  const value = parseText(text);
  const mustCheck = isSuspicious(text);
  const map: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(Object(value))) {
    if (mustCheck) refuse(findForbidden(key, maxDepth) ?? findForbidden(item, maxDepth));
    map[key] = item;
  }
  return map;
}

function decodeText(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decodeUtf8(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
  } catch (cause) {
    throw decodeProblem("json", "the text is not valid UTF-8", undefined, cause);
  }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw decodeProblem("json", describe(cause), undefined, cause);
  }
}

function refuse(found: string | undefined): void {
  if (found !== undefined) throw decodeProblem("json", found);
}
