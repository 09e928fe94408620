/** The message cut off before each of its bytes. */
export function* truncations(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.slice(0, length);
}

/** Bytes with a meaning in one encoding or another: structure, lengths, signs of ill-formed text. */
const trouble = [
  0x00, 0x01, 0x0a, 0x12, 0x1a, 0x20, 0x22, 0x2c, 0x30, 0x5b, 0x5c, 0x5d, 0x75, 0x7b, 0x7d, 0x7f, 0x80, 0x81,
  0x91, 0xa0, 0xc0, 0xc1, 0xc4, 0xc7, 0xd4, 0xdb, 0xdd, 0xdf, 0xed, 0xff,
];

/** The message with each of its bytes replaced, by each troublesome value in turn. */
export function* mutations(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of trouble) {
      const changed = bytes.slice();
      changed[at] = byte;
      yield changed;
    }
  }
}
