// The command `eric`, and the load for socket servers, compiled.

import { Failure } from './failure.mjs';
import { inRoot } from './paths.mjs';
import { quietly } from './run.mjs';
import { step } from './step.mjs';

/**
 * @param {'dev' | 'release'} [profile]
 * @returns {Promise<string>} the executable
 */
export function buildEric(profile = 'dev') {
  return build(`the command eric${profile === 'release' ? ', optimised' : ''}`, [
    '--bin',
    'eric',
    '--profile',
    profile,
  ]);
}

/** @returns {Promise<string>} the executable of benches/socket, a client that puts servers under load */
export function buildLoad() {
  return build('the load', [
    '--bin',
    'socket-load',
    '--release',
    '--manifest-path',
    inRoot('benches/socket/Cargo.toml'),
  ]);
}

/**
 * @param {string} what
 * @param {string[]} args
 */
async function build(what, args) {
  const output = await step(`compiling ${what}`, () =>
    quietly('cargo', ['build', ...args, '--message-format', 'json-render-diagnostics']),
  );
  // Cargo says where it is: users move the folder.
  for (const line of output.split('\n')) {
    if (!line.startsWith('{')) continue;
    const { executable, target } = JSON.parse(line);
    if (executable && args.includes(target.name)) return executable;
  }
  throw new Failure(`cargo has not said where ${what} is.`);
}
