import { Writer } from "protobufjs/minimal.js";
import type { Envelope, WireError } from "../envelope.ts";
import { describe, encodeProblem } from "../problem.ts";
import { encodeUtf8, toWellFormed } from "../text.ts";
import { Tag } from "./fields.ts";
import { messageBytes } from "./message.ts";

const maxUint32 = 0xffff_ffff;

/** Writes an envelope. Parts that have the default of their type are left out, as proto3 does. */
export function encodeEnvelope({ id, path, meta, status, error, data }: Envelope): Uint8Array {
  const writer = Writer.create();
  if (id) writer.uint32(Tag.ID).string(toWellFormed(id));
  if (path) writer.uint32(Tag.PATH).string(toWellFormed(path));
  if (data !== undefined) {
    const bytes = messageBytes(data, id);
    if (bytes.length > 0) writer.uint32(Tag.DATA).bytes(bytes);
  }
  if (meta !== undefined) writeMeta(writer, meta, id);
  if (status) writer.uint32(Tag.STATUS).int32(status);
  if (error !== undefined) {
    writer.uint32(Tag.ERROR).fork();
    writeError(writer, error, id);
    writer.ldelim();
  }
  return writer.finish();
}

function writeMeta(writer: Writer, meta: Readonly<Record<string, unknown>>, id: string | undefined): void {
  for (const [key, value] of Object.entries(meta)) {
    if (value === undefined) continue;
    writer.uint32(Tag.META).fork().uint32(Tag.KEY).string(toWellFormed(key));
    writer
      .uint32(Tag.VALUE)
      .bytes(value instanceof Uint8Array ? value : encodeUtf8(jsonOf(value, `meta "${key}"`, id)));
    writer.ldelim();
  }
}

function writeError(writer: Writer, error: WireError, id: string | undefined): void {
  const { code, message, retryAfterMs, details } = error;
  if (code) writer.uint32(Tag.ERROR_CODE).string(toWellFormed(code));
  if (message) writer.uint32(Tag.ERROR_MESSAGE).string(toWellFormed(message));
  if (retryAfterMs !== undefined && retryAfterMs > 0) {
    writer.uint32(Tag.ERROR_RETRY_AFTER_MS).uint32(Math.min(Math.ceil(retryAfterMs), maxUint32));
  }
  for (const [key, value] of Object.entries(details ?? {})) {
    if (value === undefined) continue;
    const text = typeof value === "string" ? value : jsonOf(value, `error detail "${key}"`, id);
    writer.uint32(Tag.ERROR_DETAILS).fork().uint32(Tag.KEY).string(toWellFormed(key));
    writer.uint32(Tag.VALUE).string(toWellFormed(text)).ldelim();
  }
}

function jsonOf(value: unknown, part: string, id: string | undefined): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw encodeProblem("protobuf", `${part}: ${describe(cause)}`, id, cause);
  }
  if (text === undefined)
    throw encodeProblem("protobuf", `${part} of type ${typeof value} has no JSON form`, id);
  return text;
}
