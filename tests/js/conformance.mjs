// The suite in every runtime, one after another, and the table of it in the docs. Run by
// `npm run conformance`, which sets up the runtimes first.

import { readFileSync, writeFileSync } from 'node:fs';
import { Failure, main } from '../../scripts/lib/failure.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { elapsed } from '../../scripts/lib/step.mjs';
import { HOSTS } from './lib/places.mjs';
import { NAMES } from './lib/remote-names.mjs';

/** The page that has the table, and the lines around it. */
const PAGE = 'docs/reference/runtimes.md';
const BEGIN = '<!-- conformance -->';
const END = '<!-- /conformance -->';
/**
 * A runtime that has said nothing for so long is not going to: a test that hangs is given up
 * before.
 */
const LONGEST_SILENCE_MS = 90_000;

/** @typedef {{ runtime: string, version: string, place: string, tests: number, passed: number, problems: string[] }} Row */

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in HOSTS));
  if (unknown.length)
    throw new Failure(`no such runtime: ${unknown.join(', ')}. There are: ${Object.keys(HOSTS).join(', ')}.`);

  /** @type {Row[]} */
  const rows = [];
  for (const [key, kind] of Object.entries(HOSTS)) {
    if (wanted.length === 0 || wanted.includes(key)) rows.push(...(await runHost(kind)));
  }
  const table = tableOf(rows);
  console.log(`\n${table}`);
  for (const { runtime, place, problems } of rows)
    for (const problem of problems) console.error(`\n${runtime}, ${place}: ${problem}`);
  const failed = rows.filter(({ tests, passed }) => passed !== tests);
  if (failed.length)
    throw new Failure(`not all tests pass in ${failed.map(({ runtime, place }) => `${runtime}, ${place}`).join('; ')}`);
  if (wanted.length === 0) writePage(table);
});

/** @param {import('./lib/places.mjs').HostKind} kind @returns {Promise<Row[]>} */
async function runHost({ name: runtime, places, open }) {
  const host = open();
  const rows = [];
  try {
    for (const [place, words] of Object.entries(places)) {
      const start = performance.now();
      console.log(`- ${runtime}, ${words}`);
      /** @type {Map<string, string | undefined>} */
      const answers = new Map();
      const problems = [];
      try {
        await untilSilent((heard) =>
          host.run(place, ({ name, error }) => {
            answers.set(name, error);
            heard();
          }),
        );
      } catch (error) {
        problems.push(`${error instanceof Error ? error.message : error}\n${host.output()}`);
      }
      for (const name of NAMES) if (!answers.has(name)) problems.push(`no answer: ${name}`);
      for (const [name, error] of answers) if (error !== undefined) problems.push(`${name}\n${error}`);
      // A place that is unknown here does not count.
      const passed = NAMES.filter((name) => answers.has(name) && answers.get(name) === undefined).length;
      rows.push({ runtime, version: host.version(), place: words, tests: NAMES.length, passed, problems });
      console.log(`  ${passed} of ${NAMES.length} passed in ${elapsed(start)}`);
    }
  } finally {
    await host.stop();
  }
  return rows;
}

/** @param {(heard: () => void) => Promise<unknown>} run */
async function untilSilent(run) {
  /** @type {NodeJS.Timeout | undefined} */
  let silence;
  try {
    await new Promise((resolve, reject) => {
      const heard = () => {
        clearTimeout(silence);
        silence = setTimeout(() => reject(new Error(`silent for ${LONGEST_SILENCE_MS / 1000} s`)), LONGEST_SILENCE_MS);
      };
      heard();
      run(heard).then(resolve, reject);
    });
  } finally {
    clearTimeout(silence);
  }
}

/** @param {Row[]} rows */
function tableOf(rows) {
  const lines = [
    ['runtime', 'version', 'where', 'tests', 'passed'],
    ['---', '---', '---', '---:', '---:'],
    ...rows.map(({ runtime, version, place, tests, passed }) => [
      runtime,
      version,
      place,
      String(tests),
      String(passed),
    ]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** @param {string} table */
function writePage(table) {
  const file = inRoot(PAGE);
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Failure(`${PAGE} has no ${BEGIN} … ${END} for the table`);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n${table}\n${text.slice(end)}`);
  console.log(`\n${PAGE} has the table`);
}
