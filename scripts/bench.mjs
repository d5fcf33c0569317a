// `npm run bench`: the package beside its peers and what can be done by hand, in one run.
//
//   npm run bench                          all cases; writes docs/performance.json and the charts beside it
//   npm run bench -- --case replay         that case only, as often as it is named; writes nothing
//   npm run bench -- --rounds 9            so many rounds, instead of 5
//   npm run bench -- --quick               each case once, as small as it can be: fails when one is broken, never by a time
//
// What is measured is dist/, which is built first. The cases are those of benches/peers/cases; a contestant has a process of its
// own in each round, and they take turns. A ratio is formed within a round; what is printed are the medians of all rounds.

import { readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { runCase } from '../benches/peers/lib/run-case.mjs';
import { bars, curves } from './lib/bench-charts.mjs';
import { printAims, printCase } from './lib/bench-report.mjs';
import { buildPackage } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { ensurePeers } from './lib/peers.mjs';
import { ensurePython } from './lib/python.mjs';
import { quietly } from './lib/run.mjs';
import { setUpBuild } from './lib/setup.mjs';
import { step } from './lib/step.mjs';

const ROUNDS = 5;
const NATIVE = 'native';
/** In which they are run and shown; the rest comes behind. */
const ORDER = ['fan-out', 'http', 'objects', 'delay', 'broadcast', 'memory', 'listeners', 'replay', NATIVE, 'start', 'curves'];

await main(async () => {
  const { quick, rounds, names } = options();
  await buildPackage(await setUpBuild());
  process.env.ERIC_PEERS = await ensurePeers();
  process.env.ERIC_PYTHON = await ensurePython();
  if (names.includes(NATIVE)) {
    const profile = quick ? ['--profile', 'dev'] : [];
    await step('compiling the native benches', () => quietly('cargo', ['bench', '--no-run', '--manifest-path', inRoot('benches/native/Cargo.toml'), ...profile]));
  }

  const begun = new Date();
  /** @type {Awaited<ReturnType<typeof runCase>>[]} */
  const results = [];
  for (const name of names) {
    const bench = /** @type {import('../benches/peers/lib/case.mjs').Case} */ ((await import(`../benches/peers/cases/${name}.mjs`)).default);
    await step(bench.title, async () => {
      results.push(await runCase(name, bench, { quick, rounds: rounds ?? (quick ? 1 : (bench.rounds ?? ROUNDS)) }));
    });
  }
  if (quick) return console.log(`\n${results.length} cases ran, and what they delivered was right`);

  results.forEach(printCase);
  printAims(results);
  if (names.length < allNames().length) return;
  const machine = { system: `${os.type()} ${os.release()}`, processor: os.cpus()[0]?.model ?? '', processors: os.cpus().length, memory: os.totalmem() };
  writeFileSync(inRoot('docs/performance.json'), `${JSON.stringify({ date: begun.toISOString(), node: process.version, machine, cases: results }, null, 1)}\n`);
  writeFileSync(inRoot('docs/performance.svg'), bars(results));
  writeFileSync(inRoot('docs/performance-curves.svg'), curves(results));
  console.log('\ndocs/performance.json, docs/performance.svg and docs/performance-curves.svg are written');
});

function allNames() {
  const names = readdirSync(inRoot('benches/peers/cases')).map((file) => file.replace(/\.mjs$/, ''));
  return names.sort((a, b) => place(a) - place(b));
}

/** @param {string} name */
function place(name) {
  return ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length;
}

function options() {
  const { values } = parseArgs({ options: { case: { type: 'string', multiple: true }, rounds: { type: 'string' }, quick: { type: 'boolean' } } });
  const all = allNames();
  const unknown = values.case?.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Failure(`there is no case ${unknown}. There are: ${all.join(', ')}.`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) throw new Failure('--rounds takes a whole number, 1 or more.');
  return { quick: values.quick ?? false, rounds, names: all.filter((name) => values.case?.includes(name) ?? true) };
}
