// The cases of backends over SQLite, in whichever runtime runs this: prints a line for each.

import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { backendCases } from 'eric-sse/backend-testing';
import { sqlite } from 'eric-sse/sqlite';
import { openDatabase } from './database.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-cases-'));
const PARTS = ['', '-wal', '-shm'];
let stores = 0;
const open = new Set();

function close() {
  for (const database of open) database.close();
  open.clear();
}

async function fresh() {
  const file = path.join(folder, `${++stores}.db`);
  return {
    async connect() {
      const database = await openDatabase(file);
      open.add(database);
      return sqlite(database, { pollMilliseconds: 5 });
    },
    crash: close,
    copy() {
      const copied = PARTS.filter((part) => existsSync(file + part));
      for (const part of copied) copyFileSync(file + part, `${file}.copy${part}`);
      return () => {
        for (const part of PARTS) rmSync(file + part, { force: true });
        for (const part of copied.filter((part) => part !== '-shm')) copyFileSync(`${file}.copy${part}`, file + part);
      };
    },
  };
}

for (const { name, run } of backendCases(fresh, { crash: true, copy: true })) {
  const error = await run().then(
    () => undefined,
    (error) => String(error?.stack ?? error),
  );
  close();
  console.log(JSON.stringify({ name, error }));
}
rmSync(folder, { recursive: true, force: true });
// The cases have left channels open.
process.exit();
