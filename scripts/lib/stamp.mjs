// A stamp holds the hash of what an output was made from: while the inputs hash to the same, there
// is nothing to do. Hashes rather than times, because a checkout gives files new times without new
// contents, and old contents new times.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.mjs';

/**
 * A hash over files and folders, names included. A missing file counts as absent, which is a state
 * too.
 * @param {string[]} inputs paths from the root
 * @param {string} [extra] other inputs of the output, such as a tool's version
 */
export function hashOf(inputs, extra = '') {
  const hash = createHash('sha256').update(extra);
  for (const file of inputs.flatMap(filesUnder).sort()) hash.update(`\0${file}\0`).update(readFileSync(inRoot(file)));
  return hash.digest('hex');
}

/**
 * @param {string} input
 * @returns {string[]}
 */
function filesUnder(input) {
  const stats = statSync(inRoot(input), { throwIfNoEntry: false });
  if (!stats) return [];
  if (stats.isFile()) return [input];
  return readdirSync(inRoot(input)).flatMap((name) => filesUnder(path.join(input, name)));
}

/**
 * Runs `make` unless the stamp says that its output is of these inputs. A `make` that fails leaves
 * no stamp.
 * @param {string} stampFile
 * @param {string} hash
 * @param {() => Promise<void>} make
 */
export async function unlessFresh(stampFile, hash, make) {
  if (statSync(stampFile, { throwIfNoEntry: false }) && readFileSync(stampFile, 'utf8') === hash) return;
  rmSync(stampFile, { force: true });
  await make();
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
}
