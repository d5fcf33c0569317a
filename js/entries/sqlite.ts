// eric-sse/sqlite: a backend in a file. It has nothing of the core.

export type { SQLiteDatabase, SQLiteStatement } from '../backend/sqlite/database.js';
export { type SQLiteOptions, sqlite } from '../backend/sqlite/sqlite.js';
