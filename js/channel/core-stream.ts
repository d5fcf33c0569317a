// CoreStream: one open stream of the core, for any reader. Its number, its pace, its signals and
// its end.

import { onAbort } from '../util/signals.js';
import { isClosed } from '../wasm/calls.js';
import { ENDED, type StreamKey, type StreamState, WAIT } from '../wasm/core.js';
import { endStream, hasClosed, next, park, unsentId } from '../wasm/streams.js';
import { isWaking, register, unregister, type Wakeable } from '../wasm/wake.js';
import type { CloseReason } from './ending.js';
import type { Endable, Subscription } from './subscription.js';

/** The reader of a stream. */
export interface Reader {
  /** There may be something to take. */
  woken(): void;
  /** The stream has ended, by whatever: called once. */
  ended(): void;
}

export interface OpenOptions {
  /** The least time between two deliveries. */
  delaySeconds: number;
  /** Any of them ends the stream when it is aborted. */
  signals: readonly (AbortSignal | null | undefined)[];
  /** Called once, when the stream ends. It must not hold the reader. */
  onEnd?: ((reason: CloseReason) => void) | undefined;
}

/**
 * Says why a stream has ended that its listener or channel has ended; `undefined` when neither has.
 */
export function endReason(subscription: Subscription): CloseReason | undefined {
  if (subscription.left) return subscription.left;
  if (isClosed(subscription.raw)) return 'closed';
  return subscription.listener.isRunningSync() ? undefined : 'stopped';
}

/**
 * Ends the streams whose readers were dropped unread. A safety net: a caller that ends a stream
 * does not wait for it.
 */
const abandoned =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry((stream: CoreStream) => stream.end('dropped'))
    : undefined;

export class CoreStream implements Endable, Wakeable, StreamState {
  readonly key: StreamKey;
  readonly #subscription: Subscription;
  /** Weak, so that a reader which nobody holds any more can go. */
  readonly #reader: WeakRef<Reader>;
  /** The same while it waits: it is held then. */
  #waiting: Reader | undefined;
  /** Whether the core has parked it. Then there is nothing to take, unless a wake is on its way. */
  isQuiet = false;
  readonly #delayMilliseconds: number;
  /** Runs from a delivery until the next one is due. */
  #due: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  readonly #leaveSignals: () => void;

  /** Called once, when the stream ends. */
  onEnd: ((reason: CloseReason) => void) | undefined;

  constructor(
    key: StreamKey,
    subscription: Subscription,
    reader: Reader,
    { delaySeconds, signals, onEnd }: OpenOptions,
  ) {
    this.key = key;
    this.#subscription = subscription;
    this.#reader = new WeakRef(reader);
    this.#delayMilliseconds = delaySeconds * 1000;
    this.onEnd = onEnd;
    subscription.streams.add(this);
    register(key, this);
    abandoned?.register(reader, this, this);
    this.#leaveSignals = onAbort(signals, () => this.end('aborted'));
    // Aborted before: there was nothing to leave yet.
    if (this.#ended) this.#leaveSignals();
  }

  /** The reader waits from now on, and is held. */
  wait(reader: Reader): void {
    if (!this.#ended) this.#waiting = reader;
  }

  /** No call waits any more. */
  idle(): void {
    this.#waiting = undefined;
  }

  woken(): void {
    this.isQuiet = false;
    (this.#waiting ?? this.#reader.deref())?.woken();
  }

  /** Takes what the stream offers, if its pace allows. After `WAIT`, `woken` will be called. */
  read(): ReturnType<typeof next> {
    if (this.#ended) return ENDED;
    if (this.isQuiet && !isWaking()) return WAIT;
    if (this.#due !== undefined) {
      if (park(this.key)) return WAIT;
      this.#endByItself();
      return ENDED;
    }
    this.#subscription.refresh();
    const taken = next(this);
    if (taken === ENDED) this.#endByItself();
    return taken;
  }

  /** Starts the time until the next delivery is due. */
  delivered(): void {
    if (this.#delayMilliseconds === 0 || this.#ended) return;
    this.#due = setTimeout(() => {
      this.#due = undefined;
      this.woken();
    }, this.#delayMilliseconds);
  }

  /**
   * Returns the event id up to which the client has everything, if the client does not have that id
   * yet. The caller sends it.
   */
  unsentId(): string | undefined {
    return this.#ended ? undefined : unsentId(this.key);
  }

  /** Ends the stream if what was read is the last: the closing of its channel. */
  endIfOver(): void {
    if (!this.#ended && hasClosed(this.key)) this.end('closed');
  }

  /** Ends the stream if its listener was stopped or removed. */
  endIfStopped(): void {
    if (!this.#ended && !park(this.key)) this.#endByItself();
  }

  /** Ends the stream. Does nothing to an ended one. */
  end(reason: CloseReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting = undefined;
    clearTimeout(this.#due);
    this.#leaveSignals?.();
    this.#subscription.streams.delete(this);
    unregister(this.key);
    endStream(this.key);
    abandoned?.unregister(this);
    this.#subscription.followCore();
    this.onEnd?.(reason);
    this.#reader.deref()?.ended();
  }

  /** Its listener was started again at once, if it is not stopped: that ends it all the same. */
  #endByItself(): void {
    this.end(endReason(this.#subscription) ?? 'stopped');
  }
}
