// Packages of their own, with what nothing but some tests or benches need: installed beside the
// tools, when those run.

import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot, TOOLS } from './paths.mjs';
import { quietly } from './run.mjs';
import { hashOf } from './stamp.mjs';
import { step } from './step.mjs';

const MANIFEST = ['package.json', 'package-lock.json'];

/**
 * Installs what a folder's manifest names, unless it is there.
 *
 * @param {string} name
 * @param {string} source the folder, from the root
 * @param {{ last: string, text?: string, hint?: string }} options `last` is the file that is written last, with `text`
 * @returns {Promise<string>} the folder that has their `node_modules`
 */
export async function ensurePackage(name, source, { last, text = '', hint = '' }) {
  const inputs = MANIFEST.map((file) => `${source}/${file}`);
  const folder = path.join(TOOLS, `${name}-${hashOf(inputs).slice(0, 12)}`);
  const done = path.join(folder, last);
  if (existsSync(done)) return folder;
  await step(`installing the ${name} into ${path.relative(process.cwd(), folder)}${hint}`, async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    MANIFEST.forEach((file, i) => copyFileSync(inRoot(/** @type {string} */ (inputs[i])), path.join(folder, file)));
    // No install script is needed: each finds its binary in a package of the platform.
    await quietly('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']);
    writeFileSync(done, text);
  });
  return folder;
}
