import type { MessageType } from "velaros-protocol";

import { factsFromJson, factsToJson } from "./facts.ts";
import type {
  EndFrame,
  Frame,
  MessageFrame,
  OpenFrame,
  OutputFrame,
  RefusedFrame,
  SocketInfo,
} from "./frame.ts";
import { MalformedPacket } from "./wire-reader.ts";
import type { WireReader } from "./wire-reader.ts";
import { varintBytes } from "./wire-writer.ts";
import type { WireWriter } from "./wire-writer.ts";

/** A piece of a frame that is too large for one batch; exists on the wire only. */
export interface ChunkFrame {
  readonly type: "chunk";
  readonly pin: number;
  /** Size of the whole frame, in its first piece; else 0. */
  readonly totalBytes: number;
  readonly isLast: boolean;
  readonly bytes: Uint8Array;
}

/** A frame as it is read: messages are numbered afterwards, when it is clear that they are taken. */
export type WireFrame = Frame | ChunkFrame;

const FrameType = {
  OPEN: 1,
  OPENED: 2,
  REFUSED: 3,
  MESSAGE: 4,
  CHUNK: 5,
  OUTPUT: 6,
  REQUEST_DONE: 7,
  END: 8,
  CREDIT: 9,
  CLOSE: 10,
  UNPIN: 11,
} as const;

const MessageFlag = {
  BINARY: 1,
  ID: 2,
  PATH: 4,
  DATA: 8,
  META: 16,
  REPLACED_DATA: 32,
  REPLACED_META: 64,
  TRUSTED: 128,
} as const;

const ChunkFlag = { FIRST: 1, LAST: 2 } as const;
const purposes = ["reply", "push", "request", "last-reply"] as const;
/** What makes the byte with the purpose of a reply that of a last reply. */
const lastReplyBits = (purposes.indexOf("last-reply") ^ purposes.indexOf("reply")) << 1;
const refusals = ["DRAINING", "OVERLOADED", "WRONG_EPOCH", "INVALID", "WRONG_CODEC"] as const;
const sources = ["client", "server"] as const;

/** What most clients have for headers and facts; one for all, because it is kept as long as they are. */
const nothing: Readonly<Record<string, never>> = Object.freeze(Object.create(null));

/** Numbers that one END may list; a range of a few bytes must not become an array of a gigabyte. */
const maxEndNumbers = 65_536;

/** Writes a frame behind what the writer holds already. */
export function writeFrame(writer: WireWriter, frame: Frame): void {
  switch (frame.type) {
    case "message":
      writeMessage(writer, frame);
      return;
    case "output":
      writeOutput(writer, frame);
      return;
    case "end":
      writeEnd(writer, frame);
      return;
    case "credit":
      start(writer, FrameType.CREDIT, frame.pin);
      writer.varint(frame.bytes);
      return;
    case "open":
      writeOpen(writer, frame);
      return;
    case "opened":
      start(writer, FrameType.OPENED, frame.pin);
      return;
    case "refused":
      start(writer, FrameType.REFUSED, frame.pin);
      writer.byte(refusals.indexOf(frame.code));
      return;
    case "request-done":
      start(writer, FrameType.REQUEST_DONE, frame.pin);
      writer.text(frame.requestId);
      return;
    case "close":
      start(writer, FrameType.CLOSE, frame.pin);
      writer.uint16(frame.status);
      writer.byte(sources.indexOf(frame.source));
      writer.text(frame.reason);
      return;
    case "unpin":
      start(writer, FrameType.UNPIN, frame.pin);
      writer.varint(frame.lastNumber);
  }
}

/** Writes a piece of an encoded frame. */
export function writeChunk(
  writer: WireWriter,
  pin: number,
  whole: Uint8Array,
  from: number,
  to: number,
): void {
  start(writer, FrameType.CHUNK, pin);
  writer.byte((from === 0 ? ChunkFlag.FIRST : 0) | (to === whole.length ? ChunkFlag.LAST : 0));
  if (from === 0) writer.varint(whole.length);
  writer.bytes(whole.subarray(from, to));
}

