import { envelopeKeyAt, scanParts } from "../envelope-parts.ts";
import type { EnvelopeKey, EnvelopeParts, FoundParts } from "../envelope-parts.ts";
import { decodeProblem } from "../problem.ts";
import { decodeText } from "../text.ts";
import type { MsgpackRules } from "./rules.ts";
import { mapSize, mapStart, textStart, valueEnd } from "./skip.ts";

const NIL = 0xc0;

/**
 * Walks over the bytes of an envelope once. Everything but the last `data` and `meta` is checked fully; these
 * two are only delimited.
 *
 * @throws {@link CodecError} with the id if it was found.
 */
export function scan(bytes: Uint8Array, rules: MsgpackRules): EnvelopeParts {
  return scanParts("msgpack", bytes, rules, scanEntries);
}

/** Returns what is wrong with the type of a field: found out at once, but told after the id had its chance. */
function scanEntries(bytes: Uint8Array, found: FoundParts, rules: MsgpackRules): string | undefined {
  const { lax, strict } = rules;
  let wrong: string | undefined;
  let at = mapStart(bytes, 0);
  if (at < 0) return bytes.length === 0 ? "the message is empty" : "the envelope is not a map";
  const entries = mapSize(bytes, 0);
  // A count that can't be is found out by running into the end; the header itself may be cut off too.
  if (at + entries * 2 > bytes.length)
    return `a map of ${entries} entries does not fit into ${bytes.length} bytes`;
  for (let entry = 0; entry < entries; entry++) {
    const keyStart = textStart(bytes, at);
    if (keyStart < 0) throw decodeProblem("msgpack", `the key at byte ${at} is not a string`);
    const keyEnd = valueEnd(bytes, at, 1, strict);
    const key = envelopeKeyAt(bytes, keyStart, keyEnd);
    if (key === "id" || key === "path") {
      at = valueEnd(bytes, keyEnd, 1, strict);
      wrong = takeText(bytes, found, rules, key, keyEnd, at) ?? wrong;
    } else {
      at = valueEnd(bytes, keyEnd, 1, key === "data" || key === "meta" ? lax : strict);
      wrong = take(bytes, found, rules, key, keyEnd, at) ?? wrong;
    }
  }
  if (at < bytes.length) throw decodeProblem("msgpack", `something follows the envelope at byte ${at}`);
  return wrong;
}

function takeText(
  bytes: Uint8Array,
  found: FoundParts,
  { maxIdBytes, paths }: MsgpackRules,
  key: "id" | "path",
  at: number,
  end: number,
): string | undefined {
  found[key] = undefined;
  const start = textStart(bytes, at);
  if (start < 0) return bytes[at] === NIL ? undefined : `"${key}" is neither a string nor nil`;
  if (key === "id" && end - start > maxIdBytes) {
    return `"id" is longer than ${maxIdBytes} bytes`;
  }
  if (end > start) {
    found[key] = key === "path" ? paths.read(bytes, start, end) : decodeText(bytes, start, end);
  }
  return undefined;
}

function take(
  bytes: Uint8Array,
  found: FoundParts,
  { maxMetaBytes, strict }: MsgpackRules,
  key: Exclude<EnvelopeKey, "id" | "path"> | undefined,
  start: number,
  end: number,
): string | undefined {
  switch (key) {
    case "data":
      // A later duplicate wins, but the earlier one must be well formed too.
      if (found.dataStart >= 0) valueEnd(bytes, found.dataStart, 1, strict);
      found.dataStart = start;
      found.dataEnd = end;
      return undefined;
    case "meta": {
      if (found.hasMeta) valueEnd(bytes, found.metaStart, 1, strict);
      found.hasMeta = mapStart(bytes, start) >= 0;
      found.metaStart = start;
      found.metaEnd = end;
      if (!found.hasMeta) {
        valueEnd(bytes, start, 1, strict);
        return bytes[start] === NIL ? undefined : '"meta" is neither a map nor nil';
      }
      return end - start > maxMetaBytes ? `"meta" is larger than ${maxMetaBytes} bytes` : undefined;
    }
    case "status":
      found.statusStart = start;
      found.statusEnd = end;
      return undefined;
    case "error":
      found.errorStart = start;
      found.errorEnd = end;
      return undefined;
    case undefined:
      return undefined;
  }
}
