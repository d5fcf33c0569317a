// Interprets the bytes of an event stream as a client does, by the HTML standard:
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

/** An event as an `EventSource` would dispatch it. */
export interface ReceivedEvent {
  /** The event type; `'message'` where the stream names none. */
  type: string;
  data: string;
  /** The last event ID as of this event. */
  lastEventId: string;
}

/** Interprets an event stream, however its bytes are cut. */
export class EventStreamInterpreter {
  /**
   * The events dispatched so far, except those of type `_eric_position`, which carry an ID alone.
   */
  readonly events: ReceivedEvent[] = [];
  /** The `Last-Event-ID` that a client would send. */
  lastEventId = '';
  /** The reconnection time that the stream has set last, in milliseconds. */
  retryMilliseconds: number | undefined;
  /** How many comments have come. Each heartbeat starts with one. */
  comments = 0;
  // One leading byte order mark is stripped here and not by the decoder, which in some runtimes
  // strips one from every chunk.
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  #rest = '';
  /** The line ended with a CR: an LF that follows belongs to it. */
  #isAfterReturn = false;
  #begun = false;
  #data: string[] = [];
  #type = '';
  #id = '';

  push(bytes: Uint8Array): void {
    let text = this.#utf8.decode(bytes, { stream: true });
    if (text === '') return;
    if (this.#begun ? this.#isAfterReturn && text.startsWith('\n') : text.startsWith('\ufeff')) text = text.slice(1);
    this.#begun = true;
    this.#isAfterReturn = text.endsWith('\r');
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return void this.comments++;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#type = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.retryMilliseconds = Number(value);
  }

  #dispatch(): void {
    this.lastEventId = this.#id;
    const data = this.#data.join('\n');
    // Without a `data` field no event is dispatched; with an empty one it is.
    if (this.#data.length > 0 && this.#type !== '_eric_position')
      this.events.push({ type: this.#type || 'message', data, lastEventId: this.lastEventId });
    this.#data = [];
    this.#type = '';
  }
}
