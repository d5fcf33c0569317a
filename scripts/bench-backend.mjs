// `npm run bench:backend`: sends to a channel in a SQLite file, with each setting of `synchronous`,
// and the way to a reader in another process. Takes about a minute.

import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildPackage } from './lib/build.mjs';
import { main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { setUpRuntimes } from './lib/runtimes.mjs';
import { setUpBuild } from './lib/setup.mjs';

const ROUNDS = 3;

/** @typedef {{ one: number, turn: number, poll: number, p50: number, p99: number }} Measured */

await main(async () => {
  await buildPackage(await setUpBuild());
  const { ERIC_NODE26 } = await setUpRuntimes();
  console.log('a channel in a file of SQLite, Node 26, 200-byte payload: the median of', ROUNDS, 'rounds');
  for (const synchronous of ['full', 'normal']) {
    /** @type {Measured[]} */
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measured(String(ERIC_NODE26), synchronous));
    const median = (/** @type {keyof Measured} */ what) =>
      rounds.map((round) => round[what]).sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? 0;
    console.log(
      `${synchronous.padEnd(6)}  ${median('one').toFixed(0)} messages/s one at a time, ${median('turn').toFixed(0)} with 64 in a turn; ` +
        `to the other process p50 ${median('p50')} ms, p99 ${median('p99')} ms; a poll takes ${median('poll').toFixed(1)} µs`,
    );
  }
});

/** @param {string} execPath @param {string} synchronous @returns {Promise<Measured>} */
async function measured(execPath, synchronous) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-bench-'));
  try {
    const begin = (/** @type {string} */ role) =>
      fork(inRoot('benches/backend/process.mjs'), [path.join(folder, 'bench.db'), synchronous, role], { execPath });
    const next = (/** @type {import('node:child_process').ChildProcess} */ child) =>
      new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('exit', (code) => reject(new Error(`a process ended with code ${code}`)));
      });
    const rates = await next(begin('rates'));
    const reader = begin('reader');
    await next(reader);
    begin('sender');
    return { .../** @type {Measured} */ (rates), .../** @type {Measured} */ (await next(reader)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
