import { Reader } from "protobufjs/minimal.js";
import type { EnvelopeOutline } from "../codec.ts";
import { CodecError } from "../codec-error.ts";
import type { CodecLimits } from "../limits.ts";
import { decodeProblem } from "../problem.ts";
import { asProblem, skipField, Tag, textAt } from "./fields.ts";
import { mergeError, noError } from "./wire-error.ts";

type Found = { -readonly [Key in keyof EnvelopeOutline]: EnvelopeOutline[Key] };

/**
 * Reads the routing fields. A message always has data: in Protobuf none and zero bytes are the same.
 *
 * @throws {@link CodecError} with the id if it was found.
 */
export function scan(bytes: Uint8Array, limits: CodecLimits): EnvelopeOutline {
  const found: Found = {
    id: undefined,
    path: undefined,
    dataStart: bytes.length,
    dataEnd: bytes.length,
    hasMeta: false,
  };
  try {
    const wrong = scanFields(bytes, found, limits);
    if (wrong !== undefined) throw wrong;
  } catch (thrown) {
    const problem = asProblem(thrown);
    if (found.id === undefined || !CodecError.is(problem)) throw problem;
    throw decodeProblem("protobuf", problem.problem, found.id, problem.cause);
  }
  return found;
}

/** Returns what is wrong with the text of a field: found out at once, but told after the id had its chance. */
function scanFields(
  bytes: Uint8Array,
  found: Found,
  { maxDepth, maxIdBytes, maxMetaBytes }: CodecLimits,
): CodecError | undefined {
  let wrong: CodecError | undefined;
  let metaBytes = 0;
  const reader = new Reader(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    switch (tag) {
      case Tag.ID:
      case Tag.PATH: {
        const length = reader.size();
        const start = reader.pos;
        reader.skip(length);
        const isId = tag === Tag.ID;
        const maxBytes = isId ? maxIdBytes : Infinity;
        wrong = takeText(bytes, found, isId ? "id" : "path", start, reader.pos, maxBytes) ?? wrong;
        break;
      }
      case Tag.DATA: {
        const length = reader.size();
        found.dataStart = reader.pos;
        reader.skip(length);
        found.dataEnd = reader.pos;
        break;
      }
      case Tag.META: {
        const length = reader.size();
        reader.skip(length);
        found.hasMeta = true;
        metaBytes += length;
        break;
      }
      case Tag.ERROR: {
        const length = reader.size();
        const start = reader.pos;
        reader.skip(length);
        mergeError(bytes, start, reader.pos, maxDepth, noError());
        break;
      }
      default:
        skipField(reader, tag, maxDepth);
    }
  }
  if (metaBytes > maxMetaBytes) {
    return decodeProblem("protobuf", `"meta" is larger than ${maxMetaBytes} bytes`);
  }
  return wrong;
}

function takeText(
  bytes: Uint8Array,
  found: Found,
  key: "id" | "path",
  start: number,
  end: number,
  maxBytes: number,
): CodecError | undefined {
  found[key] = undefined;
  if (start === end) return undefined;
  if (end - start > maxBytes) {
    return decodeProblem("protobuf", `"${key}" is longer than ${maxBytes} bytes`);
  }
  try {
    found[key] = textAt(bytes, start, end);
    return undefined;
  } catch (thrown) {
    if (CodecError.is(thrown)) return thrown;
    throw thrown;
  }
}
