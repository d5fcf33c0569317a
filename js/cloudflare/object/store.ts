// Store: a channel's history in its object's SQLite storage, which outlives an eviction.
//
// The newest message stays, whatever its age: the numbers continue after it. When it expires it is
// emptied, and only its number remains.

import type { History } from '../../model/limits.js';
import { Message, Sent } from '../../model/message.js';
import type { Batch, StoredMessage } from '../batch.js';

/** A stored message, ready to be sent again. */
export interface Restored {
  sent: Sent;
  excepted: string | undefined;
  /** By `Date.now()`. */
  at: number;
}

/** Marks a message that was emptied: no event has an empty type. */
const EMPTIED = '';

const TABLES = `
  CREATE TABLE IF NOT EXISTS eric_channel (one INTEGER PRIMARY KEY, epoch TEXT NOT NULL, closed INTEGER, root TEXT);
  CREATE TABLE IF NOT EXISTS eric_message
    (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL, data TEXT, json INTEGER NOT NULL, excepted TEXT);
  CREATE TABLE IF NOT EXISTS eric_leaf (id TEXT PRIMARY KEY) WITHOUT ROWID;
`;

/** The limits of one batch. A single heavier message is a batch of its own. */
const BATCH_MESSAGES = 256;
const BATCH_BYTES = 1024 * 1024;

export class Store {
  readonly #sql: SqlStorage;
  readonly #bounds: History;
  /** The weight and age of each stored message, oldest first; those before `#first` are deleted. */
  #kept: { bytes: number; at: number }[] = [];
  #first = 0;
  #bytes = 0;
  readonly epoch: string;
  /** The number of the newest message. */
  newest = 0;
  /** When the channel was closed, by `Date.now()`. */
  closedAt: number | undefined;
  /** The id of the root, if this object is a leaf. */
  root: string | undefined;

