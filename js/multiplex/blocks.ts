// The blocks of a channel's chunk, and the ids that they are given instead of their own.

const [LINE_FEED, E] = [10, 101];
/** `id: ` */
const FIELD = [105, 100, 58, 32];
const utf8 = /* @__PURE__ */ new TextDecoder();

export interface Rewriting {
  /** Returns the id field of an event, whose own id is given if it has one. */
  idField(id: string | undefined): Uint8Array;
  /** Sees a block that carries no message, which is left out. */
  note(text: string): void;
}

/** Rewrites a chunk of whole blocks. Returns its parts. */
export function rewritten(chunk: Uint8Array, { idField, note }: Rewriting): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let start = 0; start < chunk.length; ) {
    if (isNote(chunk, start)) {
      const end = blockEnd(chunk, start);
      parts.push(chunk.subarray(from, start));
      note(utf8.decode(chunk.subarray(start, end)));
      from = start = end;
      continue;
    }
    // The id is in the line behind the type.
    const at = chunk.indexOf(LINE_FEED, start) + 1;
    const hasId = FIELD.every((byte, index) => chunk[at + index] === byte);
    const end = hasId ? chunk.indexOf(LINE_FEED, at) + 1 : at;
    const id = hasId ? utf8.decode(chunk.subarray(at + FIELD.length, end - 1)) : undefined;
    parts.push(chunk.subarray(from, at), idField(id));
    from = end;
    start = blockEnd(chunk, end);
  }
  parts.push(chunk.subarray(from));
  return parts;
}

/** Splits a leading block that carries no message from a chunk. */
export function leadingNote(chunk: Uint8Array): [text: string, rest: Uint8Array] | undefined {
  if (!isNote(chunk, 0)) return undefined;
  const end = blockEnd(chunk, 0);
  return [utf8.decode(chunk.subarray(0, end)), chunk.subarray(end)];
}

/** Whether the block is a comment or a reconnection time: an event begins with its type. */
const isNote = (chunk: Uint8Array, start: number): boolean => chunk[start] !== E;

/** Returns where the block ends that the line at `from` is in: behind an empty line. */
function blockEnd(chunk: Uint8Array, from: number): number {
  for (;;) {
    const end = chunk.indexOf(LINE_FEED, from);
    if (end < 0) return chunk.length;
    if (end === from) return end + 1;
    from = end + 1;
  }
}
