import type { EnvelopeOutline } from "./codec.ts";
import { CodecError } from "./codec-error.ts";
import type { Envelope } from "./envelope.ts";
import { decodeProblem } from "./problem.ts";
import { asciiText } from "./text.ts";
import { statusFrom, wireErrorFrom } from "./wire-error.ts";

/** Where the parts of an envelope of plain values lie in its bytes; `-1` for those that are missing. */
export interface EnvelopeParts extends EnvelopeOutline {
  readonly metaStart: number;
  readonly metaEnd: number;
  readonly statusStart: number;
  readonly statusEnd: number;
  readonly errorStart: number;
  readonly errorEnd: number;
}

/** The same while it is filled in. */
export type FoundParts = { -readonly [Key in keyof EnvelopeParts]: EnvelopeParts[Key] };

/** The keys that mean something; all others are skipped. */
export type EnvelopeKey = "id" | "path" | "data" | "meta" | "status" | "error";

export function envelopeKey(text: string): EnvelopeKey | undefined {
  switch (text) {
    case "id":
    case "path":
    case "data":
    case "meta":
    case "status":
    case "error":
      return text;
    default:
      return undefined;
  }
}

/** Which key stands in `bytes[start..end)`, if one of ours; compared as bytes because it happens for every message. */
export function envelopeKeyAt(bytes: Uint8Array, start: number, end: number): EnvelopeKey | undefined {
  switch (end - start) {
    case 2:
      return bytes[start] === 0x69 && bytes[start + 1] === 0x64 ? "id" : undefined;
    case 4:
      switch (fourCharacters(bytes, start)) {
        case 0x70617468:
          return "path";
        case 0x64617461:
          return "data";
        case 0x6d657461:
          return "meta";
        default:
          return undefined;
      }
    case 5:
    case 6:
      return envelopeKey(asciiText(bytes, start, end));
    default:
      return undefined;
  }
}

function fourCharacters(bytes: Uint8Array, start: number): number {
  return (
    ((bytes[start] ?? 0) << 24) |
    ((bytes[start + 1] ?? 0) << 16) |
    ((bytes[start + 2] ?? 0) << 8) |
    (bytes[start + 3] ?? 0)
  );
}

/** Runs a scan over `bytes`; when it fails the error tells the id that it had found by then. */
export function scanParts<Limits>(
  codec: string,
  bytes: Uint8Array,
  limits: Limits,
  fill: (bytes: Uint8Array, found: FoundParts, limits: Limits) => string | undefined,
): EnvelopeParts {
  const found: FoundParts = {
    id: undefined,
    path: undefined,
    dataStart: -1,
    dataEnd: -1,
    hasMeta: false,
    metaStart: -1,
    metaEnd: -1,
    statusStart: -1,
    statusEnd: -1,
    errorStart: -1,
    errorEnd: -1,
  };
  try {
    const wrong = fill(bytes, found, limits);
    if (wrong !== undefined) throw decodeProblem(codec, wrong);
  } catch (thrown) {
    throw withId(thrown, codec, found.id);
  }
  return found;
}

/** Decodes the parts that a scan delimited. */
export function decodeParts<Limits>(
  codec: string,
  bytes: Uint8Array,
  parts: EnvelopeParts,
  limits: Limits,
  value: (bytes: Uint8Array, start: number, end: number, limits: Limits) => unknown,
  map: (bytes: Uint8Array, start: number, end: number, limits: Limits) => Readonly<Record<string, unknown>>,
): Envelope {
  try {
    const envelope: { -readonly [Key in keyof Envelope]: Envelope[Key] } = {};
    if (parts.id !== undefined) envelope.id = parts.id;
    if (parts.path !== undefined) envelope.path = parts.path;
    if (parts.dataStart >= 0) envelope.data = value(bytes, parts.dataStart, parts.dataEnd, limits);
    if (parts.hasMeta) envelope.meta = map(bytes, parts.metaStart, parts.metaEnd, limits);
    if (parts.statusStart >= 0) {
      const status = statusFrom(value(bytes, parts.statusStart, parts.statusEnd, limits));
      if (status !== undefined) envelope.status = status;
    }
    if (parts.errorStart >= 0) {
      const error = wireErrorFrom(value(bytes, parts.errorStart, parts.errorEnd, limits));
      if (error !== undefined) envelope.error = error;
    }
    return envelope;
  } catch (thrown) {
    throw withId(thrown, codec, parts.id);
  }
}

function withId(thrown: unknown, codec: string, id: string | undefined): unknown {
  if (id === undefined || !CodecError.is(thrown)) return thrown;
  return decodeProblem(codec, thrown.problem, id, thrown.cause);
}
