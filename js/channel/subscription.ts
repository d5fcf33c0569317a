// Subscription: one listener at one channel, by its key in the core.

import { InvalidListenerException } from '../model/errors.js';
import type { Filter } from '../model/filter.js';
import { type Queue, UNBOUNDED } from '../model/limits.js';
import type { Sent } from '../model/message.js';
import { type Counts, type ListenerStats, noCounts } from '../model/stats.js';
import { report, reporter } from '../util/report.js';
import { setQuietTimeout } from '../util/timers.js';
import {
  counters,
  isClosed,
  isRunning,
  lastEventId,
  rewind,
  setFilter,
  setOnMessage,
  setRunning,
  subscribe,
  unsubscribe,
  waitingSince,
} from '../wasm/calls.js';
import type { ChannelHandle, SubscriptionKey } from '../wasm/core.js';
import type { Ending } from './ending.js';
import { classOf, type MessageQueueListener, type Registration } from './listener.js';

/** A stream that may have to end though nobody is reading it. */
export interface Endable {
  /** Ends the stream if its listener was stopped or removed. */
  endIfStopped(): void;
}

/** How a listener is registered. */
export interface SubscriptionOptions {
  queue?: Queue;
  filter?: Filter | undefined;
  /** Receives the errors of the filter. */
  onError?: ((error: unknown) => void) | undefined;
  lastEventId?: string | undefined;
  /** Whether it outlives its streams. */
  resumable?: boolean;
}

export class Subscription implements Registration {
  readonly raw: ChannelHandle;
  readonly listener: MessageQueueListener;
  readonly key: SubscriptionKey;
  /** Of a stored channel, for JavaScript alone: the core has no dispatches to remember there. */
  resumable: boolean;
  /** The open streams that read for the listener here. */
  readonly streams = new Set<Endable>();
  /** The newest response that reads for a resumable listener. */
  connection: Ending | undefined;
  /** Whether the core has disconnected the listener, because its queue was full. */
  full = false;
  #isReplacing = false;
  #watched = false;
  #left = false;
  /** The counters at the end. */
  #counts: Counts | undefined;
  /** When it was first seen that the channel is closed. */
  #closedSince: number | undefined;
  /** Runs while a resumable listener waits for its client. */
  #kept: ReturnType<typeof setTimeout> | undefined;

  /**
   * @throws {InvalidChannelException | InvalidListenerException} when the channel refuses the
   * listener.
   */
  constructor(raw: ChannelHandle, listener: MessageQueueListener, options: SubscriptionOptions) {
    const { queue = UNBOUNDED, filter, onError, resumable = false } = options;
    this.raw = raw;
    this.listener = listener;
    this.resumable = resumable;
    const running = listener.isRunningSync();
    this.key = subscribe(raw, listener.id, running, queue, resumable, options.lastEventId);
    classOf(listener).join(listener, this);
    this.refresh();
    if (filter) this.setFilter(filter, onError);
  }

