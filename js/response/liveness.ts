// Connection: the life of one response. Heartbeats keep it alive; a stall, a rotation or its source
// ends it; one report says why.

import type { CloseReason, Ending } from '../channel/ending.js';
import type { MessageQueueListener } from '../channel/listener.js';
import type { Subscription } from '../channel/subscription.js';
import type { ListenerStats } from '../model/stats.js';
import { LONGEST_TIMER_SECONDS, numberOption } from '../util/options.js';
import { setQuietTimeout } from '../util/timers.js';
import { now, wakeLost } from '../wasm/wake.js';

/** The report to `onClose`. */
export interface CloseReport {
  reason: CloseReason;
  listener: MessageQueueListener;
  /** The listener's counters at its end. */
  stats: ListenerStats;
}

export interface LivenessOptions {
  /**
   * After so long without bytes a comment is sent, which also finds out whether the client is
   * there; 15 by default, 6 under Bun, 0 for never.
   */
  heartbeatSeconds?: number | undefined;
  /**
   * A response is given up when nobody has read for so long, though there was something to read; 60
   * by default, 0 for never.
   */
  stallSeconds?: number | undefined;
  /**
   * The response ends at the latest after so long; 0, the default, for never. The client reconnects
   * at once, and is replayed the messages that it would have missed. Up to a tenth earlier at
   * random, so that clients that came together do not reconnect together.
   */
  maxDurationSeconds?: number | undefined;
  /** Called once, when the response has ended for any reason. */
  onClose?: ((report: CloseReport) => void) | undefined;
}

/** The durations in milliseconds; `Infinity` for never. @internal */
export interface Liveness {
  heartbeat: number;
  stall: number;
  maxDuration: number;
}

/** @throws {TypeError | RangeError} when a duration is invalid. @internal */
export function livenessOption({ heartbeatSeconds, stallSeconds, maxDurationSeconds }: LivenessOptions): Liveness {
  const milliseconds = (value: number | undefined, name: string, otherwise: number): number =>
    numberOption(value, name, otherwise, LONGEST_TIMER_SECONDS) * 1000 || Infinity;
  return {
    // Bun closes connections that have been silent for ten seconds, by a clock that ticks every
    // four: after 8.0 to 12.0 seconds, by measurement.
    heartbeat: milliseconds(heartbeatSeconds, 'heartbeatSeconds', 'Bun' in globalThis ? 6 : 15),
    stall: milliseconds(stallSeconds, 'stallSeconds', 60),
    maxDuration: milliseconds(maxDurationSeconds, 'maxDurationSeconds', 0),
  };
}

/** The bytes of a response, seen from its life. @internal */
export interface Transport {
  /** Whether a reader waits for bytes that have not come. */
  readonly isWaiting: boolean;
  /** Since when there have been bytes that nobody takes, in milliseconds of `performance.now()`. */
  waitingSince(): number | undefined;
  /** Sends a comment to the waiting reader. */
  beat(): void;
  /** Ends the body behind ready messages, with a reconnection time for the client. */
  finish(reason: CloseReason, retryMilliseconds: number): void;
  /** Ends the body. */
  end(reason: CloseReason): void;
}

/** The time within which a client that reconnects at once does so, at random. */
const SOON_MILLISECONDS = 1000;

/** @internal */
export class Connection implements Ending {
  readonly #liveness: Liveness;
  readonly #onEnd: (reason: CloseReason) => void;
  /** Weak, as the timer must not hold a body that nobody holds any more. */
  #transport: WeakRef<Transport> | undefined;
  #endSource: ((reason: CloseReason) => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rotateAt: number;
  /** When bytes were last handed to a reader; at first, when the response was opened. */
  #sentAt: number;
  /** A heartbeat is due, and nobody was there to take it. */
  #overdue = false;
  /** Why it has ended; `undefined` while it has not. */
  reason: CloseReason | undefined;

  /**
   * @param liveness The durations.
   * @param subscription The listener that it reads for.
   * @param onEnd Is called once. It must not hold the transport.
   */
  constructor(
    liveness: Liveness,
    subscription: Pick<Subscription, 'resumable' | 'connection'>,
    onEnd: (reason: CloseReason) => void,
  ) {
    this.#liveness = liveness;
    this.#onEnd = onEnd;
    this.#sentAt = performance.now();
    this.#rotateAt = this.#sentAt + liveness.maxDuration * (1 - Math.random() / 10);
    if (subscription.resumable) subscription.connection = this;
  }

  /**
   * Begins to watch over a body.
   *
   * @param endSource Ends what the body reads, when nobody holds the body any more. It must not
   *   hold the body either.
   */
  open(transport: Transport, endSource: (reason: CloseReason) => void): void {
    if (this.reason) return;
    this.#transport = new WeakRef(transport);
    this.#endSource = endSource;
    this.#check();
  }

  /** Bytes were handed to a reader. */
  sent(): void {
    this.#sentAt = now();
  }

  /** A reader waits for bytes that have not come. */
  waits(): void {
    if (!this.#overdue) return;
    this.#overdue = false;
    this.#check();
  }

  /** Ends the response behind ready messages, with a reconnection time for the client. */
  finish(reason: CloseReason, retryMilliseconds: number): void {
    const transport = this.#transport?.deref();
    if (transport) transport.finish(reason, Math.round(retryMilliseconds));
    else this.#endSource?.(reason);
  }

  /** Ends the response. */
  end(reason: CloseReason): void {
    const transport = this.#transport?.deref();
    if (transport) transport.end(reason);
    else this.#endSource?.(reason);
  }

  /** The response has ended. */
  ended(reason: CloseReason): void {
    if (this.reason) return;
    this.reason = reason;
    clearTimeout(this.#timer);
    this.#onEnd(reason);
  }

  /** Does what is due, and schedules the next call. */
  #check(): void {
    wakeLost();
    clearTimeout(this.#timer);
    const transport = this.#transport?.deref();
    if (transport === undefined) return this.#endSource?.('dropped');
    const now = performance.now();
    if (now >= this.#rotateAt) {
      this.#rotateAt = Infinity;
      this.finish('rotated', Math.random() * SOON_MILLISECONDS);
    }
    const next = transport.isWaiting ? this.#beat(transport, now) : this.#watch(transport, now);
    const due = Math.min(next, this.#rotateAt) - now;
    if (this.reason || due === Infinity) return;
    // A process need not stay for a heartbeat: the connection itself keeps it running.
    this.#timer = setQuietTimeout(() => this.#check(), Math.min(Math.ceil(due), LONGEST_TIMER_SECONDS * 1000));
  }

  /** Sends a heartbeat if one is due. Returns when the next one is. */
  #beat(transport: Transport, now: number): number {
    if (now >= this.#sentAt + this.#liveness.heartbeat) transport.beat();
    return this.#sentAt + this.#liveness.heartbeat;
  }

  /** Gives up a client that reads nothing. Returns when to look again. */
  #watch(transport: Transport, now: number): number {
    const { heartbeat, stall } = this.#liveness;
    const beatAt = this.#sentAt + heartbeat;
    this.#overdue = now >= beatAt;
    const since = Math.min(transport.waitingSince() ?? Infinity, this.#overdue ? beatAt : Infinity);
    const stalledAt = Math.max(since, this.#sentAt) + stall;
    if (now >= stalledAt) {
      transport.end('stalled');
      return Infinity;
    }
    // A message that comes after this check cannot have waited for too long before `now + stall`.
    return Math.min(stalledAt, now + stall, this.#overdue ? Infinity : beatAt);
  }
}
