import { envelopeKey, envelopeKeyAt, scanParts } from "../envelope-parts.ts";
import type { EnvelopeKey, EnvelopeParts, FoundParts } from "../envelope-parts.ts";
import type { CodecLimits } from "../limits.ts";
import { decodeProblem } from "../problem.ts";
import type { RepeatedTexts } from "../repeated-texts.ts";
import { asciiText, utf8Length } from "../text.ts";
import { parseStrictly } from "./parse.ts";
import { plainStringEnd, skipWhitespace, unexpected, valueEnd } from "./skip.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** What a scan goes by. */
export interface ScanRules extends CodecLimits {
  /** Paths that were seen before. */
  readonly paths: RepeatedTexts;
}

/**
 * Walks over the bytes of an envelope once. Everything but the last `data` and `meta` is checked fully; these
 * two are only delimited.
 *
 * @throws {@link CodecError} with the id if it was found.
 */
export function scan(bytes: Uint8Array, rules: ScanRules): EnvelopeParts {
  return scanParts("json", bytes, rules, scanMembers);
}

/** Returns what is wrong with the type of a field: found out at once, but told after the id had its chance. */
function scanMembers(bytes: Uint8Array, found: FoundParts, rules: ScanRules): string | undefined {
  let wrong: string | undefined;
  let at = skipWhitespace(bytes, 0);
  if (bytes[at] !== OPEN)
    return bytes.length === 0 ? "the message is empty" : "the envelope is not an object";
  at = skipWhitespace(bytes, at + 1);
  if (bytes[at] !== CLOSE) {
    for (;;) {
      if (bytes[at] !== QUOTE) throw unexpected(bytes, at);
      const checked = plainStringEnd(bytes, at);
      const keyEnd = checked < 0 ? ~checked : checked;
      const key =
        checked < 0
          ? envelopeKey(escapedText(bytes, at, keyEnd, rules.maxDepth))
          : envelopeKeyAt(bytes, at + 1, keyEnd - 1);
      at = skipWhitespace(bytes, keyEnd);
      if (bytes[at] !== COLON) throw unexpected(bytes, at);
      const start = skipWhitespace(bytes, at + 1);
      // Nearly every message has id and path: their end is found and their characters are checked in one go.
      const isText = bytes[start] === QUOTE && (key === "id" || key === "path");
      const reached = isText ? plainStringEnd(bytes, start) : valueEnd(bytes, start, rules.maxDepth);
      const end = reached < 0 ? ~reached : reached;
      const problem = isText
        ? takeText(bytes, found, rules, key, start, end, reached > 0)
        : take(bytes, found, rules, key, start, end);
      wrong ??= problem;
      at = skipWhitespace(bytes, end);
      if (bytes[at] === CLOSE) break;
      if (bytes[at] !== COMMA) throw unexpected(bytes, at);
      at = skipWhitespace(bytes, at + 1);
    }
  }
  at = skipWhitespace(bytes, at + 1);
  if (at < bytes.length) throw decodeProblem("json", `something follows the envelope at byte ${at}`);
  return wrong;
}

function takeText(
  bytes: Uint8Array,
  found: FoundParts,
  { maxDepth, maxIdBytes, paths }: ScanRules,
  key: "id" | "path",
  start: number,
  end: number,
  isPlain: boolean,
): string | undefined {
  found[key] = undefined;
  let text: string;
  if (!isPlain) text = escapedText(bytes, start, end, maxDepth);
  else if (key === "path") text = paths.read(bytes, start + 1, end - 1);
  else text = asciiText(bytes, start + 1, end - 1);
  if (key === "id" && (isPlain ? text.length : utf8Length(text)) > maxIdBytes) {
    return `"id" is longer than ${maxIdBytes} bytes`;
  }
  if (text !== "") found[key] = text;
  return undefined;
}

function take(
  bytes: Uint8Array,
  found: FoundParts,
  { maxDepth, maxMetaBytes }: CodecLimits,
  field: EnvelopeKey | undefined,
  start: number,
  end: number,
): string | undefined {
  switch (field) {
    case "id":
    case "path":
      found[field] = undefined;
      return parseStrictly(bytes, start, end, maxDepth) === null
        ? undefined
        : `"${field}" is neither a string nor null`;
    case "data":
      // A later duplicate wins, but the earlier one must be JSON too.
      if (found.dataStart >= 0) parseStrictly(bytes, found.dataStart, found.dataEnd, maxDepth);
      found.dataStart = start;
      found.dataEnd = end;
      return undefined;
    case "meta": {
      if (found.hasMeta) parseStrictly(bytes, found.metaStart, found.metaEnd, maxDepth);
      const isObject = bytes[start] === OPEN;
      found.hasMeta = isObject;
      found.metaStart = isObject ? start : -1;
      found.metaEnd = isObject ? end : -1;
      if (isObject) {
        return end - start > maxMetaBytes ? `"meta" is larger than ${maxMetaBytes} bytes` : undefined;
      }
      return parseStrictly(bytes, start, end, maxDepth) === null
        ? undefined
        : '"meta" is neither an object nor null';
    }
    case "status":
      parseStrictly(bytes, start, end, maxDepth);
      found.statusStart = start;
      found.statusEnd = end;
      return undefined;
    case "error":
      parseStrictly(bytes, start, end, maxDepth);
      found.errorStart = start;
      found.errorEnd = end;
      return undefined;
    case undefined:
      parseStrictly(bytes, start, end, maxDepth);
      return undefined;
  }
}

function escapedText(bytes: Uint8Array, start: number, end: number, maxDepth: number): string {
  return String(parseStrictly(bytes, start, end, maxDepth));
}
