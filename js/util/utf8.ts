// How many bytes a text has on the wire, for bounds in bytes.

const UNLIKE_ASCII = /[^\0-\x7f]/;

/** Node's own count, which Deno and Bun have as well: several times faster than ours. */
const native = (globalThis as { Buffer?: { byteLength?: (text: string) => number } }).Buffer?.byteLength;

/** Returns the length of a text in UTF-8. A lone surrogate is written as U+FFFD, three bytes. */
export function utf8Length(text: string): number {
  if (native) return native(text);
  let bytes = text.length;
  if (!UNLIKE_ASCII.test(text)) return bytes;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    bytes += code < 0x800 ? 1 : 2;
    // Two halves make four bytes: the second one adds nothing to its own.
    if (code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return bytes;
}
