// Commands that cargo compiles: one on PATH if it is of the right version, else compiled once into
// the tools folder.

import path from 'node:path';
import { TOOLS } from './paths.mjs';
import { ask, isExecutable, quietly, which } from './run.mjs';
import { step } from './step.mjs';

/**
 * @typedef {object} Tool
 * @property {string} crate
 * @property {string} version the one to compile
 * @property {[string, ...string[]]} commands
 * @property {(version: string) => boolean} accepts whether one that is on PATH will do
 * @property {string[]} flags of `cargo install`
 * @property {string} takes how long compiling takes
 */

/**
 * @param {Tool} tool
 * @returns {Promise<string>} the folder that holds the commands
 */
export async function ensureTool({ crate, version, commands, accepts, flags, takes }) {
  // Named after the version, so that an upgrade never meets the previous one.
  const root = path.join(TOOLS, `${crate}-${version}`);
  const bin = path.join(root, 'bin');
  /** @param {string} folder */
  const isComplete = (folder) => commands.every((command) => isExecutable(path.join(folder, command)));
  if (isComplete(bin)) return bin;

  const onPath = which(commands[0]);
  if (onPath && isComplete(path.dirname(onPath))) {
    const found = ask(onPath, ['--version'])?.split(' ')[1];
    if (found && accepts(found)) return path.dirname(onPath);
  }
  await step(
    `compiling ${crate} ${version} into ${path.relative(process.cwd(), TOOLS) || '.'} (about ${takes}, this once)`,
    () => quietly('cargo', ['install', crate, '--version', version, '--root', root, ...flags]),
  );
  return bin;
}

/**
 * @param {string} version
 * @param {number[]} minimum
 */
export function isAtLeast(version, minimum) {
  const parts = version.split('.').map(Number);
  const differs = minimum.findIndex((part, i) => parts[i] !== part);
  return differs < 0 || (parts[differs] ?? 0) > (minimum[differs] ?? 0);
}
