// SocketStream: the events of a socket server's listener, as an async iterator.

import { CHANNEL_CLOSED } from '../model/event-types.js';
import { type MaybeAsyncDisposable, makeDisposable } from '../util/dispose.js';
import { onAbort } from '../util/signals.js';
import { broken, read, refusalIn, SocketError } from './error.js';
import { Lines } from './lines.js';
import { idIn, type Pool, type Reader } from './pool.js';

/** One event of a stream. */
export interface SocketEvent {
  /**
   * The message's type; `'_eric_gap'` when messages were dropped, `'_eric_channel_closed'` at the
   * end.
   */
  event: string;
  /** The reconnection time, in milliseconds. */
  retry: number;
  /** The message's payload; `null` for none. */
  // biome-ignore lint/suspicious/noExplicitAny: a channel, listener or message of any event map is meant; `unknown` would accept none of them
  data: any;
  /** The event's id; `null` for the event that says that the channel was closed. */
  id: string | null;
}

export interface SocketStreamOptions {
  /** Ends the stream when it is aborted. */
  signal?: AbortSignal | null | undefined;
}

/** @internal */
export interface SocketStreamHooks {
  /** The lines received for the listener. */
  pool: Pool;
  /** Rejects when the server has not the channel any more, or is not there. */
  check(): Promise<unknown>;
  /** Called when the stream has ended with its listener. */
  gone(): void;
}

interface Waiting {
  resolve(result: IteratorResult<SocketEvent, undefined>): void;
  reject(error: unknown): void;
}

/**
 * Yields events until the listener or the channel ends, or it is left by `break`, `return()` or an
 * `AbortSignal`.
 */
export class SocketStream implements AsyncIterableIterator<SocketEvent, undefined> {
  readonly #connection: Lines;
  readonly #hooks: SocketStreamHooks;
  readonly #forget: () => void;
  readonly #waiting: Waiting[] = [];
  readonly #reader: Reader = { serve: () => this.#serve() };
  /** The keys of what this stream has brought. */
  readonly #got = new Set<string>();
  /** The server's lines about the stream itself, after its events. */
  readonly #last: string[] = [];
  #closed = false;
  #over: { error: unknown } | undefined;
  #left = false;

  /** @internal */
  constructor(path: string, request: string, signal: AbortSignal | undefined, hooks: SocketStreamHooks) {
    this.#hooks = hooks;
    hooks.pool.enter(this.#reader);
    this.#connection = new Lines(path, {
      line: (line) => this.#came(line),
      over: (error) => this.#ended(error),
    });
    this.#connection.write(request);
    this.#forget = onAbort([signal], () => this.#leave());
  }

  next(): Promise<IteratorResult<SocketEvent, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#serve();
    });
  }

  return(): Promise<IteratorResult<SocketEvent, undefined>> {
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<SocketEvent, undefined>> {
    this.#leave();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #came(line: string): void {
    const id = idIn(line);
    if (id === undefined) this.#last.push(line);
    else if (!this.#hooks.pool.add(line, id, this.#got)) return;
    // At most one chunk more than was asked for is read from the socket.
    this.#connection.socket.pause();
    this.#serve();
    this.#hooks.pool.serve();
  }

  /** Asks why a stream ended without a reason: its listener was removed, or the server died. */
  async #ended(error?: unknown): Promise<void> {
    if (error === undefined && !this.#closed && !this.#last.length) {
      await this.#hooks.check().catch((cause) => {
        error = broken('the server has ended', cause);
      });
    }
    this.#over ??= { error };
    this.#serve();
  }

  #leave(): void {
    if (this.#left) return;
    if (!this.#over) {
      this.#connection.drain();
      this.#over = { error: undefined };
      this.#connection.destroy();
      this.#quit(false);
    } else {
      const isClean = this.#over.error === undefined;
      this.#over = { error: undefined };
      this.#quit(isClean);
    }
    this.#serve();
  }

  /** Takes nothing more. */
  #quit(isGone: boolean): void {
    if (this.#left) return;
    this.#left = true;
    this.#last.length = 0;
    this.#hooks.pool.leave(this.#reader, this.#got);
    if (isGone) this.#hooks.gone();
  }

  #serve(): void {
    while (this.#waiting.length) {
      const line = this.#left ? undefined : (this.#hooks.pool.take() ?? this.#last.shift());
      if (line === undefined && !this.#over) {
        this.#connection.socket.resume();
        return;
      }
      const { resolve, reject } = this.#waiting.shift() as Waiting;
      try {
        if (line !== undefined) resolve({ done: false, value: this.#event(line) });
        else this.#finish(resolve);
      } catch (error) {
        this.#over = { error: undefined };
        this.#connection.destroy();
        this.#forget?.();
        this.#quit(!(error instanceof SocketError));
        reject(error);
      }
    }
    // Another stream may have brought the event that this one waited for.
    if (!this.#over) this.#connection.socket.pause();
  }

  #event(line: string): SocketEvent {
    const refusal = refusalIn(line);
    if (refusal) throw refusal;
    const event = read(line) as SocketEvent;
    this.#closed ||= event.event === CHANNEL_CLOSED && event.id === null;
    return event;
  }

  /** @throws the error that the stream ended with, once. */
  #finish(resolve: Waiting['resolve']): void {
    this.#forget?.();
    const error = this.#over?.error;
    if (error !== undefined) throw error;
    this.#quit(true);
    resolve({ done: true, value: undefined });
  }
}

export interface SocketStream extends MaybeAsyncDisposable {}

makeDisposable(SocketStream.prototype, 'asyncDispose', async function () {
  await this.return();
});
