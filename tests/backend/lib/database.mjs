// A connection to SQLite, with what the runtime has.

/** @param {string} file */
export async function openDatabase(file) {
  if ('Bun' in globalThis) return new (await import('bun:sqlite')).Database(file);
  return new (await import('node:sqlite')).DatabaseSync(file);
}
