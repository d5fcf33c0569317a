// The interpretation of an event stream, by the HTML standard:
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
//
// Bytes are kept until their line ends, then all lines that have ended are decoded by one call. A
// line end is never a part of a character in UTF-8, so no character is cut. A byte is looked at a
// fixed number of times, however the bytes are cut: a megabyte in single bytes costs no more for
// each byte than a short line.

/** An event, as an `EventSource` would dispatch it. */
export interface ReceivedEvent {
  /** The event type; `'message'` where the stream names none. */
  type: string;
  data: string;
  /** The last event ID as of this event. */
  lastEventId: string;
}

export interface DecoderOptions {
  /** Called for each comment, with the text behind the colon. */
  onComment?: ((comment: string) => void) | undefined;
  /** The last event ID that the stream continues after. */
  lastEventId?: string | undefined;
  /**
   * The most bytes that are kept of an event that has not ended; 16 MiB by default. More are an
   * {@link EventTooLargeError}.
   */
  maxEventBytes?: number | undefined;
}

/** An event has more bytes than `maxEventBytes`, and has not ended. */
export class EventTooLargeError extends Error {
  override readonly name = 'EventTooLargeError';
  readonly code = 'ERIC_EVENT_TOO_LARGE';
}

// Characters, as numbers.
const [LF, CR, SPACE, COLON, A, D, E, I, N, T, V] = [10, 13, 32, 58, 97, 100, 101, 105, 110, 116, 118];
const NOTHING = new Uint8Array(0);
// One leading byte order mark is stripped here and not by the decoders, which would strip one from
// every part that they are given. Lines leave no state in a decoder, so all streams share them.
const ascii = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });
// V8's own decoder is several times faster for ASCII, and in Node half as fast for other text as
// the one that `stream` chooses there.
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });
const STREAM = { stream: true };
/** Up to so many bytes are copied to the line that they end. */
const COPIED_BYTES = 1024;
/** A buffer that is larger is let go when it is empty. */
const KEPT_BYTES = 64 * 1024;

/**
 * Decodes an event stream, however its bytes are cut.
 *
 * @example
 * const decoder = new EventStreamDecoder();
 * for await (const bytes of response.body)
 *   for (const { type, data } of decoder.push(bytes)) console.log(type, data);
 */
export class EventStreamDecoder {
  readonly #onComment: ((comment: string) => void) | undefined;
  readonly #maxEventBytes: number;
  /** Whether the lines before were ASCII: which decoder is likely to be the faster one. */
  #isAscii = true;
  /** The bytes of a line that has not ended are the first `#length` ones. */
  #line: Uint8Array = NOTHING;
  #length = 0;
  #begun = false;
  /** The bytes so far ended with a CR: an LF that follows belongs to it. */
  #isAfterReturn = false;
  /** `undefined` without a `data` field, which differs from an empty one. */
  #data: string | undefined;
  #type = '';
  #id: string;
  #lastEventId: string;
  #reconnectionTime: number | undefined;

  constructor({ onComment, lastEventId = '', maxEventBytes = 16 * 1024 * 1024 }: DecoderOptions = {}) {
    this.#id = this.#lastEventId = lastEventId;
    this.#onComment = onComment;
    this.#maxEventBytes = maxEventBytes;
  }

  /** The last event ID: what a client sends as `Last-Event-ID` when it reconnects. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** The reconnection time in milliseconds; `undefined` while the stream has not set one. */
  get reconnectionTime(): number | undefined {
    return this.#reconnectionTime;
  }