  /** @param newEpoch Makes the epoch of a channel of which nothing is stored yet. */
  constructor(storage: DurableObjectStorage, bounds: History, newEpoch: () => string) {
    this.#sql = storage.sql;
    this.#bounds = bounds;
    this.#sql.exec(TABLES);
    const [row] = this.#sql.exec<{ epoch: string; closed: number | null; root: string | null }>(
      'SELECT epoch, closed, root FROM eric_channel',
    );
    this.epoch = row?.epoch ?? newEpoch();
    this.closedAt = row?.closed ?? undefined;
    this.root = row?.root ?? undefined;
    if (!row) this.#sql.exec('INSERT INTO eric_channel VALUES (1, ?, NULL, NULL)', this.epoch);
  }

  /** When the oldest message was sent, by `Date.now()`; `undefined` if nothing is kept. */
  get oldestAt(): number | undefined {
    return this.#kept[this.#first]?.at;
  }

  /**
   * Reads what is kept, once. Returns the messages, oldest first, and the number of the one before
   * them.
   */
  load(): { before: number; messages: Restored[] } {
    let before: number | undefined;
    const messages: Restored[] = [];
    for (const row of this.#sql.exec<StoredMessage>('SELECT * FROM eric_message ORDER BY sequence')) {
      this.newest = row.sequence;
      if (row.type === EMPTIED) {
        before = row.sequence;
        continue;
      }
      before ??= row.sequence - 1;
      const sent = sentOf(row);
      this.#count(sent.bytes, row.at);
      messages.push({ sent, excepted: row.excepted ?? undefined, at: row.at });
    }
    return { before: before ?? 0, messages };
  }

  /** Stores the next message, and drops the messages beyond the bounds. Returns its number. */
  append(sent: Sent, excepted: string | undefined, sentAt: number): number {
    // If the clock was set back, a message is still not older than the one before it.
    const at = Math.max(sentAt, this.#kept.at(-1)?.at ?? 0);
    const { type, payload } = sent.message;
    const json = payload !== undefined && typeof payload !== 'string' ? 1 : 0;
    const [kind, data] = [type, sent.text ?? null].map(wellFormed);
    this.#sql.exec(
      'INSERT INTO eric_message VALUES (?, ?, ?, ?, ?, ?)',
      this.newest + 1,
      at,
      kind!,
      data!,
      json,
      excepted ?? null,
    );
    // A message that is too long for a row has thrown above, and has no number.
    this.newest++;
    this.#count(sent.bytes, at);
    this.#trim(at);
    return this.newest;
  }

  /** Drops expired messages. */
  expire(now: number): void {
    this.#trim(now);
  }

  /**
   * Returns the messages after one; or all that are kept, if that one is of another epoch or the
   * next one was dropped.
   */
  batch(epoch: string | undefined, after: number): Batch {
    const start = this.newest - (this.#kept.length - this.#first);
    const whole = epoch !== this.epoch || after < start || after > this.newest;
    const from = whole ? start : after;
    const messages: StoredMessage[] = [];
    let bytes = 0;
    for (const row of this.#sql.exec<StoredMessage>(
      'SELECT * FROM eric_message WHERE sequence > ? ORDER BY sequence LIMIT ?',
      from,
      BATCH_MESSAGES,
    )) {
      bytes += row.type.length + (row.data?.length ?? 0) + (row.excepted?.length ?? 0);
      if (messages.length > 0 && bytes > BATCH_BYTES) break;
      messages.push(row);
    }
    return { epoch: this.epoch, newest: this.newest, after: from, whole, messages };
  }

  /**
   * Continues as another channel, which is open, after one of its numbers. Do not use this store
   * afterwards.
   */
  renew(epoch: string, after: number): void {
    this.forget();
    this.#sql.exec('UPDATE eric_channel SET epoch = ?, closed = NULL', epoch);
    if (after > 0) this.#sql.exec('INSERT INTO eric_message VALUES (?, 0, ?, NULL, 0, NULL)', after, EMPTIED);
  }

  /** Makes the object a leaf of a root. */
  follow(root: string): void {
    this.#sql.exec('UPDATE eric_channel SET root = ?', root);
    this.root = root;
  }

  /** Remembers that the channel is closed. The messages are kept until `forget`. */
  close(at: number): void {
    this.#sql.exec('UPDATE eric_channel SET closed = ?', at);
    this.closedAt = at;
  }

  /** Deletes the messages. */
  forget(): void {
    this.#sql.exec('DELETE FROM eric_message');
    this.#kept = [];
    this.#first = this.#bytes = 0;
  }

  /** The ids of the leaves, which receive this object's messages. */
  leaves(): string[] {
    return Array.from(this.#sql.exec<{ id: string }>('SELECT id FROM eric_leaf'), ({ id }) => id);
  }

  addLeaf(id: string): void {
    this.#sql.exec('INSERT OR IGNORE INTO eric_leaf VALUES (?)', id);
  }

  removeLeaf(id: string): void {
    this.#sql.exec('DELETE FROM eric_leaf WHERE id = ?', id);
  }

  #count(bytes: number, at: number): void {
    this.#kept.push({ bytes, at });
    this.#bytes += bytes;
  }

  #trim(now: number): void {
    const { messages, bytes, seconds } = this.#bounds;
    const start = this.#first;
    for (let oldest: { bytes: number; at: number } | undefined; (oldest = this.#kept[this.#first]); this.#first++) {
      if (this.#kept.length - this.#first <= messages && this.#bytes <= bytes && oldest.at > now - seconds * 1000)
        break;
      this.#bytes -= oldest.bytes;
    }
    if (this.#first === start) return;
    const left = this.#kept.length - this.#first;
    this.#sql.exec('DELETE FROM eric_message WHERE sequence <= ? AND sequence < ?', this.newest - left, this.newest);
    if (left === 0) this.#sql.exec('UPDATE eric_message SET type = ?, data = NULL, excepted = NULL', EMPTIED);
    if (this.#first > this.#kept.length / 2) {
      this.#kept = this.#kept.slice(this.#first);
      this.#first = 0;
    }
  }
}

/**
 * Replaces lone surrogates as the wire does: SQLite would make three characters of one, and a
 * replay would differ.
 */
const wellFormed = <Text extends string | null>(text: Text): Text =>
  (text as { toWellFormed?(): Text } | null)?.toWellFormed?.() ?? text;

/**
 * Makes a stored message ready to be sent. Its payload is parsed on demand: a message that only
 * goes on the wire is not parsed.
 */
export function sentOf({ type, data, json, excepted }: StoredMessage): Sent {
  let payload: unknown = data ?? undefined;
  const message = {
    __proto__: Message.prototype,
    type,
    get payload() {
      if (json) payload = JSON.parse(data!);
      json = 0;
      return payload;
    },
  };
  return weighed(new Sent(message, data ?? undefined), excepted);
}

/** Adds the ids of the excepted listeners to a message's weight: they are kept with it. */
export function weighed(sent: Sent, excepted: string | null | undefined): Sent {
  sent.bytes += excepted?.length ?? 0;
  return sent;
}
