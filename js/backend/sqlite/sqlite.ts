// sqlite: a backend in a file, which processes of one machine may share.

import { numberOption, objectOption, shown } from '../../util/options.js';
import type { Backend, BackendChannel, StoredHistory } from '../contract.js';
import { SQLiteChannel, type Statements, statements } from './channel.js';
import { prepare, type SQLiteDatabase, type SQLiteStatement } from './database.js';

export interface SQLiteOptions {
  /**
   * What a stored message survives: `'full'`, the default, a failure of the machine; `'normal'` the
   * end of the process alone, and is faster.
   */
  synchronous?: 'full' | 'normal' | undefined;
  /**
   * How often the file is asked whether another process has written, in milliseconds; 20 by
   * default.
   */
  pollMilliseconds?: number | undefined;
}

/** How long a file that other processes prepare is tried. */
const PREPARING_MILLISECONDS = 5000;
const TRY_AGAIN_MILLISECONDS = 20;

/**
 * Stores channels in a file.
 *
 * @param database A connection of its own, which the program opens, and closes after it has left
 * the channels.
 * @throws {TypeError | RangeError} when an argument is invalid.
 *
 * @example
 * const channel = await openChannel('news', sqlite(new DatabaseSync('channels.db')));
 */
export function sqlite(database: SQLiteDatabase, options?: SQLiteOptions): Backend {
  if (typeof database?.prepare !== 'function' || typeof database.exec !== 'function')
    throw new TypeError(`database must be a connection to SQLite, not ${shown(database)}`);
  const { synchronous = 'full', pollMilliseconds } = objectOption(options, 'options');
  if (synchronous !== 'full' && synchronous !== 'normal')
    throw new RangeError("synchronous must be 'full' or 'normal'");
  return new SQLiteBackend(database, synchronous, numberOption(pollMilliseconds, 'pollMilliseconds', 20, 60_000));
}

class SQLiteBackend implements Backend {
  readonly #database: SQLiteDatabase;
  readonly #synchronous: string;
  readonly #pollMilliseconds: number;
  #ready: Promise<Statements> | undefined;
  readonly #channels = new Set<SQLiteChannel>();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** `data_version` changes when another connection has written. */
  #version!: SQLiteStatement;
  #changes!: SQLiteStatement;
  #seenVersion: unknown;
  #seenChange = 0;
  #hasFailed = false;

  constructor(database: SQLiteDatabase, synchronous: string, pollMilliseconds: number) {
    this.#database = database;
    this.#synchronous = synchronous;
    this.#pollMilliseconds = pollMilliseconds;
  }

  async open(name: string, history: StoredHistory, changed: () => void): Promise<BackendChannel> {
    const sql = await (this.#ready ??= this.#prepare());
    const channel = await patiently(
      () =>
        new SQLiteChannel(this.#database, sql, name, history, changed, {
          appended: (by) => this.#tell([by.id], by),
          released: (by) => {
            this.#channels.delete(by);
            if (this.#channels.size === 0) this.#stop();
          },
        }),
    );
    this.#channels.add(channel);
    // It keeps the process running, as a connection to a server does.
    this.#timer ??= setInterval(() => this.#poll(), this.#pollMilliseconds);
    return channel;
  }

  async #prepare(): Promise<Statements> {
    await patiently(() => prepare(this.#database, this.#synchronous));
    this.#version = this.#database.prepare('PRAGMA data_version');
    this.#changes = this.#database.prepare('SELECT id, change FROM eric_channel WHERE change > ?');
    return statements(this.#database);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    try {
      const { data_version } = this.#version.get() as { data_version: unknown };
      if (data_version === this.#seenVersion) return;
      const rows = this.#changes.all(this.#seenChange) as { id: number; change: number }[];
      this.#seenVersion = data_version;
      for (const { change } of rows) this.#seenChange = Math.max(change, this.#seenChange);
      this.#hasFailed = false;
      this.#tell(rows.map(({ id }) => id));
    } catch (error) {
      // Not each time: it may fail for long.
      if (!this.#hasFailed) console.error('eric-sse: the file of the channels could not be read:', error);
      this.#hasFailed = true;
    }
  }

  #tell(ids: number[], except?: SQLiteChannel): void {
    const changed = new Set(ids);
    for (const channel of this.#channels) if (channel !== except && changed.has(channel.id)) channel.changed();
  }
}

/** Repeats what fails while other processes use the file. */
async function patiently<T>(call: () => T): Promise<T> {
  for (const start = performance.now(); ; ) {
    try {
      return call();
    } catch (error) {
      if (performance.now() - start > PREPARING_MILLISECONDS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MILLISECONDS));
  }
}