/** Reads one frame. Bodies are views into the reader's bytes. Throws {@link MalformedPacket}. */
export function readFrame(reader: WireReader): WireFrame {
  const type = reader.byte();
  const pin = reader.varint();
  if (pin === 0 || pin > 0xffff_ffff) throw new MalformedPacket(`${pin} is no pin`);
  switch (type) {
    case FrameType.MESSAGE:
      return readMessage(reader, pin);
    case FrameType.OUTPUT:
      return readOutput(reader, pin);
    case FrameType.END:
      return readEnd(reader, pin);
    case FrameType.CREDIT:
      return { type: "credit", pin, bytes: reader.varint() };
    case FrameType.CHUNK:
      return readChunk(reader, pin);
    case FrameType.OPEN:
      return readOpen(reader, pin);
    case FrameType.OPENED:
      return { type: "opened", pin };
    case FrameType.REFUSED:
      return { type: "refused", pin, code: oneOf<RefusedFrame["code"]>(refusals, reader.byte(), "refusal") };
    case FrameType.REQUEST_DONE:
      return { type: "request-done", pin, requestId: reader.text() };
    case FrameType.CLOSE: {
      const status = reader.uint16();
      const source = oneOf(sources, reader.byte(), "close source");
      return { type: "close", pin, status, reason: reader.text(), source };
    }
    case FrameType.UNPIN:
      return { type: "unpin", pin, lastNumber: reader.varint() };
    default:
      throw new MalformedPacket(`frame type ${type} is unknown`);
  }
}

function start(writer: WireWriter, type: number, pin: number): void {
  writer.byte(type);
  writer.varint(pin);
}

function writeMessage(writer: WireWriter, frame: MessageFrame): void {
  const { id, path, replacedData, replacedMeta, trusted } = frame;
  start(writer, FrameType.MESSAGE, frame.pin);
  let flags = 0;
  if (frame.messageType === "binary") flags |= MessageFlag.BINARY;
  if (id !== undefined) flags |= MessageFlag.ID;
  if (path !== undefined) flags |= MessageFlag.PATH;
  if (frame.dataStart >= 0) flags |= MessageFlag.DATA;
  if (frame.hasMeta) flags |= MessageFlag.META;
  if (replacedData !== undefined) flags |= MessageFlag.REPLACED_DATA;
  if (replacedMeta !== undefined) flags |= MessageFlag.REPLACED_META;
  if (trusted !== undefined) flags |= MessageFlag.TRUSTED;
  writer.byte(flags);
  if (id !== undefined) writer.text(id);
  if (path !== undefined) writer.text(path);
  if (frame.dataStart >= 0) {
    writer.varint(frame.dataStart);
    writer.varint(frame.dataEnd - frame.dataStart);
  }
  if (replacedData !== undefined) writer.bytes(replacedData);
  if (replacedMeta !== undefined) writer.text(factsToJson(replacedMeta));
  if (trusted !== undefined) writer.text(factsToJson(trusted));
  writer.bytes(frame.body);
}

function readMessage(reader: WireReader, pin: number): MessageFrame {
  const flags = reader.byte();
  const id = (flags & MessageFlag.ID) !== 0 ? reader.text() : undefined;
  const path = (flags & MessageFlag.PATH) !== 0 ? reader.repeatedText() : undefined;
  let dataStart = -1;
  let dataEnd = -1;
  if ((flags & MessageFlag.DATA) !== 0) {
    dataStart = reader.varint();
    dataEnd = dataStart + reader.varint();
  }
  const replacedData = (flags & MessageFlag.REPLACED_DATA) !== 0 ? reader.bytes() : undefined;
  const replacedMeta = (flags & MessageFlag.REPLACED_META) !== 0 ? readFacts(reader) : undefined;
  const trusted = (flags & MessageFlag.TRUSTED) !== 0 ? readFacts(reader) : undefined;
  const body = reader.bytes();
  if (dataEnd > body.length) throw new MalformedPacket("the data of a message lies outside of its body");
  const messageType: MessageType = (flags & MessageFlag.BINARY) !== 0 ? "binary" : "text";
  const hasMeta = (flags & MessageFlag.META) !== 0;
  return {
    type: "message",
    pin,
    number: 0,
    id,
    path,
    messageType,
    body,
    dataStart,
    dataEnd,
    hasMeta,
    replacedData,
    replacedMeta,
    trusted,
  };
}

/** Writes bytes for a client. Returns how many. */
export function writeOutput(writer: WireWriter, frame: OutputFrame): number {
  start(writer, FrameType.OUTPUT, frame.pin);
  writer.byte((frame.messageType === "binary" ? 1 : 0) | (purposes.indexOf(frame.purpose) << 1));
  if (isReply(frame.purpose)) writer.varint(frame.number);
  else if (frame.purpose === "request") writer.text(frame.requestId ?? "");
  if (typeof frame.body === "string") return writer.text(frame.body);
  writer.bytes(frame.body);
  return frame.body.length;
}

