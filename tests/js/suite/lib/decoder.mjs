// A decoder of event streams, written from the HTML standard and from nothing else of this project.
//
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

/** @typedef {{ type: string, data: string, lastEventId: string }} DecodedEvent */

export class EventStreamDecoder {
  /**
   * @type {DecodedEvent[]} events that a client would have dispatched so far, except those that
   * `positions` counts
   */
  events = [];
  /**
   * How many events of type `_eric_position` have come. They carry an id alone, and no `onmessage`
   * sees them.
   */
  positions = 0;
  /** The reconnection time, once the stream has set one. @type {number | undefined} */
  reconnectionTime;
  /** How many fields have set the reconnection time. */
  retries = 0;
  lastEventId = '';
  /** Lines that a client ignores: comments, unknown fields, fields with unfit values. @type {string[]} */
  ignored = [];

  // "Streams must be decoded using the UTF-8 decode algorithm", which strips one leading byte order
  // mark. Done by hand: workerd's decoder strips one from every part that it is given.
  #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  #text = '';
  #begun = false;
  #dataBuffer = '';
  #eventTypeBuffer = '';
  #lastEventIdBuffer = '';

  /** Whether a block has begun that was not ended yet. */
  get isInBlock() {
    return (
      this.#text !== '' ||
      this.#dataBuffer !== '' ||
      this.#eventTypeBuffer !== '' ||
      this.#lastEventIdBuffer !== this.lastEventId
    );
  }

  /** @param {Uint8Array} bytes */
  push(bytes) {
    this.#text += this.#utf8.decode(bytes, { stream: true });
    this.#lines(false);
    return this;
  }

  /** Ends the stream: what was not ended by an empty line is discarded. */
  end() {
    this.#text += this.#utf8.decode();
    this.#lines(true);
    return this;
  }

  /** @param {boolean} atEnd */
  #lines(atEnd) {
    if (!this.#begun && this.#text !== '') {
      this.#begun = true;
      if (this.#text[0] === '\ufeff') this.#text = this.#text.slice(1);
    }
    for (;;) {
      const end = this.#text.search(/[\r\n]/);
      if (end < 0) return;
      // A CR at the end of what has arrived may be the first half of a pair.
      if (this.#text[end] === '\r' && end === this.#text.length - 1 && !atEnd) return;
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + (this.#text.startsWith('\r\n', end) ? 2 : 1));
      this.#line(line);
    }
  }

  /** @param {string} line */
  #line(line) {
    // "If the line is empty (a blank line): Dispatch the event"
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    // "If the line starts with a U+003A COLON character (:): Ignore the line."
    if (colon === 0) return void this.ignored.push(line);
    // "Otherwise, the string is not empty but does not contain a colon: process the field using the
    // whole line as the field name, and the empty string as the field value."
    if (colon < 0) return this.#field(line, '', line);
    // "If value starts with a U+0020 SPACE character, remove it from value."
    const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    this.#field(line.slice(0, colon), value, line);
  }

  /** @param {string} name @param {string} value @param {string} line */
  #field(name, value, line) {
    switch (name) {
      case 'event':
        this.#eventTypeBuffer = value;
        return;
      case 'data':
        this.#dataBuffer += `${value}\n`;
        return;
      case 'id':
        // "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
        // the field value."
        if (value.includes('\0')) break;
        this.#lastEventIdBuffer = value;
        return;
      case 'retry':
        // "If the field value consists of only ASCII digits"
        if (!/^[0-9]+$/.test(value)) break;
        this.reconnectionTime = Number(value);
        this.retries++;
        return;
    }
    this.ignored.push(line);
  }

  #dispatch() {
    this.lastEventId = this.#lastEventIdBuffer;
    // "If the data buffer is an empty string, set the data buffer and the event type buffer to the
    // empty string and return."
    if (this.#dataBuffer === '\n' && this.#eventTypeBuffer === '_eric_position') this.positions++;
    else if (this.#dataBuffer !== '') {
      this.events.push({
        type: this.#eventTypeBuffer || 'message',
        // "If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove
        // the last character"
        data: this.#dataBuffer.slice(0, -1),
        lastEventId: this.lastEventId,
      });
    }
    this.#dataBuffer = '';
    this.#eventTypeBuffer = '';
  }
}

/** Decodes a whole stream. @param {Uint8Array | string} stream */
export function decode(stream) {
  const bytes = typeof stream === 'string' ? new TextEncoder().encode(stream) : stream;
  return new EventStreamDecoder().push(bytes).end();
}
