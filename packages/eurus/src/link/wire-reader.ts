import { RepeatedTexts } from "velaros-protocol/internal";

/** Something on the wire is not what the protocol says. Only ever thrown and caught within the link. */
export class MalformedPacket extends Error {
  static {
    this.prototype.name = "MalformedPacket";
  }
}

/** Longer texts would become chains of pieces, which cost more than the call into the platform's decoder. */
const shortText = 12;

/** Reads what a {@link WireWriter} wrote. Every method throws {@link MalformedPacket} at the end of the bytes. */
export class WireReader {
  #bytes: Uint8Array;
  #position = 0;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #texts = new RepeatedTexts();

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
  }

  /** Starts on other bytes. */
  reset(bytes: Uint8Array, position = 0): void {
    this.#bytes = bytes;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#position];
    if (value === undefined) throw new MalformedPacket("it ends in the middle of a field");
    this.#position++;
    return value;
  }

  uint16(): number {
    return this.byte() * 0x100 + this.byte();
  }

  uint32(): number {
    return this.uint16() * 0x1_0000 + this.uint16();
  }

  uint48(): number {
    return this.uint16() * 0x1_0000_0000 + this.uint32();
  }

  varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 128;
    for (;;) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) break;
      scale *= 128;
      if (scale > 2 ** 42) throw new MalformedPacket("a number has more than seven bytes");
    }
    return value;
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.varint();
    const from = this.#position;
    this.#skip(length, from);
    // Always a plain view, also when the bus hands out a subclass such as Node's Buffer.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + from, length);
  }

  /** A text that is hardly ever the same, such as an id. */
  text(): string {
    const length = this.varint();
    const from = this.#position;
    this.#skip(length, from);
    if (length > shortText) return this.#decode(from, from + length);
    let text = "";
    for (let index = from; index < from + length; index++) {
      const code = this.#bytes[index] ?? 0;
      if (code > 0x7f) return this.#decode(from, from + length);
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** A text that is often the same, such as a path: equal bytes give the very same string. */
  repeatedText(): string {
    const length = this.varint();
    const from = this.#position;
    this.#skip(length, from);
    try {
      return this.#texts.read(this.#bytes, from, from + length);
    } catch {
      throw new MalformedPacket(`the text at byte ${from} is not UTF-8`);
    }
  }

  #skip(length: number, from: number): void {
    const end = this.#position + length;
    if (end > this.#bytes.length) {
      throw new MalformedPacket(`a field at byte ${from} claims ${length} bytes and the packet has fewer`);
    }
    this.#position = end;
  }

  #decode(from: number, to: number): string {
    try {
      return this.#decoder.decode(this.#bytes.subarray(from, to));
    } catch {
      throw new MalformedPacket(`the text at byte ${from} is not UTF-8`);
    }
  }
}
