// `npm run fuzz`: every fuzz target for a minute. `npm run fuzz -- encoder --seconds 600`: one of
// them for ten.
//
// Findings of a target are kept in fuzz/corpus/, and its next run goes on there. With `--empty`, a
// target begins without them and without its seeds, and its findings are not kept. A machine that
// cannot fuzz gets a message that says so, and that alone is no failure.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main } from './lib/failure.mjs';
import { CannotFuzz, fuzzToolsEnv } from './lib/fuzz-tools.mjs';
import { inRoot } from './lib/paths.mjs';
import { quietly, streamed } from './lib/run.mjs';
import { requireCargo } from './lib/rust.mjs';
import { step } from './lib/step.mjs';

const TARGETS = ['decoder', 'encoder', 'last_event_id', 'request'];

// No sanitizer: the crate has no unsafe code, and a stable compiler has none. Comparisons are not
// traced: that makes targets three times as slow, and what is worth comparing with stands in the
// dictionaries.
const BUILD = ['--sanitizer', 'none', '--no-trace-compares'];

// Longer inputs are slower and find nothing more.
const LONGEST = 256;
const HANG_SECONDS = 10;
const EXECUTIONS = /^stat::number_of_executed_units:\s*(\d+)$/m;

await main(async () => {
  const { targets, seconds, isEmpty } = asked();
  requireCargo();
  let env;
  try {
    env = await fuzzToolsEnv();
  } catch (error) {
    if (!(error instanceof CannotFuzz)) throw error;
    console.log(`the fuzz targets were left out: ${error.message}`);
    return;
  }
  await step('building the fuzz targets (about a minute at first)', () =>
    quietly('cargo', ['fuzz', 'build', ...BUILD], { env }),
  );

  const failed = [];
  for (const target of targets) {
    const executions = await fuzz(target, { seconds, isEmpty, env });
    if (executions === undefined) failed.push(target);
    else console.log(`  ${target}: ${executions.toLocaleString('en')} executions`);
  }
  if (failed.length) throw new Failure(`failed: ${failed.join('; ')}`);
});

function asked() {
  const { values, positionals } = options();
  const unknown = positionals.filter((target) => !TARGETS.includes(target));
  if (unknown.length) throw new Failure(`no such target: ${unknown.join(', ')}. There are: ${TARGETS.join(', ')}.`);
  if (!/^[1-9]\d*$/.test(values.seconds)) throw new Failure('--seconds takes a whole number from 1 on');
  return {
    targets: positionals.length ? positionals : TARGETS,
    seconds: Number(values.seconds),
    isEmpty: values.empty,
  };
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { seconds: { type: 'string', default: '60' }, empty: { type: 'boolean', default: false } },
    });
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string} target
 * @param {{ seconds: number, isEmpty: boolean, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number | undefined>} how often the target was executed; undefined when it failed, which was printed
 */
async function fuzz(target, { seconds, isEmpty, env }) {
  const kept = `fuzz/corpus/${target}`;
  const corpus = isEmpty ? mkdtempSync(path.join(os.tmpdir(), 'eric-sse-corpus-')) : kept;
  mkdirSync(inRoot(kept), { recursive: true });
  const limits = [`-max_total_time=${seconds}`, `-max_len=${LONGEST}`, `-timeout=${HANG_SECONDS}`];
  const output = ['-verbosity=0', '-print_final_stats=1'];
  // The first folder is the one that is added to.
  const args = [
    'fuzz',
    'run',
    ...BUILD,
    target,
    corpus,
    ...(isEmpty ? [] : [`fuzz/seeds/${target}`]),
    '--',
    ...limits,
    ...output,
    `-dict=fuzz/${target}.dict`,
  ];
  let printed = '';
  const ending = await step(`fuzzing ${target} for ${seconds} s`, () =>
    streamed('cargo', args, { env, onOutput: (text) => void (printed += text), echo: false }),
  );
  if (isEmpty) rmSync(corpus, { recursive: true });
  const executions = EXECUTIONS.exec(printed)?.[1];
  if (ending.ok && executions) return Number(executions);
  console.error(printed);
  console.error(`${target}: ${ending.ok ? 'did not say how often it was executed' : ending.why}`);
  return undefined;
}
