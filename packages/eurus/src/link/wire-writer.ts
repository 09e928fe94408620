const firstBytes = 1024;
/** Above this the engine's encoder beats a loop. */
const longText = 64;

/** Writes into one buffer that grows; hands out what was written without copying it. */
export class WireWriter {
  /** Everything before `start` was handed out and is never written again. */
  #bytes: Uint8Array = new Uint8Array(firstBytes);
  #start = 0;
  #position = 0;
  readonly #encoder = new TextEncoder();

  /** Bytes written since the last {@link take}. */
  get length(): number {
    return this.#position - this.#start;
  }

  /** Ends what is being written and returns it. The bytes stay as they are. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(this.#start, this.#position);
    this.#start = this.#position;
    return taken;
  }

  /** Drops what was written behind the first `length` bytes since the last {@link take}. */
  truncate(length: number): void {
    this.#position = this.#start + length;
  }

  /** Sets bits of a byte that was written already, `at` bytes behind the last {@link take}. */
  setBits(at: number, bits: number): void {
    const index = this.#start + at;
    this.#bytes[index] = (this.#bytes[index] ?? 0) | bits;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#position++] = value;
  }

  /** Big-endian. */
  uint16(value: number): void {
    this.#reserve(2);
    this.#bytes[this.#position++] = value >>> 8;
    this.#bytes[this.#position++] = value;
  }

  /** Big-endian. */
  uint32(value: number): void {
    this.#reserve(4);
    const bytes = this.#bytes;
    bytes[this.#position++] = value >>> 24;
    bytes[this.#position++] = value >>> 16;
    bytes[this.#position++] = value >>> 8;
    bytes[this.#position++] = value;
  }

  /** Big-endian. */
  uint48(value: number): void {
    this.uint16(Math.floor(value / 0x1_0000_0000));
    this.uint32(value >>> 0);
  }

  /** Seven bits a byte, lowest first, the highest bit says that more follow. */
  varint(value: number): void {
    this.#reserve(maxVarintBytes);
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#position++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#position++] = rest;
  }

  /** Its length as varint, then the bytes. */
  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#position);
    this.#position += value.length;
  }

  /** Its length in UTF-8 bytes as varint, then the bytes. Returns that length. */
  text(value: string): number {
    const length = value.length;
    if (length > longText) return this.#encode(value);
    // Nearly all names, ids and paths are short ASCII.
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    let position = this.#position;
    bytes[position++] = length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return this.#encode(value);
      bytes[position++] = code;
    }
    this.#position = position;
    return length;
  }

  /** Encodes in place: a buffer of its own for every text would cost more than the text. */
  #encode(value: string): number {
    // Room for ASCII, which nearly all of it is; three times as much only when that did not suffice.
    this.#reserve(value.length + 2 * maxVarintBytes);
    let at = this.#position;
    this.varint(value.length);
    let start = this.#position;
    let { read, written } = this.#encodeAt(value, start);
    if (read < value.length) {
      this.#position = at;
      this.#reserve(value.length * 3 + 2 * maxVarintBytes);
      at = this.#position;
      this.varint(value.length);
      start = this.#position;
      ({ read, written } = this.#encodeAt(value, start));
    }
    if (written !== value.length) {
      // Not only ASCII: the length is another one, and may itself be longer than the room that it was given.
      this.#bytes.copyWithin(at + varintBytes(written), start, start + written);
      this.#position = at;
      this.varint(written);
    }
    this.#position += written;
    return written;
  }

  /** Leaves room behind the text: it moves when its length turns out to be a longer varint. */
  #encodeAt(value: string, start: number): { readonly read: number; readonly written: number } {
    return this.#encoder.encodeInto(value, this.#bytes.subarray(start, this.#bytes.length - maxVarintBytes));
  }

  #reserve(size: number): void {
    if (this.#position + size > this.#bytes.length) this.#grow(size);
  }

  /** What was handed out keeps the old buffer; only the piece being written moves. */
  #grow(size: number): void {
    const used = this.#position - this.#start;
    const needed = used + size;
    // A busy link gets larger slabs, an idle one keeps its small one. Large bodies share slabs of their own kind, so that
    // a batch of them is moved once and not whenever one is added.
    const usual = needed > maxSlab ? largeSlab : Math.min(this.#bytes.length * 2, maxSlab);
    const grown = new Uint8Array(Math.max(needed, usual));
    grown.set(this.#bytes.subarray(this.#start, this.#position));
    this.#bytes = grown;
    this.#start = 0;
    this.#position = used;
  }
}

const maxSlab = 64 * 1024;
const largeSlab = 256 * 1024;
const maxVarintBytes = 8;

/** How many bytes a number takes as varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
