import type { WireError } from "../envelope.ts";
import { eachField, Tag, textAt } from "./fields.ts";

/** An error while its fields come in. */
export interface ErrorParts {
  code: string;
  message: string;
  retryAfterMs: number;
  details: Record<string, unknown> | undefined;
}

export function noError(): ErrorParts {
  return { code: "", message: "", retryAfterMs: 0, details: undefined };
}

/** Reads the error in `bytes[start..end)` over what is there: proto3 merges a message field that occurs twice. */
export function mergeError(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxDepth: number,
  into: ErrorParts,
): void {
  eachField(bytes, start, end, maxDepth, (tag, from, to, value) => {
    switch (tag) {
      case Tag.ERROR_CODE:
        into.code = textAt(bytes, from, to);
        break;
      case Tag.ERROR_MESSAGE:
        into.message = textAt(bytes, from, to);
        break;
      case Tag.ERROR_RETRY_AFTER_MS:
        into.retryAfterMs = value;
        break;
      case Tag.ERROR_DETAILS: {
        const entry = mapEntry(bytes, from, to, maxDepth);
        into.details ??= Object.create(null) as Record<string, unknown>;
        into.details[entry.key] = textAt(bytes, entry.start, entry.end);
        break;
      }
      default:
    }
  });
}

export function errorFrom({ code, message, retryAfterMs, details }: ErrorParts): WireError {
  return { code, message, ...(retryAfterMs > 0 && { retryAfterMs }), ...(details && { details }) };
}

/** The key of a map entry and where its value lies; each may be missing, which means empty. */
export function mapEntry(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxDepth: number,
): { key: string; start: number; end: number } {
  const entry = { key: "", start: end, end };
  eachField(bytes, start, end, maxDepth, (tag, from, to) => {
    if (tag === Tag.KEY) entry.key = textAt(bytes, from, to);
    if (tag !== Tag.VALUE) return;
    entry.start = from;
    entry.end = to;
  });
  return entry;
}
