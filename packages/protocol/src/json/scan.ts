import { envelopeKey, envelopeKeyAt, scanParts } from "../envelope-parts.ts";
import type { EnvelopeKey, EnvelopeParts, FoundParts } from "../envelope-parts.ts";
import { envelopeLimits } from "../limits.ts";
import { decodeProblem } from "../problem.ts";
import { asciiText, utf8Length } from "../text.ts";
import { parseStrictly } from "./parse.ts";
import { plainStringEnd, skipWhitespace, unexpected, valueEnd } from "./skip.ts";

/**
 * Walks over the bytes of an envelope once. Everything but the last `data` and `meta` is checked fully; these
 * two are only delimited.
 *
 * @throws {@link CodecError} with the id if it was found.
 */
export function scan(bytes: Uint8Array): EnvelopeParts {
  return scanParts("json", bytes, scanMembers);
}

/** Returns what is wrong with the type of a field: found out at once, but told after the id had its chance. */
function scanMembers(bytes: Uint8Array, found: FoundParts): string | undefined {
  let wrong: string | undefined;
  let at = skipWhitespace(bytes, 0);
  if (bytes[at] !== 0x7b) {
    if (bytes.length === 0) return "the message is empty";
    throw decodeProblem("json", "the envelope is not an object");
  }
  at = skipWhitespace(bytes, at + 1);
  if (bytes[at] === 0x7d) at++;
  else {
    for (;;) {
      if (bytes[at] !== 0x22) throw unexpected(bytes, at);
      const keyEnd = plainStringEnd(bytes, at);
      const field = keyEnd < 0 ? escapedField(bytes, at, ~keyEnd) : envelopeKeyAt(bytes, at + 1, keyEnd - 1);
      at = skipWhitespace(bytes, keyEnd < 0 ? ~keyEnd : keyEnd);
      if (bytes[at] !== 0x3a) throw unexpected(bytes, at);
      const start = skipWhitespace(bytes, at + 1);
      if (field === "id" || field === "path") {
        at = start;
        if (bytes[at] === 0x22) {
          const end = plainStringEnd(bytes, at);
          at = end < 0 ? ~end : end;
          const text = end < 0 ? escapedText(bytes, start, at) : asciiText(bytes, start + 1, at - 1);
          if (field === "path") found.path = text === "" ? undefined : text;
          else if (
            end < 0 ? utf8Length(text) > envelopeLimits.idBytes : text.length > envelopeLimits.idBytes
          ) {
            found.id = undefined;
            wrong ??= `"id" is longer than ${envelopeLimits.idBytes} bytes`;
          } else found.id = text === "" ? undefined : text;
        } else {
          at = valueEnd(bytes, start);
          found[field] = undefined;
          if (parseStrictly(bytes, start, at) !== null) wrong ??= `"${field}" is neither a string nor null`;
        }
      } else {
        at = valueEnd(bytes, start);
        wrong = take(bytes, found, field, start, at) ?? wrong;
      }
      at = skipWhitespace(bytes, at);
      const next = bytes[at];
      if (next === 0x7d) {
        at++;
        break;
      }
      if (next !== 0x2c) throw unexpected(bytes, at);
      at = skipWhitespace(bytes, at + 1);
    }
  }
  at = skipWhitespace(bytes, at);
  if (at < bytes.length) throw decodeProblem("json", `something follows the envelope at byte ${at}`);
  return wrong;
}

function take(
  bytes: Uint8Array,
  found: FoundParts,
  field: Exclude<EnvelopeKey, "id" | "path"> | undefined,
  start: number,
  end: number,
): string | undefined {
  switch (field) {
    case "data":
      // A later duplicate wins, but the earlier one must be JSON too.
      if (found.dataStart >= 0) parseStrictly(bytes, found.dataStart, found.dataEnd);
      found.dataStart = start;
      found.dataEnd = end;
      return undefined;
    case "meta": {
      if (found.hasMeta) parseStrictly(bytes, found.metaStart, found.metaEnd);
      const isObject = bytes[start] === 0x7b;
      found.hasMeta = isObject;
      found.metaStart = isObject ? start : -1;
      found.metaEnd = isObject ? end : -1;
      if (isObject) {
        return end - start > envelopeLimits.metaBytes
          ? `"meta" is larger than ${envelopeLimits.metaBytes} bytes`
          : undefined;
      }
      return parseStrictly(bytes, start, end) === null ? undefined : '"meta" is neither an object nor null';
    }
    case "status":
      parseStrictly(bytes, start, end);
      found.statusStart = start;
      found.statusEnd = end;
      return undefined;
    case "error":
      parseStrictly(bytes, start, end);
      found.errorStart = start;
      found.errorEnd = end;
      return undefined;
    case undefined:
      parseStrictly(bytes, start, end);
      return undefined;
  }
}

function escapedField(bytes: Uint8Array, start: number, end: number): EnvelopeKey | undefined {
  return envelopeKey(escapedText(bytes, start, end));
}

function escapedText(bytes: Uint8Array, start: number, end: number): string {
  return String(parseStrictly(bytes, start, end));
}
