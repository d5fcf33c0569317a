// A connection to SQLite, as node:sqlite, bun:sqlite and better-sqlite3 have it.

/** The parts of a prepared statement that are used. */
export interface SQLiteStatement {
  run(...values: (string | number | null)[]): unknown;
  get(...values: (string | number | null)[]): unknown;
  all(...values: (string | number | null)[]): unknown[];
}

/**
 * The parts of a connection that are used: a `DatabaseSync` of `node:sqlite` has them, a `Database`
 * of `bun:sqlite` or of `better-sqlite3`.
 */
export interface SQLiteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SQLiteStatement;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS eric_channel
    (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL, newest INTEGER NOT NULL,
     at INTEGER NOT NULL, bytes INTEGER NOT NULL, closed INTEGER, change INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS eric_channel_change ON eric_channel (change);
  CREATE TABLE IF NOT EXISTS eric_epoch
    (channel INTEGER NOT NULL, run INTEGER NOT NULL, epoch TEXT NOT NULL, last INTEGER NOT NULL,
     PRIMARY KEY (channel, run)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS eric_message
    (channel INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, type TEXT NOT NULL, data TEXT,
     json INTEGER NOT NULL, excepted TEXT, bytes INTEGER NOT NULL, PRIMARY KEY (channel, number)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS eric_sender
    (channel INTEGER NOT NULL, sender TEXT NOT NULL, turn INTEGER NOT NULL, epoch TEXT NOT NULL, last INTEGER NOT NULL,
     at INTEGER NOT NULL, PRIMARY KEY (channel, sender)) WITHOUT ROWID;
`;

/** The expression of a new epoch. */
export const NEW_EPOCH = 'lower(hex(randomblob(6)))';
/** The expression of the number of a change, of whichever channel. */
export const NEXT_CHANGE = '(SELECT coalesce(max(change), 0) + 1 FROM eric_channel)';

/** A client's id of an older run than these is of a foreign epoch. */
const KEPT_RUNS = 100;
/** Closed channels and the senders of former processes are forgotten after a day. */
const DAY_MILLISECONDS = 86_400_000;

/**
 * Runs a call as one transaction.
 *
 * @param kind `IMMEDIATE` for one that writes: it waits for other processes at its beginning, where
 * a deferred one would fail in its middle.
 */
export function transaction<T>(database: SQLiteDatabase, kind: 'DEFERRED' | 'IMMEDIATE', call: () => T): T {
  database.exec(`BEGIN ${kind}`);
  let isDone = false;
  try {
    const answer = call();
    database.exec('COMMIT');
    isDone = true;
    return answer;
  } finally {
    // Some errors have rolled back already.
    if (!isDone) quietly(() => database.exec('ROLLBACK'));
  }
}

function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // The error that led here says more.
  }
}

/**
 * Prepares a file. The first process after all have ended begins another epoch of each channel:
 * the file may be an older copy than its clients know.
 */
export function prepare(database: SQLiteDatabase, synchronous: string): void {
  const isFirst = isAlone(database);
  database.prepare('PRAGMA journal_mode = WAL').get();
  database.exec(`PRAGMA synchronous = ${synchronous}`);
  transaction(database, 'IMMEDIATE', () => {
    database.exec(TABLES);
    if (!isFirst) return;
    const old = Date.now() - DAY_MILLISECONDS;
    database
      .prepare('DELETE FROM eric_message WHERE channel IN (SELECT id FROM eric_channel WHERE closed < ?)')
      .run(old);
    database.prepare('DELETE FROM eric_channel WHERE closed < ?').run(old);
    database.prepare('DELETE FROM eric_sender WHERE at < ?').run(old);
    database.exec(`
      INSERT INTO eric_epoch
        SELECT id, (SELECT coalesce(max(run), 0) + 1 FROM eric_epoch), epoch, newest FROM eric_channel;
      DELETE FROM eric_epoch WHERE run <= (SELECT max(run) FROM eric_epoch) - ${KEPT_RUNS};
      DELETE FROM eric_epoch WHERE channel NOT IN (SELECT id FROM eric_channel);
      UPDATE eric_channel SET epoch = ${NEW_EPOCH}, change = ${NEXT_CHANGE};
    `);
  });
}

/** Whether no other connection has the file open: only then its journal can be another one. */
function isAlone(database: SQLiteDatabase): boolean {
  database.exec('PRAGMA busy_timeout = 0');
  try {
    const { journal_mode } = database.prepare('PRAGMA journal_mode = DELETE').get() as { journal_mode: string };
    return journal_mode !== 'wal';
  } catch {
    return false;
  } finally {
    // Another process writes for a few milliseconds. This one waits as long without serving.
    database.exec('PRAGMA busy_timeout = 100');
  }
}