  /**
   * Has the core call `onMessage`, or spares it the call: `onMessage` may be assigned at any time.
   */
  refresh(): void {
    const watched = classOf(this.listener).hasOnMessage(this.listener);
    // The key of a listener that has left may be another one's by now.
    if (watched === this.#watched || this.#left) return;
    this.#watched = watched;
    setOnMessage(this.raw, this.key, watched ? (sent) => this.#onMessage(sent) : undefined);
  }

  /** @param onError Receives the errors of the filter; the console does by default. */
  setFilter(filter: Filter | undefined, onError: SubscriptionOptions['onError']): void {
    if (this.#left) return;
    if (!filter) return setFilter(this.raw, this.key, undefined);
    const tell = reporter(this.listener.id, onError);
    setFilter(this.raw, this.key, (sent) => {
      try {
        const answer: unknown = filter(sent.message);
        // An async filter cannot refuse a message; its failure is not swallowed.
        if (answer instanceof Promise) answer.catch(tell);
        return Boolean(answer);
      } catch (error) {
        tell(error);
        return false;
      }
    });
  }

  // The core has its own copy of the listener's running flag, for each channel of the listener. A
  // stream asks for it at every read, and a call to JavaScript would cost each of them more.

  start(): void {
    setRunning(this.raw, this.key, true);
  }

  stop(): void {
    setRunning(this.raw, this.key, false);
    this.#endStoppedSoon();
  }

  /** Ends the listener's streams in the core, those that a subclass opened and dropped included. */
  endStreams(): void {
    if (this.#left) return;
    setRunning(this.raw, this.key, false);
    setRunning(this.raw, this.key, this.listener.isRunningSync());
  }

  /** Why the listener is not at the channel any more; `undefined` while it is. */
  get left(): 'removed' | 'full' | undefined {
    return this.#left ? (this.full ? 'full' : 'removed') : undefined;
  }

  leave(): void {
    this.#left = true;
    clearTimeout(this.#kept);
    classOf(this.listener).leave(this.listener, this);
    // Only responses that end because of this report the counters.
    if (this.streams.size > 0) this.#counts = this.#counters();
    unsubscribe(this.raw, this.key);
    this.#endStoppedSoon();
  }

  /** Keeps the listener, whose client has left, for some time. */
  keep(milliseconds: number, giveUp: () => void): void {
    if (this.#left) return;
    // A process need not stay for a client that may never reconnect.
    this.#kept = setQuietTimeout(giveUp, milliseconds);
  }

  /**
   * The client of a resumable listener has reconnected, with its last event ID, if any.
   *
   * @throws {InvalidListenerException} when a callback that reports the replaced response opens
   *   another one.
   */
  resume(lastEventId: string | undefined): void {
    if (this.#isReplacing) throw new InvalidListenerException('another response is being opened for the listener');
    const old = this.connection;
    this.connection = undefined;
    this.#isReplacing = true;
    try {
      old?.end('replaced');
    } finally {
      this.#isReplacing = false;
    }
    clearTimeout(this.#kept);
    if (lastEventId !== undefined && !this.#left) rewind(this.raw, this.key, lastEventId);
  }

  /**
   * Stops the whole listener when the core has stopped it at this subscription: its channel was
   * closed.
   */
  followCore(): void {
    if (!this.#left && !isRunning(this.raw, this.key)) classOf(this.listener).stopElsewhere(this.listener, this);
  }

  /** The event ID up to which it was given everything; `undefined` when it receives a gap first. */
  get lastId(): string | undefined {
    return this.#left ? undefined : lastEventId(this.raw, this.key);
  }

  /**
   * Since when something waits for the listener, the end of its channel included, in milliseconds
   * of `performance.now()`.
   */
  waitingSince(): number | undefined {
    if (this.#left) return undefined;
    const since = waitingSince(this.raw, this.key);
    if (since !== undefined || !isClosed(this.raw)) return since;
    return (this.#closedSince ??= performance.now());
  }

  stats(): ListenerStats {
    const { id } = this.listener;
    const running = this.listener.isRunningSync();
    return {
      id,
      running,
      connected: this.streams.size,
      ...(this.#left ? (this.#counts ?? noCounts()) : this.#counters()),
    };
  }

  /**
   * Ends the streams that nobody reads just now; the core wakes the others. Not at once: the
   * message that stops its own listener is still delivered.
   */
  #endStoppedSoon(): void {
    if (this.streams.size === 0) return;
    queueMicrotask(() => {
      for (const stream of [...this.streams]) stream.endIfStopped();
    });
  }

  #onMessage(sent: Sent): void {
    const answer: unknown = this.listener.onMessage(sent.message);
    // Nothing waits for it, but its failure is reported all the same.
    if (answer instanceof Promise) answer.catch((error: unknown) => report(this.listener.id, error));
  }

  #counters(): Counts {
    const { broadcasts, refusedSends, history, ...counts } = counters(this.raw, this.key);
    return counts;
  }
}
