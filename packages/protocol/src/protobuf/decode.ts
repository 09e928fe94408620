import { CodecError } from "../codec-error.ts";
import type { Envelope } from "../envelope.ts";
import { parseStrictly } from "../json/parse.ts";
import { valueEnd } from "../json/skip.ts";
import type { CodecLimits } from "../limits.ts";
import { decodeProblem } from "../problem.ts";
import { plainView } from "../text.ts";
import { eachField, Tag } from "./fields.ts";
import { scan } from "./scan.ts";
import { errorFrom, mapEntry, mergeError, noError } from "./wire-error.ts";

/** Decodes and checks a whole message; see the codec. */
export function decodeEnvelope(bytes: Uint8Array, limits: CodecLimits): Envelope {
  const { maxDepth } = limits;
  const { id, path, dataStart, dataEnd, hasMeta } = scan(bytes, limits);
  const envelope: { -readonly [Key in keyof Envelope]: Envelope[Key] } = {};
  if (id !== undefined) envelope.id = id;
  if (path !== undefined) envelope.path = path;
  if (dataEnd > dataStart) envelope.data = plainView(bytes, dataStart, dataEnd);
  try {
    if (hasMeta) envelope.meta = decodeMeta(bytes, maxDepth);
    const error = noError();
    let hasError = false;
    eachField(bytes, 0, bytes.length, maxDepth, (tag, start, end, value) => {
      if (tag === Tag.STATUS && value !== 0) envelope.status = value | 0;
      if (tag !== Tag.ERROR) return;
      hasError = true;
      mergeError(bytes, start, end, maxDepth, error);
    });
    if (hasError) envelope.error = errorFrom(error);
  } catch (thrown) {
    if (id === undefined || !CodecError.is(thrown)) throw thrown;
    throw decodeProblem("protobuf", thrown.problem, id, thrown.cause);
  }
  return envelope;
}

/** The metadata of a message: each value decoded as JSON, or its bytes when it is none. */
export function decodeMeta(bytes: Uint8Array, maxDepth: number): Record<string, unknown> {
  const meta: Record<string, unknown> = Object.create(null);
  eachField(bytes, 0, bytes.length, maxDepth, (tag, start, end) => {
    if (tag !== Tag.META) return;
    const entry = mapEntry(bytes, start, end, maxDepth);
    meta[entry.key] = jsonOrBytes(plainView(bytes, entry.start, entry.end), maxDepth);
  });
  return meta;
}

function jsonOrBytes(bytes: Uint8Array, maxDepth: number): unknown {
  try {
    // For its limit of depth: a deep value costs much to parse.
    if (bytes[0] === 0x7b || bytes[0] === 0x5b) valueEnd(bytes, 0, maxDepth);
    return parseStrictly(bytes, 0, bytes.length, maxDepth);
  } catch {
    return bytes;
  }
}
