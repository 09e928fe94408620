import { randomBytes } from "node:crypto";
import type { Dialect } from "./shape.ts";

/**
 * Ready-made client frames, one after the other, so that a connection sends n messages by writing one slice.
 * The slots hold different ids and different paths, all of the same length.
 */
export interface FrameRing {
  readonly bytes: Buffer;
  readonly frameBytes: number;
  readonly slots: number;
  /** What every reply has to carry in `data`. */
  readonly text: string;
}

const firstId = 1_000_000;
const ringBytesLimit = 8 * 1024 * 1024;

/** Messages to this area, and, when there are many areas, to the ones that follow. */
export const firstArea = 500;

export function buildFrameRing(dialect: Dialect, dataBytes: number, area: number = firstArea): FrameRing {
  const text = "x".repeat(Math.max(0, dataBytes - '{"text":""}'.length));
  const messages: Buffer[] = [];
  const slots = Math.max(64, Math.min(1024, Math.floor(ringBytesLimit / (dataBytes + 128))));
  for (let slot = 0; slot < slots; slot++) messages.push(clientFrame(message(dialect, area, slot, text)));
  const bytes = Buffer.concat(messages);
  return { bytes, frameBytes: bytes.length / slots, slots, text };
}

/** The id of the message in this slot; as a number it has the same width everywhere. */
export function idOfSlot(slot: number): number {
  return firstId + slot;
}

function message(dialect: Dialect, area: number, slot: number, text: string): string {
  const data = { text };
  if (dialect === "socket.io") return `42${idOfSlot(slot)}${JSON.stringify(["echo", data])}`;
  const item = String(slot % 100).padStart(2, "0");
  return JSON.stringify({ id: String(idOfSlot(slot)), path: `/area-${area}/items/${item}`, data });
}

/** A masked client frame (RFC 6455 §5.2) with this payload. */
export function clientFrame(payload: string | Buffer, opcode = 0x1): Buffer {
  const body = Buffer.from(payload);
  const lengthBytes = body.length < 126 ? 0 : body.length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + lengthBytes + 4 + body.length);
  frame[0] = 0x80 | opcode;
  if (lengthBytes === 0) frame[1] = 0x80 | body.length;
  if (lengthBytes === 2) {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(body.length, 2);
  }
  if (lengthBytes === 8) {
    frame[1] = 0x80 | 127;
    frame.writeBigUInt64BE(BigInt(body.length), 2);
  }
  const mask = randomBytes(4);
  mask.copy(frame, 2 + lengthBytes);
  const start = 2 + lengthBytes + 4;
  for (let index = 0; index < body.length; index++) {
    frame[start + index] = (body[index] ?? 0) ^ (mask[index & 3] ?? 0);
  }
  return frame;
}
