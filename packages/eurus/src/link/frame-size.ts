import { EurusError } from "../errors.ts";
import { writeFrame } from "./frame-codec.ts";
import type { Frame } from "./frame.ts";
import type { WireWriter } from "./wire-writer.ts";

/** A frame that was encoded ahead, because its size can't be told otherwise or it has to be cut. */
export interface EncodedFrame {
  readonly type: "encoded";
  readonly pin: number;
  /** Of the client message in it; 0 when it is something else. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Types, flags and numbers of any frame. */
const fixedBytes = 64;
/** What a frame that opens a pin may take: it can't be cut, and fits into the smallest packet that there may be. */
const maxOpenBytes = 56 * 1024;

/** An upper bound of the encoded size; `Infinity` for frames whose size only encoding tells. */
export function boundOf(frame: Frame): number {
  switch (frame.type) {
    case "message": {
      if (frame.trusted !== undefined || frame.replacedMeta !== undefined) return Infinity;
      const texts = (frame.id?.length ?? 0) + (frame.path?.length ?? 0);
      return fixedBytes + texts * 3 + frame.body.length + (frame.replacedData?.length ?? 0);
    }
    case "output":
      return fixedBytes + (frame.requestId?.length ?? 0) * 3 + maxBodyBytes(frame.body);
    case "end":
      return fixedBytes + frame.numbers.length * 8;
    case "close":
      return fixedBytes + frame.reason.length * 3;
    case "request-done":
      return fixedBytes + frame.requestId.length * 3;
    case "open":
      return Infinity;
    case "opened":
    case "refused":
    case "credit":
    case "unpin":
      return fixedBytes;
  }
}

/** A character of text takes at most three bytes of UTF-8 (four for two units of UTF-16). */
export function maxBodyBytes(body: Uint8Array | string): number {
  return typeof body === "string" ? body.length * 3 : body.length;
}

/**
 * Encodes a frame by itself, with a writer that holds nothing else. Throws for an OPEN that is far too large, and for
 * facts that are no JSON; nothing stays written then.
 */
export function encodeAlone(writer: WireWriter, frame: Frame): EncodedFrame {
  try {
    writeFrame(writer, frame);
  } catch (error) {
    writer.truncate(0);
    throw error;
  }
  const bytes = writer.take();
  if (frame.type === "open" && bytes.length > maxOpenBytes) {
    const problem = `what it tells about the client takes ${bytes.length} bytes, more than ${maxOpenBytes}`;
    throw new EurusError("EURUS_PACKET_INVALID", { subject: `OPEN of pin ${frame.pin}`, problem });
  }
  return { type: "encoded", pin: frame.pin, number: frame.type === "message" ? frame.number : 0, bytes };
}
