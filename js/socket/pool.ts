// Pool: events that came for a listener and were not read yet. All of a client's streams of the
// listener share it.
//
// A stream cannot put a line back into its socket. So lines belong to no stream. The first stream
// that asks takes the oldest; the lines of a stream that is left wait for the others, or for the
// next one.

import { isBefore, parseEventId } from '../model/event-id.js';

/**
 * How many of a stream's events may come again once it is left: more than the server's socket
 * holds.
 */
const AGAIN = 1024;

/** One of a listener's streams. */
export interface Reader {
  /** Serves the waiting readers. */
  serve(): void;
}

/** @internal */
export class Pool {
  /** In the order of their ids. */
  readonly #lines: string[] = [];
  readonly #readers = new Set<Reader>();
  /**
   * The events of streams that were left which the server may send again, not knowing that they
   * were read.
   */
  readonly #again = new Set<string>();

  get isUsed(): boolean {
    return this.#readers.size > 0;
  }

  enter(reader: Reader): void {
    this.#readers.add(reader);
  }

  /** Takes a reader out, with the keys of what it has got at last. */
  leave(reader: Reader, keys: Iterable<string>): void {
    if (!this.#readers.delete(reader)) return;
    for (const key of keys) remember(this.#again, key, 4 * AGAIN);
    this.serve();
  }

  /**
   * Adds a line that has come, unless it has come before.
   *
   * @param got The keys of what the stream that brings it has got.
   */
  add(line: string, id: string, got: Set<string>): boolean {
    const key = keyOf(line, id);
    const isNew = !this.#again.delete(key);
    remember(got, key, AGAIN);
    if (!isNew) return false;
    let [from, to] = [0, this.#lines.length];
    // Usually after all others.
    let middle = to - 1;
    while (from < to) {
      if (isBehind(id, idIn(this.#lines[middle] as string) as string)) from = middle + 1;
      else to = middle;
      middle = (from + to) >> 1;
    }
    this.#lines.splice(from, 0, line);
    return true;
  }

  /** Takes the oldest line. */
  take(): string | undefined {
    return this.#lines.shift();
  }

  /** Gives those who wait what there is. */
  serve(): void {
    for (const reader of this.#readers) {
      if (this.#lines.length === 0) return;
      reader.serve();
    }
  }
}

/** Adds a key to a set that keeps the newest ones. */
function remember(keys: Set<string>, key: string, most: number): void {
  keys.delete(key);
  keys.add(key);
  if (keys.size > most) for (const oldest of keys) return void keys.delete(oldest);
}

/** Ids are letters, digits, `.` and `-`, and stand last in a line. */
const ID = /,"id":"([^"]*)"\}$/;

/**
 * The id of an event; none for why a stream ends: an error, or that the channel was closed.
 *
 * @internal
 */
export const idIn = (line: string): string | undefined => ID.exec(line)?.[1];

/** A gap has the id of where it ends, which may be a message's. */
const keyOf = (line: string, id: string): string => (line.startsWith('{"event":"_eric_gap"') ? line : id);

/** Whether an event comes after another one. An event of another epoch does. */
function isBehind(id: string, other: string): boolean {
  const [parts, others] = [parseEventId(id), parseEventId(other)];
  return parts.epoch !== others.epoch || isBefore(others, parts);
}
