// The Rust toolchain: found, and completed with the wasm target and, for the checks, rustfmt and
// clippy.

import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { ask, quietly, which } from './run.mjs';
import { step } from './step.mjs';

export const WASM_TARGET = 'wasm32-unknown-unknown';

/**
 * Makes `cargo` runnable: a shell that was open while rustup was installed does not have it on PATH
 * yet.
 */
export function requireCargo() {
  if (which('cargo')) return;
  const bin = path.join(process.env.CARGO_HOME || path.join(os.homedir(), '.cargo'), 'bin');
  if (!which('cargo', bin)) throw new Failure('Rust is missing: install it with rustup, then run this again.');
  process.env.PATH = `${bin}${path.delimiter}${process.env.PATH}`;
}

export async function ensureWasmTarget() {
  const folder = ask('rustc', ['--print', 'target-libdir', '--target', WASM_TARGET]);
  if (folder && existsSync(folder)) return;
  requireRustup(`the Rust target ${WASM_TARGET}`);
  await step(`adding the Rust target ${WASM_TARGET}`, () => quietly('rustup', ['target', 'add', WASM_TARGET]));
}

export async function ensureLinters() {
  for (const [component, command] of [
    ['rustfmt', 'fmt'],
    ['clippy', 'clippy'],
  ]) {
    if (ask('cargo', [String(command), '--version'])) continue;
    requireRustup(component);
    await step(`adding the Rust component ${component}`, () =>
      quietly('rustup', ['component', 'add', String(component)]),
    );
  }
}

/** @param {string | undefined} what */
function requireRustup(what) {
  if (!which('rustup'))
    throw new Failure(
      `${what} is missing and rustup is not there to add it: install it the way Rust was installed, then run this again.`,
    );
}