/** Turns the reply that was written at `start` into the last one. So the end of most messages needs no frame. */
export function makeLastReply(writer: WireWriter, start: number, pin: number): void {
  writer.setBits(start + 1 + varintBytes(pin), lastReplyBits);
}

export function isReply(purpose: OutputFrame["purpose"]): boolean {
  return purpose === "reply" || purpose === "last-reply";
}

function readOutput(reader: WireReader, pin: number): OutputFrame {
  const flags = reader.byte();
  const purpose = oneOf(purposes, flags >> 1, "purpose");
  const number = isReply(purpose) ? reader.varint() : 0;
  const requestId = purpose === "request" ? reader.text() : undefined;
  const messageType: MessageType = (flags & 1) !== 0 ? "binary" : "text";
  return { type: "output", pin, purpose, number, requestId, messageType, body: reader.bytes() };
}

function writeEnd(writer: WireWriter, { pin, numbers }: EndFrame): void {
  start(writer, FrameType.END, pin);
  let ranges = 0;
  for (let index = 0; index < numbers.length; index++) {
    if (index === 0 || numbers[index] !== (numbers[index - 1] ?? 0) + 1) ranges++;
  }
  writer.varint(ranges);
  let first = 0;
  for (let index = 1; index <= numbers.length; index++) {
    if (index < numbers.length && numbers[index] === (numbers[index - 1] ?? 0) + 1) continue;
    writer.varint(numbers[first] ?? 0);
    writer.varint(index - first - 1);
    first = index;
  }
}

function readEnd(reader: WireReader, pin: number): EndFrame {
  const numbers: number[] = [];
  for (let ranges = reader.varint(); ranges > 0; ranges--) {
    const first = reader.varint();
    const more = reader.varint();
    if (numbers.length + more >= maxEndNumbers) throw new MalformedPacket("an END lists too many numbers");
    for (let number = first; number <= first + more; number++) numbers.push(number);
  }
  return { type: "end", pin, numbers };
}

function readChunk(reader: WireReader, pin: number): ChunkFrame {
  const flags = reader.byte();
  const totalBytes = (flags & ChunkFlag.FIRST) !== 0 ? reader.varint() : 0;
  return { type: "chunk", pin, totalBytes, isLast: (flags & ChunkFlag.LAST) !== 0, bytes: reader.bytes() };
}

function writeOpen(writer: WireWriter, { pin, info }: OpenFrame): void {
  start(writer, FrameType.OPEN, pin);
  writer.text(info.socketId);
  writer.text(info.remoteAddress);
  writer.text(info.codec ?? "");
  const headers = Object.entries(info.headers);
  writer.varint(headers.length);
  for (const [name, value] of headers) {
    writer.text(name);
    writer.text(value);
  }
  writer.text(factsToJson(info.trusted));
}

function readOpen(reader: WireReader, pin: number): OpenFrame {
  const socketId = reader.text();
  // Kept as long as the client: what many have in common is one string.
  const remoteAddress = reader.repeatedText();
  const codec = reader.repeatedText();
  const headers = readHeaders(reader);
  const info: SocketInfo = {
    socketId,
    remoteAddress,
    headers,
    codec: codec === "" ? undefined : codec,
    trusted: readFacts(reader),
  };
  return { type: "open", pin, info };
}

function readHeaders(reader: WireReader): Readonly<Record<string, string>> {
  const count = reader.varint();
  if (count === 0) return nothing;
  const headers: Record<string, string> = Object.create(null);
  for (let left = count; left > 0; left--) {
    const name = reader.repeatedText();
    headers[name] = reader.repeatedText();
  }
  return headers;
}

function readFacts(reader: WireReader): Readonly<Record<string, unknown>> {
  const json = reader.text();
  if (json === "{}") return nothing;
  try {
    return factsFromJson(json);
  } catch {
    throw new MalformedPacket("facts are no JSON object");
  }
}

function oneOf<Value>(values: readonly Value[], index: number, what: string): Value {
  const value = values[index];
  if (value === undefined) throw new MalformedPacket(`${index} is no ${what}`);
  return value;
}
