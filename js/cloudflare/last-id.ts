// The newest event id in a chunk of an event stream.

const LINE_FEED = 10;
/** `i` */
const FIRST_OF_ID = 105;

/**
 * Returns the last event id that stands in a chunk of whole blocks, as the core writes them. No line of data looks like one: each
 * begins with `data: `.
 */
export function lastIdIn(bytes: Uint8Array): string | undefined {
  for (let end = bytes.length - 1, start; end > 0; end = start) {
    start = bytes.lastIndexOf(LINE_FEED, end - 1);
    // A message may have a million lines of data.
    if (bytes[start + 1] !== FIRST_OF_ID) continue;
    const line = new TextDecoder().decode(bytes.subarray(start + 1, end));
    if (line.startsWith('id: ')) return line.slice(4);
  }
  return undefined;
}
