// A channel in a file.

import { uniqueId } from '../../model/ids.js';
import type {
  Appended,
  BackendChannel,
  FormerEpoch,
  NewMessage,
  StoredHistory,
  StoredMessage,
  StoredPart,
} from '../contract.js';
import { NEW_EPOCH, NEXT_CHANGE, type SQLiteDatabase, transaction } from './database.js';

/** The limits of one part. A single heavier message is a part of its own. */
const PART_MESSAGES = 256;
const PART_BYTES = 1024 * 1024;

/** In the column `json`: the data is a string that is written as JSON here alone. */
const ESCAPED = 2;

interface Row {
  epoch: string;
  newest: number;
  at: number;
  bytes: number;
  closed: number | null;
}

type MessageRow = Omit<StoredMessage, 'json' | 'except'> & { json: number; excepted: string | null };

/** The statements, which all channels of a connection share. */
export type Statements = ReturnType<typeof statements>;

export function statements(database: SQLiteDatabase) {
  const prepare = (sql: string) => database.prepare(sql);
  return {
    find: prepare('SELECT id, closed FROM eric_channel WHERE name = ?'),
    add: prepare(`INSERT INTO eric_channel VALUES (NULL, ?, ${NEW_EPOCH}, 0, 0, 0, NULL, ${NEXT_CHANGE})`),
    begin: prepare(
      `UPDATE eric_channel SET epoch = ${NEW_EPOCH}, newest = 0, bytes = 0, closed = NULL, change = ${NEXT_CHANGE} WHERE id = ?`,
    ),
    forgetEpochs: prepare('DELETE FROM eric_epoch WHERE channel = ?'),
    forgetMessages: prepare('DELETE FROM eric_message WHERE channel = ?'),
    channel: prepare('SELECT epoch, newest, at, bytes, closed FROM eric_channel WHERE id = ?'),
    former: prepare('SELECT epoch, last FROM eric_epoch WHERE channel = ? ORDER BY run DESC'),
    after: prepare(
      `SELECT * FROM eric_message WHERE channel = ? AND number > ? ORDER BY number LIMIT ${PART_MESSAGES}`,
    ),
    oldest: prepare(
      `SELECT number, at, bytes FROM eric_message WHERE channel = ? AND number >= ? ORDER BY number LIMIT ${PART_MESSAGES}`,
    ),
    append: prepare('INSERT INTO eric_message VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    drop: prepare('DELETE FROM eric_message WHERE channel = ? AND number < ?'),
    update: prepare(`UPDATE eric_channel SET newest = ?, at = ?, bytes = ?, change = ${NEXT_CHANGE} WHERE id = ?`),
    sender: prepare('SELECT turn, epoch, last FROM eric_sender WHERE channel = ? AND sender = ?'),
    sent: prepare('INSERT OR REPLACE INTO eric_sender VALUES (?, ?, ?, ?, ?, ?)'),
    end: prepare(`UPDATE eric_channel SET closed = ?, change = ${NEXT_CHANGE} WHERE id = ? AND closed IS NULL`),
  };
}

export class SQLiteChannel implements BackendChannel {
  readonly #database: SQLiteDatabase;
  readonly #sql: Statements;
  readonly #history: StoredHistory;
  readonly #host: { appended(channel: SQLiteChannel): void; released(channel: SQLiteChannel): void };
  /** Tells this handle from others, which count their turns as well. */
  readonly #sender = uniqueId();
  readonly id: number;
  readonly changed: () => void;

  constructor(
    database: SQLiteDatabase,
    sql: Statements,
    name: string,
    history: StoredHistory,
    changed: () => void,
    host: { appended(channel: SQLiteChannel): void; released(channel: SQLiteChannel): void },
  ) {
    this.#database = database;
    this.#sql = sql;
    this.#history = history;
    this.#host = host;
    this.changed = changed;
    this.id = transaction(database, 'IMMEDIATE', () => {
      let row = sql.find.get(name) as { id: number; closed: number | null } | undefined;
      if (!row) sql.add.run(name);
      row ??= sql.find.get(name) as { id: number; closed: null };
      if (row.closed !== null) {
        sql.forgetEpochs.run(row.id);
        sql.forgetMessages.run(row.id);
        sql.begin.run(row.id);
      }
      return row.id;
    });
  }

  append(messages: readonly NewMessage[], turn: number): Appended | 'closed' {
    const { id } = this;
    const sql = this.#sql;
    const appended = transaction(this.#database, 'IMMEDIATE', () => {
      const { epoch, newest, at: newestAt, bytes, closed } = sql.channel.get(id) as Row;
      const before = sql.sender.get(id, this.#sender) as (Appended & { turn: number }) | undefined;
      if (before?.turn === turn) return { epoch: before.epoch, last: before.last };
      if (closed !== null) return 'closed';
      // If the clock was set back, a message is still not older than the one before it.
      const at = Math.max(Date.now(), newestAt);
      let [last, weight] = [newest, bytes];
      for (const { type, data, json, except, bytes } of messages) {
        // Some connections read a text only up to its first NUL, which JSON escapes.
        const isEscaped = !json && data?.includes('\0') === true;
        sql.append.run(
          id,
          ++last,
          at,
          type,
          isEscaped ? JSON.stringify(data) : data,
          isEscaped ? ESCAPED : Number(json),
          except,
          bytes,
        );
        weight += bytes;
      }
      sql.update.run(last, at, weight - this.#trim(last, weight, at), id);
      sql.sent.run(id, this.#sender, turn, epoch, last, at);
      return { epoch, last };
    });
    if (appended !== 'closed') this.#host.appended(this);
    return appended;
  }

  read(after: number): StoredPart {
    // One transaction, so that the parts of the answer belong together.
    return transaction(this.#database, 'DEFERRED', () => {
      const { epoch, newest, closed } = this.#sql.channel.get(this.id) as Row;
      const messages: StoredMessage[] = [];
      let weight = 0;
      for (const row of this.#sql.after.all(this.id, after) as MessageRow[]) {
        const { number, at, type, json, excepted, bytes } = row;
        weight += bytes;
        if (messages.length > 0 && weight > PART_BYTES) break;
        const data: string | null = json === ESCAPED ? JSON.parse(row.data!) : row.data;
        messages.push({ number, at, type, data, json: json === 1, except: excepted, bytes });
      }
      const former = this.#sql.former.all(this.id) as FormerEpoch[];
      return { epoch, former, newest, closed: closed !== null, messages };
    });
  }

  end(): void {
    this.#sql.end.run(Date.now(), this.id);
    this.#host.appended(this);
  }

  release(): void {
    this.#host.released(this);
  }

  /** Drops what is beyond the bounds, except the newest message. Returns its weight. */
  #trim(newest: number, weight: number, now: number): number {
    const { messages, bytes, seconds } = this.#history;
    let [kept, dropped] = [0, 0];
    for (let rows: { number: number; at: number; bytes: number }[]; ; ) {
      rows = this.#sql.oldest.all(this.id, kept) as typeof rows;
      for (const row of rows) {
        kept = row.number;
        const isWithin =
          newest - kept < messages &&
          weight - dropped <= bytes &&
          (seconds === Infinity || row.at > now - seconds * 1000);
        if (!isWithin && kept < newest) {
          dropped += row.bytes;
          continue;
        }
        if (dropped > 0) this.#sql.drop.run(this.id, kept);
        return dropped;
      }
      kept++;
    }
  }
}