  /**
   * Returns the events that end with these bytes, which may be reused afterwards.
   *
   * @throws {EventTooLargeError} when an event that the bytes before have begun is too large. The
   * decoder is of no more use then until it is reset.
   */
  push(bytes: Uint8Array): ReceivedEvent[] {
    if (this.#length + (this.#data?.length ?? 0) > this.#maxEventBytes) {
      throw new EventTooLargeError(`an event of the stream has more than ${this.#maxEventBytes} bytes`);
    }
    const events: ReceivedEvent[] = [];
    const { length } = bytes;
    if (length === 0) return events;
    let start = this.#isAfterReturn && bytes[0] === LF ? 1 : 0;
    let end = length;
    while (end > start && bytes[end - 1] !== LF && bytes[end - 1] !== CR) end--;
    this.#isAfterReturn = end === length && bytes[end - 1] === CR;
    if (end > start) {
      if (this.#length > 0) {
        // One call decodes faster than two, unless the bytes to copy for that are many.
        const to = end - start < COPIED_BYTES ? end : afterLine(bytes, start);
        this.#keep(bytes, start, to);
        start = to;
        this.#interpret(this.#decoded(this.#line.subarray(0, this.#length)), events);
        this.#length = 0;
        if (this.#line.length > KEPT_BYTES) this.#line = NOTHING;
      }
      if (start < end) this.#interpret(this.#decoded(bytes.subarray(start, end)), events);
    }
    this.#keep(bytes, end, length);
    return events;
  }

  /**
   * Begins a new stream. The last event ID and the reconnection time stay, as they do when a client
   * reconnects; an event that has not ended is discarded.
   */
  reset(): void {
    this.#length = 0;
    this.#begun = this.#isAfterReturn = false;
    this.#data = undefined;
    this.#type = '';
    this.#id = this.#lastEventId;
  }

  /** Adds to the line that has not ended. */
  #keep(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#line.length) {
      const larger = new Uint8Array(Math.max(256, 2 * length));
      larger.set(this.#line.subarray(0, this.#length));
      this.#line = larger;
    }
    if (end - start > 64) this.#line.set(bytes.subarray(start, end), this.#length);
    else for (let at = this.#length; start < end; ) this.#line[at++] = bytes[start++]!;
    this.#length = length;
  }

  /** Decodes whole lines, and makes an LF of each line end. */
  #decoded(lines: Uint8Array): string {
    let text = this.#isAscii ? ascii.decode(lines) : utf8.decode(lines, STREAM);
    this.#isAscii = text.length === lines.length;
    if (!this.#begun && text.startsWith('\ufeff')) text = text.slice(1);
    this.#begun = true;
    return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  }

  /** Interprets lines, each of which ends with an LF. */
  #interpret(text: string, events: ReceivedEvent[]): void {
    let [data, type, id] = [this.#data, this.#type, this.#id];
    /** Whether there is a NUL in the text, once that was asked. */
    let hasNul: boolean | undefined;
    for (let at = 0, end: number; at < text.length; at = end + 1) {
      const first = text.charCodeAt(at);
      if (first === LF) {
        end = at;
        // An empty line ends an event, which is dispatched if it has a `data` field.
        this.#lastEventId = id;
        if (data !== undefined) events.push({ type: type || 'message', data, lastEventId: id });
        data = undefined;
        type = '';
        continue;
      }
      end = text.indexOf('\n', at);
      let from = nameEnd(text, at, first);
      if (from < 0) continue;
      if (from < end) {
        if (text.charCodeAt(from++) !== COLON) continue;
        // "If value starts with a U+0020 SPACE character, remove it from value."
        if (text.charCodeAt(from) === SPACE && first !== COLON) from++;
      }
      const value = text.slice(from, end);
      if (first === D) data = data === undefined ? value : `${data}\n${value}`;
      else if (first === E) type = value;
      else if (first === I) {
        hasNul ??= text.includes('\0');
        if (!hasNul || !value.includes('\0')) id = value;
      } else if (first === COLON) this.#onComment?.(value);
      else if (/^[0-9]+$/.test(value)) this.#reconnectionTime = Number(value);
    }
    this.#data = data;
    this.#type = type;
    this.#id = id;
  }
}

/**
 * Returns where the name of a known field ends, for a comment where its colon is, and otherwise -1.
 * Letter by letter, because a call of `startsWith` costs a tenth of a short event.
 */
function nameEnd(text: string, at: number, first: number): number {
  const second = text.charCodeAt(at + 1);
  switch (first) {
    case D:
      return second === A && text.charCodeAt(at + 2) === T && text.charCodeAt(at + 3) === A ? at + 4 : -1;
    case I:
      return second === D ? at + 2 : -1;
    case E:
      return second === V &&
        text.charCodeAt(at + 2) === E &&
        text.charCodeAt(at + 3) === N &&
        text.charCodeAt(at + 4) === T
        ? at + 5
        : -1;
    case COLON:
      return at;
    default:
      return text.startsWith('retry', at) ? at + 5 : -1;
  }
}

/** Where the first line ends, of bytes that have a line end from `start` on. */
function afterLine(bytes: Uint8Array, start: number): number {
  let end = start;
  while (bytes[end] !== LF && bytes[end] !== CR) end++;
  return bytes[end++] === CR && bytes[end] === LF ? end + 1 : end;
}
