// OwnedStream: a stream that brings its own listener and takes it along when it ends.

import type { AnyEvents, EventMap } from '../model/event-types.js';
import { type MaybeAsyncDisposable, makeDisposable } from '../util/dispose.js';
import { report } from '../util/report.js';
import { onAbort } from '../util/signals.js';
import { endReason } from './core-stream.js';
import type { CloseReason } from './ending.js';
import type { MessageQueueListener } from './listener.js';
import { DONE, MessageStream } from './message-stream.js';
import type { Endable, Subscription } from './subscription.js';

/** A stream with a listener of its own, which is removed when the stream ends. */
export interface OwnedStream<Item, Events extends EventMap<Events> = AnyEvents>
  extends AsyncIterableIterator<Item, undefined>,
    MaybeAsyncDisposable {
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
  subscription: Subscription,
  leave: (reason: CloseReason) => void,
  signals: readonly (AbortSignal | null | undefined)[],
): OwnedStream<Item> {
  if (stream instanceof MessageStream) {
    stream.onEnd(leave);
    return stream as MessageStream<Item>;
  }
  return new CustomStream(stream, subscription, leave, signals);
}

/**
 * Any iterator. When its listener leaves, the streams of the channel underneath end, and so does
 * it.
 * @internal
 */
export class CustomStream<Item> implements OwnedStream<Item>, Endable {
  readonly #subscription: Subscription;
  readonly #stream: AsyncIterator<Item, void>;
  #leave: ((reason: CloseReason) => void) | undefined;
  /**
   * The calls that wait for an item: they receive the end, even if the iterator waits for something
   * of its own.
   */
  readonly #waiting = new Set<() => void>();

  constructor(
    stream: AsyncIterator<Item, void>,
    subscription: Subscription,
    leave: (reason: CloseReason) => void,
    signals: readonly (AbortSignal | null | undefined)[],
  ) {
    this.#stream = stream;
    this.#subscription = subscription;
    let leaveSignals: (() => void) | undefined;
    this.#leave = (reason) => {
      leaveSignals?.();
      subscription.streams.delete(this);
      leave(reason);
    };
    subscription.streams.add(this);
    leaveSignals = onAbort(signals, () => this.#abort('aborted'));
    // Aborted before: there was nothing to leave yet.
    if (this.over) leaveSignals();
  }

  get listener(): MessageQueueListener {
    return this.#subscription.listener;
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#leave === undefined;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.over) return Promise.resolve(DONE);
    // An iterator that has not begun yet would look for its listener in vain.
    if (this.#subscription.left) return this.end(endReason(this.#subscription) ?? 'finished');
    return new Promise((resolve, reject) => {
      const over = (): void => resolve(DONE);
      const settled = (): void => void this.#waiting.delete(over);
      this.#waiting.add(over);
      // Async, so that what an iterator throws at once, or gives without a promise, is taken up as
      // well.
      (async () => this.#stream.next())().then(
        (result) => {
          settled();
          if (!result.done) return resolve(result);
          this.#end(endReason(this.#subscription) ?? 'finished');
          resolve(DONE);
        },
        (error: unknown) => {
          settled();
          this.#end('failed');
          reject(error);
        },
      );
    });
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    return this.end('cancelled');
  }

  async end(reason: CloseReason): Promise<IteratorResult<Item, undefined>> {
    // A generator takes this up only behind the item that it is at, for which it may wait for ever.
    const busy = this.#waiting.size > 0;
    this.#end(reason);
    const returned = this.#stream.return?.();
    if (busy) returned?.catch(this.#report);
    else await returned;
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  endIfStopped(): void {
    if (this.#subscription.left || !this.#subscription.listener.isRunningSync())
      this.#abort(endReason(this.#subscription) ?? 'stopped');
  }

  /** Ends it though nobody waits for that. */
  #abort(reason: CloseReason): void {
    this.end(reason).catch(this.#report);
  }

  #end(reason: CloseReason): void {
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.(reason);
    // Not at once: the message that stops its own listener is still on its way through the
    // iterator.
    if (this.#waiting.size > 0) setTimeout(() => this.#waiting.forEach((over) => over()), 0);
  }

  readonly #report = (error: unknown): void => report(this.#subscription.listener.id, error);
}

/** @internal */
// biome-ignore lint/correctness/noUnusedVariables: a merged declaration repeats its type parameters
export interface CustomStream<Item> extends MaybeAsyncDisposable {}

makeDisposable(CustomStream.prototype, 'asyncDispose', async function () {
  await this.return();
});
