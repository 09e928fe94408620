/** RFC 6455 §5.2. */
export const textOpcode = 0x1;
export const binaryOpcode = 0x2;

const final = 0x80;

/** How many bytes the header of an unmasked frame takes in front of `length` bytes. */
export function frameHeaderLength(length: number): number {
  return length < 126 ? 2 : length < 0x10000 ? 4 : 10;
}

/**
 * Writes the header of an unmasked, unfragmented frame.
 *
 * @returns Where the payload goes.
 */
export function writeFrameHeader(target: Buffer, offset: number, opcode: number, length: number): number {
  target[offset] = final | opcode;
  if (length < 126) {
    target[offset + 1] = length;
    return offset + 2;
  }
  if (length < 0x10000) {
    target[offset + 1] = 126;
    target[offset + 2] = length >>> 8;
    target[offset + 3] = length & 0xff;
    return offset + 4;
  }
  target[offset + 1] = 127;
  target.writeUInt32BE(Math.floor(length / 2 ** 32), offset + 2);
  target.writeUInt32BE(length >>> 0, offset + 6);
  return offset + 10;
}
