// The newest event id in a chunk of an event stream.

/** `\nid: `, backwards. */
const MARK = [...'\nid: '].map((character) => character.charCodeAt(0)).reverse();
const LINE_FEED = 10;

/**
 * Returns the last event id that stands in a chunk of whole blocks, as the core writes them. No line of data looks like one: each
 * begins with `data: `.
 */
export function lastIdIn(bytes: Uint8Array): string | undefined {
  for (let end = bytes.length - 1; end >= MARK.length; end--) {
    if (MARK.some((byte, back) => bytes[end - back] !== byte)) continue;
    return new TextDecoder().decode(bytes.subarray(end + 1, bytes.indexOf(LINE_FEED, end)));
  }
  return undefined;
}
