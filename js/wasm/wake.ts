// Waking: the streams that the core wakes take what they were sent, in one microtask per turn.

import type { StreamKey } from './core.js';
import { visitWoken } from './streams.js';

/** A stream that the core wakes. */
export interface Wakeable {
  woken(): void;
}

/** The open streams by their keys in the core. */
const streams: (Wakeable | undefined)[] = [];

/**
 * The time while streams are woken; `null` until one of them asks for it. Many read at once, and a
 * clock costs as much as a chunk.
 */
let wokenAt: number | null | undefined;

/** How many microtasks are scheduled. */
let wakes = 0;

export function register(key: StreamKey, stream: Wakeable): void {
  streams[key] = stream;
}

export function unregister(key: StreamKey): void {
  streams[key] = undefined;
}

/**
 * Returns the time in milliseconds of `performance.now()`. It is the same for all streams that are
 * woken together.
 */
export function now(): number {
  return wokenAt === undefined ? performance.now() : (wokenAt ??= performance.now());
}

/** Returns whether there are woken streams that have not read yet. */
export function isWaking(): boolean {
  return wakes > 0;
}

/** In Node several times as fast as `queueMicrotask`, which records each call for async hooks. */
const ready = Promise.resolve();

/** The core calls this when the first stream of a turn is woken. */
export function wakeSoon(): void {
  wakes++;
  void ready.then(wake);
}

/**
 * Repeats a wake that was lost. A Cloudflare object that aborts itself also ends its turn's
 * microtasks, and other objects share its isolate. Called where a turn begins, when woken streams
 * have read; if a wake is still to come, the second one finds nothing.
 */
export function wakeLost(): void {
  if (wakes === 0) return;
  wakes = 0;
  wokenAt = undefined;
  wakeSoon();
}

function read(key: StreamKey): void {
  try {
    streams[key]?.woken();
  } catch (error) {
    // A stream that fails does not keep the others from reading. Its error is reported all the
    // same.
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Runs once per turn in which a waiting stream was sent something, after that turn's code. */
function wake(): void {
  wokenAt = null;
  visitWoken(read);
  wokenAt = undefined;
  if (wakes > 0) wakes--;
}
