// `npm run hosts`: every recipe in its host, the slow ones included, and the table of them in
// docs/reference/hosts.md.
//
// `npm run hosts -- nest next` runs some slow ones only, and leaves that page alone.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { slowHosts } from '../tests/hosts/lib/recipes.mjs';
import { buildPackage } from './lib/build.mjs';
import { ensureHosts } from './lib/bundlers.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { streamed } from './lib/run.mjs';
import { setUpRuntimes } from './lib/runtimes.mjs';
import { setUpBrowser, setUpBuild } from './lib/setup.mjs';

/** The page that has the table, and the lines around it. */
const PAGE = inRoot('docs/reference/hosts.md');
const BEGIN = '<!-- hosts -->';
const END = '<!-- /hosts -->';
/** Installing a framework and building an application of it takes minutes. */
const LONGEST_FILE_SECONDS = 15 * 60;

/** @typedef {import('../tests/hosts/lib/results.mjs').Row} Row */

await main(async () => {
  const wanted = process.argv.slice(2);
  const slow = slowHosts();
  const unknown = wanted.filter((name) => !slow.includes(name));
  if (unknown.length) throw new Failure(`no such host: ${unknown.join(', ')}. There are: ${slow.join(', ')}.`);

  const env = await setUpBuild();
  await buildPackage(env);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-hosts-table-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const lines = path.join(folder, 'rows');
  Object.assign(env, await setUpBrowser(), await setUpRuntimes());
  Object.assign(env, { ERIC_HOSTS: await ensureHosts(), ERIC_HOSTS_TABLE: lines });

  const names = wanted.length ? wanted : slow;
  const files = names.map((name) => `tests/hosts/slow/${name}/${name}.test.mjs`);
  if (wanted.length === 0) files.unshift('tests/hosts/hosts.test.mjs');
  /** @type {string[]} */
  const failed = [];
  for (const file of files) {
    console.log(`\n=== ${file} ===\n`);
    const ending = await streamed(process.execPath, ['--test', '--test-reporter=spec', file], {
      env,
      timeoutSeconds: LONGEST_FILE_SECONDS,
    });
    if (!ending.ok) failed.push(`${file} ${ending.why}`);
  }
  const table = tableOf(rowsIn(lines));
  console.log(`\n${table}`);
  if (failed.length) throw new Failure(failed.join('\n'));
  if (wanted.length === 0) writePage(table);
});

/** @param {string} file @returns {Row[]} */
function rowsIn(file) {
  if (!existsSync(file)) return [];
  const rows = readFileSync(file, 'utf8').trim().split('\n');
  return rows.map((row) => JSON.parse(row)).sort((a, b) => a.host.localeCompare(b.host, 'en'));
}

/** @param {Row[]} rows */
function tableOf(rows) {
  const lines = [
    ['host', 'version', 'runs on', 'checks', 'passed'],
    ['---', '---', '---', '---:', '---:'],
    ...rows.map(({ host, version, runs, passed, failed }) => [
      host,
      version,
      runs,
      String(passed.length + failed.length),
      String(passed.length),
    ]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** @param {string} table */
function writePage(table) {
  const text = readFileSync(PAGE, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Failure(`${PAGE} has no ${BEGIN} … ${END} for the table`);
  writeFileSync(PAGE, `${text.slice(0, begin + BEGIN.length)}\n${table}\n${text.slice(end)}`);
  console.log(`\n${path.relative(process.cwd(), PAGE)} has the table`);
}
