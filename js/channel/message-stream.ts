// MessageStream: what a listener gets, as an async iterator.

import type { Gap } from '../model/event-types.js';
import type { Sent } from '../model/message.js';
import { type MaybeAsyncDisposable, makeDisposable } from '../util/dispose.js';
import { CLOSED, ENDED, type StreamKey, WAIT } from '../wasm/core.js';
import { CoreStream, type OpenOptions, type Reader } from './core-stream.js';
import type { CloseReason } from './ending.js';
import type { MessageQueueListener } from './listener.js';
import type { Subscription } from './subscription.js';

export interface StreamHooks<Item> {
  /** Makes what the stream yields of a message, of a gap, or of the closing of the channel. */
  adapt(sent: Sent | Gap | undefined): Item;
  /** Receives each message that could not be delivered. */
  report(error: unknown): void;
}

/**
 * Yields what a listener gets. It takes a message when it is asked for one, and waits without
 * polling. It ends when the listener is stopped or removed, when the channel is closed, or by
 * `break`, `return()` or an `AbortSignal`.
 */
export class MessageStream<Item> implements AsyncIterableIterator<Item, undefined>, Reader {
  readonly #subscription: Subscription;
  readonly #hooks: StreamHooks<Item>;
  readonly #stream: CoreStream;
  /** The calls that wait for an item, in their order. */
  readonly #waiting: ((result: IteratorResult<Item, undefined>) => void)[] = [];
  /** Whether an item is being taken: calls from within its callbacks wait for that. */
  #taking = false;
  #ended = false;

  /** @internal */
  constructor(key: StreamKey, subscription: Subscription, hooks: StreamHooks<Item>, options: OpenOptions) {
    this.#subscription = subscription;
    this.#hooks = hooks;
    this.#stream = new CoreStream(key, subscription, this, options);
  }

  /** The listener that the stream reads for. */
  get listener(): MessageQueueListener {
    return this.#subscription.listener;
  }

  /** Has something done when the stream ends, at once if it has ended. @internal */
  onEnd(callback: (reason: CloseReason) => void): void {
    if (this.#ended) callback('aborted');
    else this.#stream.onEnd = callback;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#taking || this.#waiting.length > 0) {
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    const result = this.#take();
    if (result === WAIT) {
      this.#stream.wait(this);
      // Ahead of calls from within the callbacks. These are rare, and `unshift` is slow.
      return new Promise((resolve) => this.#waiting[this.#waiting.length > 0 ? 'unshift' : 'push'](resolve));
    }
    // The calls from within the callbacks.
    if (this.#waiting.length > 0) this.woken();
    return Promise.resolve(result);
  }

  /** Takes what is there now: an item, the end, or `WAIT`. @internal */
  nextNow(): IteratorResult<Item, undefined> | typeof WAIT {
    return this.#taking || this.#waiting.length > 0 ? WAIT : this.#take();
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    this.#stream.end('cancelled');
    return Promise.resolve(DONE);
  }

  throw(error: unknown): Promise<IteratorResult<Item, undefined>> {
    this.#stream.end('cancelled');
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Serves those who wait, as far as there is something for them. @internal */
  woken(): void {
    while (this.#waiting.length > 0 && !this.#taking) {
      const result = this.#take();
      if (result === WAIT) return this.#stream.wait(this);
      this.#waiting.shift()?.(result);
    }
    if (!this.#taking) this.#stream?.idle();
  }

  /** @internal */
  ended(): void {
    this.#ended = true;
    this.woken();
  }

  #take(): IteratorResult<Item, undefined> | typeof WAIT {
    this.#taking = true;
    try {
      for (;;) {
        const taken = this.#ended
          ? ENDED
          : (this.#stream.read() as Exclude<ReturnType<CoreStream['read']>, Uint8Array>);
        if (taken === WAIT) return taken;
        if (taken === ENDED) return DONE;
        if (taken === CLOSED) this.#stream.end('closed');
        const item = this.#adapt(taken === CLOSED ? undefined : taken);
        if (item !== undefined) return item;
      }
    } finally {
      this.#taking = false;
    }
  }

  /** Makes the item, or reports that it could not be made. */
  #adapt(sent: Sent | Gap | undefined): IteratorYieldResult<Item> | undefined {
    try {
      const value = this.#hooks.adapt(sent);
      this.#stream.delivered();
      return { done: false, value };
    } catch (error) {
      this.#hooks.report(error);
      return undefined;
    }
  }
}

// biome-ignore lint/correctness/noUnusedVariables: a merged declaration repeats its type parameters
export interface MessageStream<Item> extends MaybeAsyncDisposable {}

makeDisposable(MessageStream.prototype, 'asyncDispose', async function () {
  await this.return();
});

/** Shared by all calls that receive the end, hence frozen. @internal */
export const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
