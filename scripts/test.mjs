// `npm test`, or `npm test -- rust node` for some places only.
//
// Sets up and builds what the places need, runs them one after another with their runners' own
// output, and ends with a table and a line `N passed, N failed`. A place that ran no test has
// failed.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildPackage } from './lib/build.mjs';
import { ensureBundlers, ensureHosts } from './lib/bundlers.mjs';
import { buildEric } from './lib/eric.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/paths.mjs';
import { ensurePython } from './lib/python.mjs';
import { streamed } from './lib/run.mjs';
import { setUpRuntimes } from './lib/runtimes.mjs';
import { setUpBrowser, setUpBuild, setUpFirefox } from './lib/setup.mjs';
import { STAGES } from './lib/stages.mjs';

/**
 * @typedef {import('./lib/stages.mjs').Stage} Stage
 * @typedef {{ place: string, passed: number, failed: number, seconds: number }} Result
 */

await main(async () => {
  const stages = chosen(process.argv.slice(2));
  const env = await setUp(stages);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-test-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  /** @type {Result[]} */
  const results = [];
  for (const stage of stages) results.push(await run(stage, env, folder));
  report(results);
});

/** @param {string[]} places */
function chosen(places) {
  const unknown = places.filter((place) => !STAGES.some((stage) => stage.place === place));
  if (unknown.length)
    throw new Failure(
      `no such place: ${unknown.join(', ')}. There are: ${STAGES.map(({ place }) => place).join(', ')}.`,
    );
  return places.length ? STAGES.filter(({ place }) => places.includes(place)) : STAGES;
}

/** @param {Stage[]} stages */
async function setUp(stages) {
  const env = { ...(await setUpBuild()), ...(stages.some((stage) => stage.needsBrowser) ? await setUpBrowser() : {}) };
  if (stages.some((stage) => stage.needsRuntimes)) Object.assign(env, await setUpFirefox(), await setUpRuntimes());
  if (stages.some((stage) => stage.needsPackage)) await buildPackage(env);
  if (stages.some((stage) => stage.needsPython)) await ensurePython();
  if (stages.some((stage) => stage.needsBundlers))
    Object.assign(env, await setUpRuntimes(), { ERIC_BUNDLERS: await ensureBundlers() });
  if (stages.some((stage) => stage.needsHosts)) Object.assign(env, { ERIC_HOSTS: await ensureHosts() });
  if (stages.some((stage) => stage.needsEric)) await buildEric();
  return env;
}

/**
 * @param {Stage} stage
 * @param {NodeJS.ProcessEnv} env
 * @param {string} folder for temporary files
 * @returns {Promise<Result>}
 */
async function run({ place, file, minutes, command }, env, folder) {
  console.log(`\n=== ${place} ===\n`);
  const start = performance.now();
  /** @param {import('./lib/tally.mjs').Tally} tally */
  const result = ({ passed, failed }) => ({ place, passed, failed, seconds: (performance.now() - start) / 1000 });
  if (file && !existsSync(inRoot(file))) {
    console.error(`${place}: ${file} is missing`);
    return result({ passed: 0, failed: 1 });
  }

  const { command: program, args, env: more, readsOutput, tally } = command(env, folder);
  let output = '';
  const onOutput = readsOutput ? (/** @type {string} */ text) => void (output += text) : undefined;
  const ending = await streamed(program, args, { env: { ...env, ...more }, onOutput, timeoutSeconds: minutes * 60 });
  const { passed, failed } = tally(output);

  const problem = ending.ok ? (passed + failed === 0 ? 'ran no test' : undefined) : ending.why;
  if (problem) console.error(`\n${place}: ${problem}`);
  // A runner that failed without naming a test (a compile error, a crash, a hang) is a failure too.
  return result({ passed, failed: problem ? Math.max(failed, 1) : failed });
}

/** @param {Result[]} results */
function report(results) {
  const rows = [
    ['place', 'passed', 'failed', 'seconds'],
    ...results.map(({ place, passed, failed, seconds }) => [place, String(passed), String(failed), seconds.toFixed(1)]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  console.log('');
  for (const [place = '', ...numbers] of rows) {
    console.log(
      [place.padEnd(widths[0] ?? 0), ...numbers.map((number, i) => number.padStart(widths[i + 1] ?? 0))].join(' | '),
    );
  }

  /** @param {'passed' | 'failed'} what */
  const sum = (what) => results.reduce((total, result) => total + result[what], 0);
  if (sum('failed') > 0) process.exitCode = 1;
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
}
