// The core as other folders see it: its objects by their keys, their settings, and its answers.

import type { History } from '../model/limits.js';

declare const inCore: unique symbol;

/** A channel of the core. The functions of `calls.ts` take it as their first argument. */
export interface ChannelHandle {
  readonly [inCore]: 'channel';
}

/** The core's key of a subscription. After `unsubscribe`, another one may have the same key. */
export type SubscriptionKey = number;

/** The core's key of an open stream. After `endStream`, another one may have the same key. */
export type StreamKey = number;

/** How a channel makes its bytes, and how many messages it keeps. */
export interface StreamSettings {
  /**
   * The least time between two deliveries. The core makes a chunk of each block if there is one;
   * JavaScript keeps the time.
   */
  delaySeconds: number;
  retryMilliseconds: number;
  history: History;
}

/** Where another life of a channel ended: the new one continues with the next numbers. */
export interface FormerLife {
  epoch: string;
  sequence: number;
  dispatched: number;
}

/** The answer of a stream that has nothing to take now, and will be woken. */
export const WAIT = undefined;
/** The answer of a stream that has ended. */
export const ENDED = null;
/**
 * The answer of a stream of messages, once, if its channel is closed.
 *
 * Each delivery is compared with all three, and to compare with one of these values is to compare
 * pointers.
 */
export const CLOSED = true;

/** An open stream, as `next` needs it. */
export interface StreamState {
  readonly key: StreamKey;
  /** Whether the core has no more for the stream, and will wake it. */
  isQuiet: boolean;
}
