import { decodeProblem } from "../problem.ts";
import { decodeUtf8, shortTextBytes } from "../text.ts";

/** How values are skipped. */
export interface SkipRules {
  /** How many arrays and maps may be open at once. */
  readonly maxDepth: number;
  /** Whether to check as well what the library lets pass: UTF-8, keys that are no strings, extension types. */
  readonly isStrict: boolean;
}

/** The only extension type that is understood: the timestamp that the MessagePack specification defines. */
const TIMESTAMP = 0xff;

/**
 * Finds the end of the value that begins at `at`. Declared lengths are believed only as far as there are bytes.
 *
 * @param depth - How many arrays and maps are open around the value.
 * @returns The index after the value.
 */
export function valueEnd(bytes: Uint8Array, at: number, depth: number, rules: SkipRules): number {
  const head = bytes[at];
  if (head === undefined) throw unfinished(bytes);
  if (head < 0x80 || head >= 0xe0) return at + 1;
  if (head < 0x90) return mapEnd(bytes, at + 1, head & 0x0f, depth, rules);
  if (head < 0xa0) return arrayEnd(bytes, at + 1, head & 0x0f, depth, rules);
  if (head < 0xc0) return textEnd(bytes, at + 1, head & 0x1f, rules);
  switch (head) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return at + 1;
    case 0xc4:
      return within(bytes, at + 2 + uint8(bytes, at + 1));
    case 0xc5:
      return within(bytes, at + 3 + uint16(bytes, at + 1));
    case 0xc6:
      return within(bytes, at + 5 + uint32(bytes, at + 1));
    case 0xc7:
      return extensionEnd(bytes, at + 2, uint8(bytes, at + 1), rules);
    case 0xc8:
      return extensionEnd(bytes, at + 3, uint16(bytes, at + 1), rules);
    case 0xc9:
      return extensionEnd(bytes, at + 5, uint32(bytes, at + 1), rules);
    case 0xcc:
    case 0xd0:
      return within(bytes, at + 2);
    case 0xcd:
    case 0xd1:
      return within(bytes, at + 3);
    case 0xca:
    case 0xce:
    case 0xd2:
      return within(bytes, at + 5);
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return within(bytes, at + 9);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return extensionEnd(bytes, at + 1, 1 << (head - 0xd4), rules);
    case 0xd9:
      return textEnd(bytes, at + 2, uint8(bytes, at + 1), rules);
    case 0xda:
      return textEnd(bytes, at + 3, uint16(bytes, at + 1), rules);
    case 0xdb:
      return textEnd(bytes, at + 5, uint32(bytes, at + 1), rules);
    case 0xdc:
      return arrayEnd(bytes, at + 3, uint16(bytes, at + 1), depth, rules);
    case 0xdd:
      return arrayEnd(bytes, at + 5, uint32(bytes, at + 1), depth, rules);
    case 0xde:
      return mapEnd(bytes, at + 3, uint16(bytes, at + 1), depth, rules);
    case 0xdf:
      return mapEnd(bytes, at + 5, uint32(bytes, at + 1), depth, rules);
    default:
      throw decodeProblem("msgpack", `0x${head.toString(16)} begins no value, at byte ${at}`);
  }
}

/** Where the characters of the string at `at` begin; `-1` when no string is there. */
export function textStart(bytes: Uint8Array, at: number): number {
  const head = bytes[at] ?? 0;
  if (head >= 0xa0 && head < 0xc0) return at + 1;
  return head === 0xd9 ? at + 2 : head === 0xda ? at + 3 : head === 0xdb ? at + 5 : -1;
}

/** Where the entries of the map at `at` begin; `-1` when no map is there. */
export function mapStart(bytes: Uint8Array, at: number): number {
  const head = bytes[at] ?? 0;
  if (head >= 0x80 && head < 0x90) return at + 1;
  return head === 0xde ? at + 3 : head === 0xdf ? at + 5 : -1;
}

/** How many entries the map at `at` declares. */
export function mapSize(bytes: Uint8Array, at: number): number {
  const head = bytes[at];
  return head === 0xde ? uint16(bytes, at + 1) : head === 0xdf ? uint32(bytes, at + 1) : (head ?? 0) & 0x0f;
}

export function unfinished(bytes: Uint8Array): Error {
  return decodeProblem("msgpack", `the message ends too early, after ${bytes.length} bytes`);
}

function arrayEnd(bytes: Uint8Array, start: number, count: number, depth: number, rules: SkipRules): number {
  enter(bytes, start, count, depth, rules);
  let at = start;
  for (let item = 0; item < count; item++) at = valueEnd(bytes, at, depth + 1, rules);
  return at;
}

function mapEnd(bytes: Uint8Array, start: number, count: number, depth: number, rules: SkipRules): number {
  enter(bytes, start, count * 2, depth, rules);
  let at = start;
  for (let entry = 0; entry < count; entry++) {
    if (rules.isStrict && textStart(bytes, at) < 0)
      throw decodeProblem("msgpack", `the key at byte ${at} is not a string`);
    at = valueEnd(bytes, at, depth + 1, rules);
    at = valueEnd(bytes, at, depth + 1, rules);
  }
  return at;
}

/** Every item takes a byte at least, so a larger count is refused before anything is done for it. */
function enter(
  bytes: Uint8Array,
  start: number,
  count: number,
  depth: number,
  { maxDepth }: SkipRules,
): void {
  if (depth >= maxDepth)
    throw decodeProblem("msgpack", `more than ${maxDepth} levels of nesting at byte ${start}`);
  within(bytes, start + count);
}

function textEnd(bytes: Uint8Array, start: number, length: number, rules: SkipRules): number {
  const end = within(bytes, start + length);
  if (rules.isStrict) checkUtf8(bytes, start, end);
  return end;
}

function checkUtf8(bytes: Uint8Array, start: number, end: number): void {
  let at = start;
  if (end - start <= shortTextBytes) {
    while (at < end && (bytes[at] ?? 0) < 0x80) at++;
    if (at === end) return;
  }
  try {
    decodeUtf8(bytes.subarray(at, end));
  } catch (cause) {
    throw decodeProblem("msgpack", `the string at byte ${start} is not valid UTF-8`, undefined, cause);
  }
}

function extensionEnd(bytes: Uint8Array, typeAt: number, length: number, rules: SkipRules): number {
  const end = within(bytes, typeAt + 1 + length);
  if (rules.isStrict && !(bytes[typeAt] === TIMESTAMP && (length === 4 || length === 8 || length === 12))) {
    throw decodeProblem(
      "msgpack",
      `extension type ${((bytes[typeAt] ?? 0) << 24) >> 24} at byte ${typeAt} is not allowed`,
    );
  }
  return end;
}

function within(bytes: Uint8Array, end: number): number {
  if (end > bytes.length) throw unfinished(bytes);
  return end;
}

// Bytes beyond the end read as 0 here; `within` then refuses, because what the length belongs to lies behind it.
function uint8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function uint16(bytes: Uint8Array, at: number): number {
  return (uint8(bytes, at) << 8) | uint8(bytes, at + 1);
}

function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);
}
