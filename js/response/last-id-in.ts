// The newest event id in a chunk of an event stream.

const LINE_FEED = 10;
/** `id: ` */
const FIELD = [105, 100, 58, 32];

/**
 * Returns the last event id in a chunk. Chunks are of whole blocks, and only a field begins a line.
 */
export function lastIdIn(bytes: Uint8Array): string | undefined {
  for (let end = bytes.length; end > 0; ) {
    const start = bytes.lastIndexOf(LINE_FEED, end - 1) + 1;
    // Not decoded before it is known to be one: a message may have a million lines of data.
    if (FIELD.every((byte, at) => bytes[start + at] === byte))
      return new TextDecoder().decode(bytes.subarray(start + FIELD.length, bytes.indexOf(LINE_FEED, start)));
    end = start - 1;
  }
  return undefined;
}
