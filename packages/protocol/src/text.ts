/** Refuses malformed UTF-8 and keeps a leading U+FEFF, which is text and not a byte order mark here. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8Encoder = new TextEncoder();

/**
 * Up to this many bytes reading characters one by one beats the call into the platform's decoder. V8 builds longer texts
 * as chains of pieces, and whoever looks such a text up pays for joining them.
 */
export const shortTextBytes = 12;

/**
 * Decodes UTF-8 strictly.
 *
 * @throws TypeError when the bytes are not well-formed UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** Encodes text as UTF-8; half characters (lone surrogates) become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** Decodes `bytes[start..end)`, which the caller knows to be ASCII. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > shortTextBytes) return utf8.decode(bytes.subarray(start, end));
  let text = "";
  let at = start;
  for (; at + 8 <= end; at += 8) {
    text += String.fromCharCode(
      bytes[at] ?? 0,
      bytes[at + 1] ?? 0,
      bytes[at + 2] ?? 0,
      bytes[at + 3] ?? 0,
      bytes[at + 4] ?? 0,
      bytes[at + 5] ?? 0,
      bytes[at + 6] ?? 0,
      bytes[at + 7] ?? 0,
    );
  }
  for (; at + 2 <= end; at += 2) text += String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0);
  if (at < end) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}

/**
 * Decodes the UTF-8 in `bytes[start..end)` strictly; quick for what ids, paths and keys usually are.
 *
 * @throws TypeError when it is not well formed.
 */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortTextBytes) {
    let at = start;
    while (at < end && (bytes[at] ?? 0) < 0x80) at++;
    if (at === end) return asciiText(bytes, start, end);
  }
  return utf8.decode(bytes.subarray(start, end));
}

/** Length of `text` in bytes of UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // The two halves of a surrogate pair make four bytes together.
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at++;
  }
  return bytes;
}

const loneSurrogate = /\p{Surrogate}/u;
const loneSurrogates = /\p{Surrogate}/gu;

/** Whether `text` can be written as UTF-8: no half of a surrogate pair stands alone. */
export function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text);
}

/** Replaces every lone surrogate by U+FFFD, as text frames of every WebSocket do. */
export function toWellFormed(text: string): string {
  return text.replace(loneSurrogates, "\ufffd");
}

/** A view of `bytes[start..end)` that is a plain `Uint8Array`, even when `bytes` is a subclass such as Node's `Buffer`. */
export function plainView(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
