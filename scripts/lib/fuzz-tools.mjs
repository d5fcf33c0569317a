// The needs of fuzzing: cargo-fuzz, a C++ compiler for libFuzzer, and a Rust compiler that can
// count the reached branches.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureTool, isAtLeast } from './cargo-tools.mjs';
import { Failure } from './failure.mjs';
import { ask } from './run.mjs';

const CARGO_FUZZ_VERSION = '0.13.2';
const CARGO_FUZZ_MINIMUM = [0, 12];

/** Fuzzing is not possible on this machine: the message says why. */
export class CannotFuzz extends Error {}

/**
 * The environment in which `cargo fuzz` runs.
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function fuzzToolsEnv() {
  const compiler = process.env.CXX || 'c++';
  // CXX may hold flags as well.
  if (!ask(compiler.split(' ')[0] ?? compiler, ['--version']))
    throw new CannotFuzz(`libFuzzer needs a C++ compiler, and \`${compiler}\` does not run`);
  if (!countsWhatIsReached()) throw new CannotFuzz('this Rust compiler cannot instrument programs for libFuzzer');
  return { ...process.env, PATH: [await ensureCargoFuzz(), process.env.PATH].join(path.delimiter) };
}

async function ensureCargoFuzz() {
  try {
    return await ensureTool({
      crate: 'cargo-fuzz',
      version: CARGO_FUZZ_VERSION,
      commands: ['cargo-fuzz'],
      accepts: (version) => isAtLeast(version, CARGO_FUZZ_MINIMUM),
      flags: ['--locked'],
      takes: 'two minutes',
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\n${error.message}\n`);
    throw new CannotFuzz('cargo-fuzz could not be compiled');
  }
}

/**
 * Tries the pass that cargo-fuzz asks of the compiler. A stable one has it, as long as LLVM is what
 * it compiles with.
 */
function countsWhatIsReached() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'eric-sse-fuzz-'));
  try {
    const file = path.join(folder, 'empty.rs');
    writeFileSync(file, '');
    const flags = ['-Cpasses=sancov-module', '-Cllvm-args=-sanitizer-coverage-level=4'];
    return ask('rustc', [file, '--crate-type=lib', '--out-dir', folder, ...flags]) !== undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
