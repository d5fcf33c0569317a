// SocketStream: what a listener of a socket server gets, as an async iterator.

import { makeDisposable, type MaybeAsyncDisposable } from './dispose.js';
import { CHANNEL_CLOSED } from './events.js';
import { onAbort } from './signals.js';
import { broken, read, refusalIn } from './socket-error.js';
import { Lines } from './socket-lines.js';

/** One event of a stream. */
export interface SocketEvent {
  /** The message's type; `'_eric_gap'` when messages were dropped, `'_eric_channel_closed'` at the end. */
  event: string;
  /** The reconnection time, in milliseconds. */
  retry: number;
  /** The message's payload; `null` for none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
  /** The event's id; `null` for the event that says that the channel was closed. */
  id: string | null;
}

export interface SocketStreamOptions {
  /** Ends the stream when it is aborted. */
  signal?: AbortSignal | null | undefined;
}

/** What a stream that is left leaves to the next one. @internal */
export interface Left {
  /** The lines that have come and were not asked for. */
  lines: string[];
  /** The id of the last event that has come. */
  last: string | undefined;
}

/** @internal */
export interface SocketStreamHooks {
  /** What an earlier stream of the listener has left. */
  before: Left | undefined;
  /** Is told of what this one leaves. */
  left(left: Left): void;
  /** Rejects when the server has not the channel any more, or is not there. */
  check(): Promise<unknown>;
}

interface Waiting {
  resolve(result: IteratorResult<SocketEvent, undefined>): void;
  reject(error: unknown): void;
}

/** Yields events until the listener or the channel ends, or it is left by `break`, `return()` or an `AbortSignal`. */
export class SocketStream implements AsyncIterableIterator<SocketEvent, undefined> {
  readonly #connection: Lines;
  readonly #hooks: SocketStreamHooks;
  readonly #forget: () => void;
  readonly #waiting: Waiting[] = [];
  #lines: string[];
  #last: string | undefined;
  /** What comes again up to this id has been here already. */
  #after: string | undefined;
  #closed = false;
  #over: { error: unknown } | undefined;

  /** @internal */
  constructor(path: string, request: string, signal: AbortSignal | undefined, hooks: SocketStreamHooks) {
    this.#hooks = hooks;
    this.#lines = hooks.before?.lines ?? [];
    this.#last = this.#after = hooks.before?.last;
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
    if (this.#after !== undefined && id !== undefined) {
      if (!isBehind(id, this.#after)) return;
      this.#after = undefined;
    }
    this.#last = id ?? this.#last;
    this.#lines.push(line);
    // No more is read from the socket than was asked for, but for one chunk.
    this.#connection.socket.pause();
    this.#serve();
  }

  /** Whoever ends without a word may have been killed: a listener that was removed ends so, and a server that died. */
  async #ended(error?: unknown): Promise<void> {
    if (error === undefined && !this.#closed && !this.#lines.some(saysMore)) {
      await this.#hooks.check().catch((cause) => {
        error = broken('the server has ended', cause);
      });
    }
    this.#over ??= { error };
    this.#serve();
  }

  #leave(): void {
    if (this.#over) return;
    this.#connection.drain();
    this.#over = { error: undefined };
    this.#connection.destroy();
    this.#hooks.left({ lines: this.#lines, last: this.#last });
    this.#lines = [];
    this.#serve();
  }

  #serve(): void {
    while (this.#waiting.length) {
      const line = this.#lines.shift();
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
        this.#lines = [];
        this.#connection.destroy();
        this.#forget();
        reject(error);
      }
    }
  }

  #event(line: string): SocketEvent {
    const refusal = refusalIn(line);
    if (refusal) throw refusal;
    const event = read(line) as SocketEvent;
    this.#closed ||= event.event === CHANNEL_CLOSED && event.id === null;
    return event;
  }

  /** @throws what the stream ended with, once. */
  #finish(resolve: Waiting['resolve']): void {
    this.#forget?.();
    const error = this.#over?.error;
    if (error !== undefined) throw error;
    resolve({ done: true, value: undefined });
  }
}

export interface SocketStream extends MaybeAsyncDisposable {}

makeDisposable(SocketStream.prototype, 'asyncDispose', async function () {
  await this.return();
});

/** Ids are letters, digits, `.` and `-`, and stand last in a line. */
const ID = /,"id":"([^"]*)"\}$/;

const idIn = (line: string): string | undefined => ID.exec(line)?.[1];

/** Whether a line says why a stream ends: an error, or that the channel was closed. */
const saysMore = (line: string): boolean => idIn(line) === undefined;

/** Whether an id `<epoch>-<broadcast>.<dispatch>` stands behind another one in its channel. */
function isBehind(id: string, other: string): boolean {
  const [[epoch, broadcast, dispatch], [otherEpoch, otherBroadcast, otherDispatch]] = [partsOf(id), partsOf(other)];
  return epoch !== otherEpoch || broadcast > otherBroadcast || (broadcast === otherBroadcast && dispatch > otherDispatch);
}

function partsOf(id: string): [epoch: string, broadcast: number, dispatch: number] {
  const dash = id.lastIndexOf('-');
  const [broadcast, dispatch = 0] = id.slice(dash + 1).split('.').map(Number);
  return [id.slice(0, dash), broadcast as number, dispatch];
}
