// OwnedStream: a stream that brings its own listener and takes it along when it ends.

import { makeDisposable, type MaybeAsyncDisposable } from './dispose.js';
import type { AnyEvents, EventMap } from './events.js';
import type { MessageQueueListener } from './listener.js';
import { report } from './report.js';
import type { Onlooker, Seat } from './seat.js';
import { MessageStream } from './stream.js';

/** A stream with a listener of its own, which is removed when the stream ends. */
export interface OwnedStream<Item, Events extends EventMap<Events> = AnyEvents>
  extends AsyncIterableIterator<Item, undefined>, MaybeAsyncDisposable {
  /** The stream's listener: dispatch to its `id`, or stop it to end the stream. */
  readonly listener: MessageQueueListener<Events>;
  next(): Promise<IteratorResult<Item, undefined>>;
  return(): Promise<IteratorResult<Item, undefined>>;
}

/**
 * Has `leave` called once, when the stream ends, by whatever.
 *
 * @param stream The channel's own stream, or any iterator that a subclass puts in its place.
 * @internal
 */
export function owned<Item>(
  stream: AsyncIterator<Item, void>,
  seat: Seat,
  leave: () => void,
  signals: readonly (AbortSignal | null | undefined)[],
): OwnedStream<Item> {
  if (stream instanceof MessageStream) {
    stream.onEnd(leave);
    return stream as MessageStream<Item>;
  }
  return new ForeignStream(stream, seat, leave, signals);
}

/** Any iterator. When its listener leaves, the streams of the channel underneath end, and so does it. @internal */
export class ForeignStream<Item> implements OwnedStream<Item>, Onlooker {
  readonly #seat: Seat;
  readonly #stream: AsyncIterator<Item, void>;
  #leave: (() => void) | undefined;

  constructor(
    stream: AsyncIterator<Item, void>,
    seat: Seat,
    leave: () => void,
    signals: readonly (AbortSignal | null | undefined)[],
  ) {
    this.#stream = stream;
    this.#seat = seat;
    const abort = (): void => this.#abort();
    const given = signals.filter((signal) => signal != null);
    this.#leave = () => {
      for (const signal of given) signal.removeEventListener('abort', abort);
      seat.streams.delete(this);
      leave();
    };
    seat.streams.add(this);
    for (const signal of given) signal.addEventListener('abort', abort);
    if (given.some((signal) => signal.aborted)) abort();
  }

  get listener(): MessageQueueListener {
    return this.#seat.listener;
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    // An iterator that has not begun yet would look for its listener in vain.
    if (this.#seat.left) return this.return();
    try {
      const result = await this.#stream.next();
      if (!result.done) return result;
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#end();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    this.#end();
    await this.#stream.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  look(): void {
    if (this.#seat.left || !this.#seat.listener.isRunningSync()) this.#abort();
  }

  /** Ends it though nobody waits for that. */
  #abort(): void {
    this.return().catch((error: unknown) => report(this.#seat.listener.id, error));
  }

  #end(): void {
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.();
  }
}

/** @internal */
export interface ForeignStream<Item> extends MaybeAsyncDisposable {}

makeDisposable(ForeignStream.prototype, 'asyncDispose', async function () {
  await this.return();
});
