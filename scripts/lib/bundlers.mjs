// The bundlers and runtimes that the packed package is tested with: a gigabyte, and nothing that a build needs. So they are a
// package of their own, which is installed when its tests run.

import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot, TOOLS } from './paths.mjs';
import { quietly } from './run.mjs';
import { hashOf } from './stamp.mjs';
import { step } from './step.mjs';

const MANIFEST = ['package.json', 'package-lock.json'];

/** @returns {Promise<string>} the folder that has their `node_modules` */
export async function ensureBundlers() {
  const inputs = MANIFEST.map((file) => `tests/bundlers/${file}`);
  const folder = path.join(TOOLS, `bundlers-${hashOf(inputs).slice(0, 12)}`);
  // Written last.
  const done = path.join(folder, 'installed');
  if (existsSync(done)) return folder;
  await step(`installing the bundlers into ${path.relative(process.cwd(), folder)} (about a minute, this once)`, async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    MANIFEST.forEach((file, i) => copyFileSync(inRoot(/** @type {string} */ (inputs[i])), path.join(folder, file)));
    // No install script is needed: each finds its binary in a package of the platform.
    await quietly('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']);
    writeFileSync(done, '');
  });
  return folder;
}
