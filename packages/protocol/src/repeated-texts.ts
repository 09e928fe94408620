import { decodeUtf8 } from "./text.ts";

const slots = 512;
/** What browsers call themselves fits, which services keep with every client; what is remembered stays small. */
const longestBytes = 256;

/**
 * Decodes texts that come again and again, such as paths: to look at the bytes and recognise them costs a fifth of the
 * call into the platform's decoder, and whoever looks such a text up has its hash already. Remembers 512 texts of up to
 * 256 bytes, of ASCII only.
 */
export class RepeatedTexts {
  /** By a hash of their bytes. Made when it is needed. */
  #texts: string[] | undefined;

  /**
   * The UTF-8 in `bytes[start..end)`.
   *
   * @throws TypeError when it is not well formed.
   */
  read(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > longestBytes) return decodeUtf8(bytes.subarray(start, end));
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
    const slot = (hash ^ (hash >>> 16)) & (slots - 1);
    const texts = (this.#texts ??= Array.from({ length: slots }, () => ""));
    const remembered = texts[slot] ?? "";
    if (remembered.length === length && isText(remembered, bytes, start)) return remembered;
    const text = decodeUtf8(bytes.subarray(start, end));
    // As long in characters as in bytes: ASCII.
    if (text.length === length) texts[slot] = text;
    return text;
  }
}

function isText(text: string, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
