// When a connection is tried again.

import { LONGEST_TIMER_SECONDS } from '../util/options.js';

/** A server that sets a reconnection time of 0 must not make its clients a storm. */
const LEAST_MILLISECONDS = 100;

/** Bounds a time that a server has set. A timer that is too long for the platform ends at once. */
export const bounded = (milliseconds: number): number =>
  Math.min(Math.max(milliseconds, LEAST_MILLISECONDS), LONGEST_TIMER_SECONDS * 1000);

/**
 * Returns how long to wait: at random up to the reconnection time, which doubles with each retry.
 * Clients that were cut together thereby do not reconnect together ("full jitter").
 *
 * @param base The reconnection time.
 * @param retries How many retries in a row there have been.
 * @param atLeast The time that a `Retry-After` asks for.
 */
export function delayOf(base: number, retries: number, most: number, atLeast: number): number {
  const from = bounded(base);
  const jittered = Math.random() * Math.min(from * 2 ** retries, Math.max(most, from));
  return Math.min(atLeast + jittered, LONGEST_TIMER_SECONDS * 1000);
}

/** Returns the milliseconds of a `Retry-After`, which has seconds or a date; 0 without one. */
export function retryAfterOf(headers: Headers): number {
  const value = headers.get('Retry-After') ?? '';
  const milliseconds = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.max(milliseconds || 0, 0);
}
