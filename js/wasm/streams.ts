// The calls of an open stream in the core.

import {
  end,
  isOver,
  next as nextAnswer,
  park as parkStream,
  takeWoken,
  unsentId as unsentIdOf,
  woken,
} from '../../pkg/eric_sse.js';
import type { Gap } from '../model/event-types.js';
import type { Sent } from '../model/message.js';
import { CLOSED, ENDED, type StreamKey, type StreamState, WAIT } from './core.js';
import { letGo, read, setShared, take } from './handover.js';

/** Answers of the core by their number; after any other number, what was read is handed over. */
const ANSWERS = [WAIT, ENDED, CLOSED] as const;
const HANDED_OVER = 3;
/** Added to each number when the stream waits already. */
const QUIET = 4;

/**
 * Takes what a stream offers: chunks, or messages and gaps. A stream of messages says once that its
 * channel is closed.
 */
export function next(stream: StreamState): typeof WAIT | typeof ENDED | typeof CLOSED | Uint8Array | Sent | Gap {
  const answer = nextAnswer(stream.key);
  stream.isQuiet = answer >= QUIET;
  const number = answer % QUIET;
  if (number !== HANDED_OVER) return ANSWERS[number as 0 | 1 | 2];
  const taken = read() as Uint8Array | Sent | string;
  return typeof taken === 'string' ? (JSON.parse(taken) as Gap) : taken;
}

/** Waits without taking anything. Returns whether the stream continues. */
export function park(key: StreamKey): boolean {
  return parkStream(key);
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
  return unsentIdOf(key) ? (take() as string) : undefined;
}

export function endStream(key: StreamKey): void {
  end(key);
  letGo();
}

/** Visits the streams that were woken since the last call. */
export function visitWoken(visit: (key: StreamKey) => void): void {
  const count = takeWoken();
  setShared(count > 1);
  for (let i = 0; i < count; i++) visit(woken(i));
}
