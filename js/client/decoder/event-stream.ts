// An event stream that is read event by event, or piped.

import { type DecoderOptions, EventStreamDecoder, type ReceivedEvent } from './decoder.js';

/**
 * The events of a stream of bytes, for `for await`. Nothing is read ahead of the loop: an event is
 * decoded when the chunk with its end is read. Leaving the loop cancels the stream of bytes.
 *
 * @example
 * for await (const { data } of EventStream.fromResponse(await fetch(url))) console.log(data);
 */
export class EventStream implements AsyncIterableIterator<ReceivedEvent, undefined> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder: EventStreamDecoder;
  readonly #events: AsyncGenerator<ReceivedEvent, undefined>;

  /** Reads a stream of bytes, whatever it came with. */
  static fromReadableStream(stream: ReadableStream<Uint8Array>, options?: DecoderOptions): EventStream {
    return new EventStream(stream.getReader(), options);
  }

  /**
   * Reads the body of a response.
   *
   * @throws {TypeError} when its status or its content type is not that of an event stream: an
   * error page has no events.
   */
  static fromResponse(response: Response, options?: DecoderOptions): EventStream {
    const { ok, status, body, headers } = response;
    if (!ok || !body) throw new TypeError(`a response of status ${status} is no event stream`);
    if (!isEventStream(headers)) {
      throw new TypeError(`a response of the type ${headers.get('Content-Type')} is no event stream`);
    }
    return EventStream.fromReadableStream(body, options);
  }

  private constructor(reader: ReadableStreamDefaultReader<Uint8Array>, options: DecoderOptions | undefined) {
    this.#reader = reader;
    this.#decoder = new EventStreamDecoder(options);
    this.#events = this.#read();
  }

  /** The last event ID as of the newest chunk that was read. */
  get lastEventId(): string {
    return this.#decoder.lastEventId;
  }

  /** The reconnection time in milliseconds; `undefined` while the stream has not set one. */
  get reconnectionTime(): number | undefined {
    return this.#decoder.reconnectionTime;
  }

  /** Returns the next event; `done` when the stream has ended. Rejects when the stream breaks. */
  next(): Promise<IteratorResult<ReceivedEvent, undefined>> {
    return this.#events.next();
  }

  /** Cancels the stream of bytes. A call of `next` that waits is answered with `done`. */
  async return(): Promise<IteratorResult<ReceivedEvent, undefined>> {
    await this.#reader.cancel().catch(() => {});
    return this.#events.return(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async *#read(): AsyncGenerator<ReceivedEvent, undefined> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) return;
        yield* this.#decoder.push(value);
      }
    } finally {
      // After an error of the decoder the sender must not go on.
      await this.#reader.cancel().catch(() => {});
    }
  }
}

/**
 * Makes events of bytes, for `pipeThrough`. Its shape is that of a `TransformStream`.
 *
 * @example
 * const events = response.body.pipeThrough(new EventStreamDecoderStream());
 */
export class EventStreamDecoderStream {
  readonly #decoder: EventStreamDecoder;
  readonly readable: ReadableStream<ReceivedEvent>;
  readonly writable: WritableStream<Uint8Array>;

  constructor(options?: DecoderOptions) {
    const decoder = (this.#decoder = new EventStreamDecoder(options));
    const { readable, writable } = new TransformStream<Uint8Array, ReceivedEvent>({
      transform(bytes, controller) {
        for (const event of decoder.push(bytes)) controller.enqueue(event);
      },
    });
    this.readable = readable;
    this.writable = writable;
  }

  /** The last event ID as of the newest chunk that was written. */
  get lastEventId(): string {
    return this.#decoder.lastEventId;
  }

  /** The reconnection time in milliseconds; `undefined` while the stream has not set one. */
  get reconnectionTime(): number | undefined {
    return this.#decoder.reconnectionTime;
  }
}

/** Whether headers say that the body is an event stream. */
export function isEventStream(headers: Headers): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(headers.get('Content-Type') ?? '');
}
