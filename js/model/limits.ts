// Limits: how much is kept for whom, and what happens beyond that.

import { numberOption, objectOption, shown } from '../util/options.js';

/**
 * The history that a channel keeps for reconnecting clients: its newest broadcasts, within all
 * three bounds.
 */
export interface HistoryOptions {
  /** The most messages; 1,024 by default. 0 keeps nothing. */
  messages?: number | undefined;
  /** The most bytes, those of types and data and 256 for each message; 1 MiB by default. */
  bytes?: number | undefined;
  /**
   * The age up to which they are replayed; 300 by default. Older ones are dropped at the next send
   * or subscription.
   */
  seconds?: number | undefined;
}

/** The effect of a message to a listener whose queue is full. */
export type Overflow =
  /**
   * The oldest waiting messages are dropped; the listener gets one `_eric_gap` with their exact
   * number.
   */
  | 'drop-oldest'
  /**
   * The listener is removed and its stream ends; a reconnecting client is replayed the messages of
   * the history.
   */
  | 'disconnect'
  /** The sender gets a `QueueFullException`; of a broadcast, all listeners get it or none. */
  | 'refuse';

/**
 * How much may wait for a listener. A message that is heavier than all of `bytes` is let through
 * when nothing else waits.
 */
export interface QueueOptions {
  /** The most messages; 1,024 by default, `Infinity` for any number. */
  messages?: number | undefined;
  /**
   * The most bytes, those of types and data and 256 for each message; 1 MiB by default, `Infinity`
   * for any number.
   */
  bytes?: number | undefined;
  /** `'disconnect'` by default for a response, `'drop-oldest'` for a listener in this process. */
  overflow?: Overflow | undefined;
}

/** @internal */
export interface History {
  messages: number;
  bytes: number;
  seconds: number;
}

/** @internal */
export interface Queue {
  messages: number;
  bytes: number;
  /** `undefined` for no limit. */
  overflow: Overflow | undefined;
}

const MESSAGES = 1024;
const BYTES = 1024 * 1024;
const SECONDS = 300;

/** The default history of a channel. @internal */
export const NO_HISTORY: History = { messages: 0, bytes: 0, seconds: 0 };

/** The queue of a listener in this process, unless it has options of its own. @internal */
export const UNBOUNDED: Queue = { messages: Infinity, bytes: Infinity, overflow: undefined };

const OVERFLOWS: readonly string[] = ['drop-oldest', 'disconnect', 'refuse'];

/** @throws {TypeError | RangeError} when a bound is invalid. @internal */
export function historyOption(value: HistoryOptions | undefined, otherwise?: History): History {
  if (value === undefined && otherwise) return otherwise;
  const { messages, bytes, seconds } = objectOption(value, 'history');
  return {
    messages: numberOption(messages, 'history.messages', MESSAGES, Infinity),
    bytes: numberOption(bytes, 'history.bytes', BYTES, Infinity),
    seconds: numberOption(seconds, 'history.seconds', SECONDS, Infinity),
  };
}

/** @throws {TypeError | RangeError} when a bound is invalid. @internal */
export function queueOption(value: QueueOptions | undefined, overflowOtherwise: Overflow): Queue {
  const { messages, bytes, overflow = overflowOtherwise } = objectOption(value, 'queue');
  if (typeof overflow !== 'string') throw new TypeError(`queue.overflow must be a string, not ${shown(overflow)}`);
  if (!OVERFLOWS.includes(overflow))
    throw new RangeError(`queue.overflow must be 'drop-oldest', 'disconnect' or 'refuse'`);
  const most = numberOption(messages, 'queue.messages', MESSAGES, Infinity);
  if (most < 1) throw new RangeError('queue.messages must be at least 1');
  return { messages: most, bytes: numberOption(bytes, 'queue.bytes', BYTES, Infinity), overflow };
}
