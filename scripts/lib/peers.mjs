// The packages that ours is measured beside: a package of their own, installed when they are.

import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot, TOOLS } from './paths.mjs';
import { quietly } from './run.mjs';
import { hashOf } from './stamp.mjs';
import { step } from './step.mjs';

const MANIFEST = ['package.json', 'package-lock.json'];

/** @returns {Promise<string>} the folder that has their `node_modules`, and a module `load.mjs` which imports them as their users do */
export async function ensurePeers() {
  const inputs = MANIFEST.map((file) => `benches/peers/${file}`);
  const folder = path.join(TOOLS, `peers-${hashOf(inputs).slice(0, 12)}`);
  // Written last.
  const done = path.join(folder, 'load.mjs');
  if (existsSync(done)) return folder;
  await step(`installing the peers into ${path.relative(process.cwd(), folder)}`, async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    MANIFEST.forEach((file, i) => copyFileSync(inRoot(/** @type {string} */ (inputs[i])), path.join(folder, file)));
    await quietly('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']);
    writeFileSync(done, 'export const load = (name) => import(name);\n');
  });
  return folder;
}
