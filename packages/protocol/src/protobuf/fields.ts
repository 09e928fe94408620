import { Reader } from "protobufjs/minimal.js";
import { decodeProblem, describe } from "../problem.ts";
import { decodeText } from "../text.ts";

/**
 * The schema, as tags (field number × 8 + wire type):
 *
 * ```proto
 * syntax = "proto3";
 * package velaros.protobuf;
 * message Envelope {
 *   string id = 1;
 *   string path = 2;
 *   bytes data = 3;
 *   map<string, bytes> meta = 4;
 *   int32 status = 5;
 *   Error error = 6;
 * }
 * message Error {
 *   string code = 1;
 *   string message = 2;
 *   uint32 retry_after_ms = 3;
 *   map<string, string> details = 4;
 * }
 * ```
 */
export const Tag = {
  ID: 10,
  PATH: 18,
  DATA: 26,
  META: 34,
  STATUS: 40,
  ERROR: 50,
  ERROR_CODE: 10,
  ERROR_MESSAGE: 18,
  ERROR_RETRY_AFTER_MS: 24,
  ERROR_DETAILS: 34,
  KEY: 10,
  VALUE: 18,
} as const;

const LENGTH_DELIMITED = 2;

/**
 * Calls `visit` for each field of the message in `bytes[start..end)`: with where its content lies when it has a
 * length, else with its number. Groups, fixed-width fields and what the schema doesn't know may come too.
 *
 * @throws {@link CodecError} when the message is not well formed.
 */
export function eachField(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxDepth: number,
  visit: (tag: number, start: number, end: number, value: number) => void,
): void {
  const reader = new Reader(bytes);
  reader.pos = start;
  reader.len = end;
  try {
    while (reader.pos < end) {
      const tag = reader.tag();
      if ((tag & 7) === LENGTH_DELIMITED && tag >>> 3 !== 0) {
        const length = reader.size();
        const from = reader.pos;
        reader.skip(length);
        visit(tag, from, reader.pos, 0);
      } else if (tag === Tag.STATUS || tag === Tag.ERROR_RETRY_AFTER_MS) {
        const at = reader.pos;
        const value = reader.uint32();
        visit(tag, at, reader.pos, value);
      } else skipField(reader, tag, maxDepth);
    }
  } catch (thrown) {
    throw asProblem(thrown);
  }
}

/**
 * Skips the content of a field that is not wanted.
 *
 * @param maxDepth - How many groups may be open at once.
 * @param depth - How many are.
 */
export function skipField(reader: Reader, tag: number, maxDepth: number, depth: number = 0): void {
  const field = tag >>> 3;
  if (field === 0) throw decodeProblem("protobuf", `field number 0 at byte ${reader.pos - 1}`);
  switch (tag & 7) {
    case 0:
      // Unlike the library's own skipping it stops after ten bytes.
      reader.bool();
      return;
    case 1:
      reader.skip(8);
      return;
    case 2:
      reader.skip(reader.size());
      return;
    case 3:
      skipGroup(reader, field, maxDepth, depth + 1);
      return;
    case 5:
      reader.skip(4);
      return;
    default:
      throw decodeProblem("protobuf", `wire type ${tag & 7} is unexpected at byte ${reader.pos - 1}`);
  }
}

/** Strict text of `bytes[start..end)`. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decodeText(bytes, start, end);
  } catch (cause) {
    throw decodeProblem("protobuf", `the string at byte ${start} is not valid UTF-8`, undefined, cause);
  }
}

/** Whatever the library threw, as one of ours. */
export function asProblem(thrown: unknown): unknown {
  if (thrown instanceof Error && thrown.name === "CodecError") return thrown;
  return decodeProblem("protobuf", describe(thrown), undefined, thrown);
}

function skipGroup(reader: Reader, field: number, maxDepth: number, depth: number): void {
  if (depth > maxDepth)
    throw decodeProblem("protobuf", `more than ${maxDepth} levels of nesting at byte ${reader.pos}`);
  for (;;) {
    const tag = reader.tag();
    if ((tag & 7) === 4) {
      if (tag >>> 3 === field) return;
      throw decodeProblem("protobuf", `the group ${field} is closed by the end of group ${tag >>> 3}`);
    }
    skipField(reader, tag, maxDepth, depth);
  }
}
