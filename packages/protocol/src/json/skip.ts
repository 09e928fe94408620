import { decodeProblem } from "../problem.ts";

/** Strings longer than this are searched for their end natively (fast when the bytes are a Node `Buffer`). */
const shortStringBytes = 48;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The first index at or after `at` that is not JSON whitespace. */
export function skipWhitespace(bytes: Uint8Array, at: number): number {
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

/**
 * Finds the end of the string whose opening quote is at `start`, and checks it as far as it is plain.
 *
 * @returns The index after the closing quote; its bitwise complement when the string holds escapes or
 * non-ASCII characters and still has to be checked.
 */
export function plainStringEnd(bytes: Uint8Array, start: number): number {
  const end = bytes.length;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH || byte >= 0x80) return ~stringEnd(bytes, start);
    if (byte < 0x20) throw decodeProblem("json", `a control character inside a string at byte ${at}`);
  }
  throw unfinished(bytes);
}

/** The index after the value that begins at `start`. The value itself is not checked, except for its depth. */
export function valueEnd(bytes: Uint8Array, start: number, maxDepth: number): number {
  const first = bytes[start];
  if (first === QUOTE) return stringEnd(bytes, start);
  if (first === 0x7b || first === 0x5b) return containerEnd(bytes, start, maxDepth);
  let at = start;
  while (at < bytes.length && !endsScalar(bytes[at] ?? 0)) at++;
  if (at === start) throw at < bytes.length ? unexpected(bytes, at) : unfinished(bytes);
  return at;
}

export function unexpected(bytes: Uint8Array, at: number): Error {
  if (at >= bytes.length) return unfinished(bytes);
  const byte = bytes[at] ?? 0;
  const shown =
    byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `0x${byte.toString(16).padStart(2, "0")}`;
  return decodeProblem("json", `${shown} is unexpected at byte ${at}`);
}

function unfinished(bytes: Uint8Array): Error {
  return decodeProblem("json", `the message ends too early, after ${bytes.length} bytes`);
}

/**
 * Looks at some bytes one by one, then searches natively for the next quote; an escaped one starts this over, so
 * that text full of quotes is not a native call for each. Every backslash is counted once: the search is linear.
 */
function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  for (;;) {
    const byHand = Math.min(at + shortStringBytes, bytes.length);
    for (; at < byHand; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      if (byte === BACKSLASH) at++;
    }
    // A backslash may have carried us past what it escapes: nothing before this counts any more.
    const from = at;
    const quote = bytes.indexOf(QUOTE, from);
    if (quote < 0) throw unfinished(bytes);
    let backslash = quote;
    while (backslash > from && bytes[backslash - 1] === BACKSLASH) backslash--;
    at = quote + 1;
    if ((quote - backslash) % 2 === 0) return at;
  }
}

function containerEnd(bytes: Uint8Array, start: number, maxDepth: number): number {
  // The envelope is the first level.
  let depth = 1;
  for (let at = start; at < bytes.length; at++) {
    switch (bytes[at] ?? 0) {
      case QUOTE:
        at = stringEnd(bytes, at) - 1;
        break;
      case 0x7b:
      case 0x5b:
        if (++depth > maxDepth)
          throw decodeProblem("json", `more than ${maxDepth} levels of nesting at byte ${at}`);
        break;
      case 0x7d:
      case 0x5d:
        if (--depth === 1) return at + 1;
        break;
      default:
    }
  }
  throw unfinished(bytes);
}

function endsScalar(byte: number): boolean {
  return byte <= 0x20 || byte === 0x2c || byte === 0x7d || byte === 0x5d || byte === QUOTE || byte === 0x3a;
}
