// A client of a Response, in memory: no server, no socket.

import { EventStreamInterpreter, type ReceivedEvent } from './interpreter.js';

export interface CollectOptions {
  /** How many events to wait for; all until the response ends when left out. */
  n?: number | undefined;
  /** How long to wait for them; 5 by default. */
  timeoutSeconds?: number | undefined;
}

/** Has its body, and the status that says whether there is one. */
export type ResponseLike = Pick<Response, 'status' | 'body'>;

// Taken before a test replaces the clock: a test that waits in vain must still end.
const { setTimeout, clearTimeout } = globalThis;

/**
 * Reads a response as a client does, and leaves once it has the events.
 *
 * @throws {Error} when the response ends, or the time is up, before they have come. It says what
 * has come.
 */
export async function collect(
  response: ResponseLike,
  { n, timeoutSeconds }: CollectOptions = {},
): Promise<ReceivedEvent[]> {
  const client = new TestClient(response);
  try {
    return n === undefined ? await client.rest(timeoutSeconds) : await client.take(n, timeoutSeconds);
  } finally {
    await client.leave();
  }
}

/** Reads a response step by step. */
export class TestClient {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stream = new EventStreamInterpreter();
  #taken = 0;
  #ended = false;
  /** The read in progress: after a time-out the next call continues it. */
  #reading: Promise<void> | undefined;

  /** @throws {Error} when the response has no body to read. */
  constructor(response: ResponseLike) {
    if (!response.body) throw new Error(`a response of status ${response.status} without a body has no events`);
    this.#reader = response.body.getReader();
  }

  /**
   * All events that have come, except those of type `_eric_position`, which carry an event ID
   * alone.
   */
  get events(): readonly ReceivedEvent[] {
    return this.#stream.events;
  }

  /** The `Last-Event-ID` that the client would send when it reconnects. */
  get lastEventId(): string {
    return this.#stream.lastEventId;
  }

  /** The reconnection time in milliseconds; `undefined` when the stream has not said. */
  get retryMilliseconds(): number | undefined {
    return this.#stream.retryMilliseconds;
  }

  /** How many comments have come. Each heartbeat starts with one. */
  get comments(): number {
    return this.#stream.comments;
  }

  /** Whether the response has ended, or was left. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Waits for the next `n` events.
   *
   * @throws {Error} when the response ends, or the time is up, before. The next call then takes the
   * events that came.
   */
  async take(n: number, timeoutSeconds?: number): Promise<ReceivedEvent[]> {
    await this.#until(() => this.events.length >= this.#taken + n, `${n} events`, timeoutSeconds);
    return this.events.slice(this.#taken, (this.#taken += n));
  }

  /**
   * Waits until the response ends, and returns the events that were not taken.
   *
   * @throws {Error} when the time is up.
   */
  async rest(timeoutSeconds?: number): Promise<ReceivedEvent[]> {
    await this.#until(() => this.#ended, 'the end', timeoutSeconds);
    return this.events.slice(this.#taken, (this.#taken = this.events.length));
  }

  /** Reads one chunk, whatever is in it. */
  read(): Promise<void> {
    return (this.#reading ??= this.#reader
      .read()
      .then(({ done, value }) => {
        if (done) this.#ended = true;
        else this.#stream.push(value);
      })
      .finally(() => (this.#reading = undefined)));
  }

  /** Leaves, as a client does whose page is closed. */
  async leave(): Promise<void> {
    this.#ended = true;
    await this.#reader.cancel().catch(() => {});
  }

  async #until(holds: () => boolean, what: string, timeoutSeconds = 5): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isLate = new Promise<true>((resolve) => (timer = setTimeout(() => resolve(true), timeoutSeconds * 1000)));
    try {
      while (!holds()) {
        const came = this.events.slice(this.#taken).map(({ type, data }) => `${type} ${data.slice(0, 80)}`);
        const shown = `${came.length} came${came.length > 0 ? `: ${came.slice(0, 10).join(', ')}` : ''}`;
        if (this.#ended) throw new Error(`the response ended before ${what}; ${shown}`);
        if (await Promise.race([this.read(), isLate]))
          throw new Error(`no ${what} within ${timeoutSeconds} seconds; ${shown}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
