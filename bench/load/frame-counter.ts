/** What a {@link FrameCounter} tells its owner. */
export interface FrameListener {
  /** Whether the content of this reply is wanted; `index` counts the replies that this `take` completes. */
  wantsContent(index: number): boolean;
  /** The payload that was wanted; only valid during the call. */
  content(payload: Buffer, index: number): void;
  /** A frame that is no reply: ping, close, or a packet of the dialect's own. Only valid during the call. */
  control(opcode: number, payload: Buffer): void;
}

/**
 * Splits the bytes of a server into frames by length alone. Payloads are looked at only when the owner asks
 * for one, so counting costs next to nothing beside the system calls.
 */
export class FrameCounter {
  readonly #listener: FrameListener;
  readonly #isReply: (payload: Buffer, start: number, size: number) => boolean;
  /** Bytes of a reply that are still to come and that nobody wants to see. */
  #skip = 0;
  /** An unfinished frame whose beginning has to be kept. */
  #kept: Buffer | undefined;

  constructor(listener: FrameListener, isReply: (payload: Buffer, start: number, size: number) => boolean) {
    this.#listener = listener;
    this.#isReply = isReply;
  }

  /** Takes the next bytes. Returns how many replies they completed. */
  take(chunk: Buffer): number {
    let offset = 0;
    let replies = 0;
    if (this.#skip > 0) {
      if (this.#skip > chunk.length) {
        this.#skip -= chunk.length;
        return 0;
      }
      offset = this.#skip;
      this.#skip = 0;
      replies = 1;
    }
    let bytes = chunk;
    if (this.#kept !== undefined) {
      bytes = Buffer.concat([this.#kept, chunk]);
      this.#kept = undefined;
    }

    while (offset < bytes.length) {
      const available = bytes.length - offset;
      const header = headerBytes(bytes, offset, available);
      if (available < header) return this.#keep(bytes, offset, replies);
      const size = payloadBytes(bytes, offset, header);
      const peek = Math.min(size, 2);
      if (available < header + peek) return this.#keep(bytes, offset, replies);

      const opcode = (bytes[offset] ?? 0) & 0x0f;
      const whole = available >= header + size;
      const start = offset + header;
      if (opcode <= 0x2 && this.#isReply(bytes, start, size)) {
        if (whole) {
          if (this.#listener.wantsContent(replies)) {
            this.#listener.content(bytes.subarray(start, start + size), replies);
          }
          replies++;
          offset = start + size;
          continue;
        }
        if (this.#listener.wantsContent(replies)) return this.#keep(bytes, offset, replies);
        this.#skip = header + size - available;
        return replies;
      }
      if (!whole) return this.#keep(bytes, offset, replies);
      this.#listener.control(opcode, bytes.subarray(start, start + size));
      offset = start + size;
    }
    return replies;
  }

  #keep(bytes: Buffer, offset: number, replies: number): number {
    this.#kept = Buffer.from(bytes.subarray(offset));
    return replies;
  }
}

function headerBytes(bytes: Buffer, offset: number, available: number): number {
  if (available < 2) return 2;
  const length = bytes[offset + 1] ?? 0;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}

function payloadBytes(bytes: Buffer, offset: number, header: number): number {
  if (header === 2) return bytes[offset + 1] ?? 0;
  return header === 4 ? bytes.readUInt16BE(offset + 2) : Number(bytes.readBigUInt64BE(offset + 2));
}
