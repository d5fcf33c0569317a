// The calls of an open stream in the core.

import { end, isOver, letGo, moved, next as nextAnswer, rest, takeWoken, woken } from '../../pkg/eric_sse.js';
import type { Gap } from '../model/event-types.js';
import type { Sent } from '../model/message.js';
import type { StreamKey, StreamState } from './core.js';
import { read, setShared } from './handover.js';

/** The answers of the core; after any other, what was read has been handed over. */
const WAIT = 0;
const ENDED = 1;
const CLOSED = 2;
/** Added to each of these when the stream waits already. */
const QUIET = 4;

/**
 * Takes what a stream offers: chunks, or messages and gaps. A stream of messages says once that its
 * channel is closed.
 */
export function next(stream: StreamState): 'wait' | 'ended' | 'closed' | Uint8Array | Sent | Gap {
  const answer = nextAnswer(stream.key);
  stream.isQuiet = answer >= QUIET;
  switch (answer % QUIET) {
    case WAIT:
      return 'wait';
    case ENDED:
      return 'ended';
    case CLOSED:
      return 'closed';
  }
  const taken = read() as Uint8Array | Sent | string;
  return typeof taken === 'string' ? (JSON.parse(taken) as Gap) : taken;
}

/** Waits without taking anything. Returns whether the stream continues. */
export function park(key: StreamKey): boolean {
  return rest(key);
}

/**
 * Returns whether a stream of bytes has nothing more to offer, because the last chunk ended with
 * the closing of its channel.
 */
export function hasClosed(key: StreamKey): boolean {
  return isOver(key);
}

/**
 * Returns the event id up to which the client has everything, if the client has not received that
 * id yet.
 */
export function unsentId(key: StreamKey): string | undefined {
  return moved(key);
}

export function endStream(key: StreamKey): void {
  end(key);
}

/** Visits the streams that were woken since the last call. */
export function visitWoken(visit: (key: StreamKey) => void): void {
  const count = takeWoken();
  // What a single stream reads is not kept for another one.
  if (count === 1) return visit(woken(0));
  setShared(true);
  for (let i = 0; i < count; i++) visit(woken(i));
  setShared(false);
  letGo();
}
