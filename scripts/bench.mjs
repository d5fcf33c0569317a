// `npm run bench`: the package beside its peers and what can be done by hand, in one run.
//
//   npm run bench                          all cases; writes docs/performance.md and its charts
//   npm run bench -- --case replay         the named cases only; writes nothing
//   npm run bench -- --case replay --write ... and replaces their figures in docs/performance.json
//   npm run bench -- --rounds 9            9 rounds instead of 5
//   npm run bench -- --quick               each case once, as small as it can be; fails when one is
//                                          broken, never by a time
//   npm run bench -- --words               measures nothing: writes the pages with the figures of
//                                          the last run and the words of today's cases
//
// The build in dist/ is measured, which is made first. The cases are those of benches/peers/cases;
// a contestant has a process of its own in each round, and they take turns. A ratio is formed
// within a round; what is printed are the medians of all rounds.

import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { runCase } from '../benches/peers/lib/run-case.mjs';
import { figures, RESULTS, reworded, writePages } from './lib/bench-pages.mjs';
import { printAims, printCase } from './lib/bench-report.mjs';
import { buildPackage } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { ensurePeers } from './lib/peers.mjs';
import { ensurePython } from './lib/python.mjs';
import { quietly } from './lib/run.mjs';
import { setUpBuild } from './lib/setup.mjs';
import { step } from './lib/step.mjs';

/** @typedef {import('../benches/peers/lib/run-case.mjs').CaseResult} Result */

const ROUNDS = 5;
const NATIVE = 'native';
/** In which they are run and shown; the rest comes behind. */
const ORDER = [
  'fan-out',
  'http',
  'objects',
  'delay',
  'broadcast',
  'memory',
  'listeners',
  'replay',
  'decode',
  NATIVE,
  'start',
  'curves',
];

await main(async () => {
  const { quick, rounds, names, write, words } = options();
  if (words) {
    const { cases, ...rest } = figures();
    return writePages({ ...rest, cases: await Promise.all(cases.map(reworded)) });
  }
  await buildPackage(await setUpBuild());
  process.env.ERIC_PEERS = await ensurePeers();
  process.env.ERIC_PYTHON = await ensurePython();
  if (names.includes(NATIVE)) {
    const profile = quick ? ['--profile', 'dev'] : [];
    await step('compiling the native benches', () =>
      quietly('cargo', ['bench', '--no-run', '--manifest-path', inRoot('benches/native/Cargo.toml'), ...profile]),
    );
  }

  /** @type {Result[]} */
  const results = [];
  for (const name of names) {
    const bench = /** @type {import('../benches/peers/lib/case.mjs').Case} */ (
      (await import(`../benches/peers/cases/${name}.mjs`)).default
    );
    await step(bench.title, async () => {
      results.push(await runCase(name, bench, { quick, rounds: rounds ?? (quick ? 1 : (bench.rounds ?? ROUNDS)) }));
    });
  }
  if (quick) return console.log(`\n${results.length} cases ran, and what they delivered was right`);

  results.forEach(printCase);
  printAims(results);
  if (!write) return;
  const machine = {
    system: `${os.type()} ${os.release()}`,
    processor: os.cpus()[0]?.model ?? '',
    processors: os.cpus().length,
    memory: os.totalmem(),
  };
  const known = new Map([...former(), ...results].map((result) => [result.name, result]));
  const cases = allNames().flatMap((name) => known.get(name) ?? []);
  writePages({ node: process.version, machine, cases });
  console.log(
    '\nthe figures are written: README.md, and in docs/ performance.json, performance.md, performance.svg and performance-curves.svg',
  );
});

/** The figures measured before. @returns {Result[]} */
function former() {
  return existsSync(RESULTS) ? figures().cases : [];
}

function allNames() {
  const names = readdirSync(inRoot('benches/peers/cases')).map((file) => file.replace(/\.mjs$/, ''));
  return names.sort((a, b) => place(a) - place(b));
}

/** @param {string} name */
function place(name) {
  return ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length;
}

function options() {
  const { values } = parseArgs({
    options: {
      case: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      quick: { type: 'boolean' },
      write: { type: 'boolean' },
      words: { type: 'boolean' },
    },
  });
  const all = allNames();
  const unknown = values.case?.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Failure(`there is no case ${unknown}. There are: ${all.join(', ')}.`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Failure('--rounds takes a whole number, 1 or more.');
  return {
    quick: values.quick ?? false,
    rounds,
    names: all.filter((name) => values.case?.includes(name) ?? true),
    write: values.write ?? values.case === undefined,
    words: values.words ?? false,
  };
}
