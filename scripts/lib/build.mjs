// The whole build. Each half is skipped while what it is made from has not changed.

import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bundle } from './bundle.mjs';
import { buildDeclarations } from './declarations.mjs';
import { writeNotices } from './notices.mjs';
import { DIST } from './paths.mjs';
import { hashOf, unlessFresh } from './stamp.mjs';
import { step } from './step.mjs';
import { buildWasm } from './wasm.mjs';

/**
 * Published name -> module under js/, without extensions. Entries that stand `alone` share no class
 * with the others.
 * @typedef {{ esm: Record<string, string>, alone: Record<string, string>, cjs: Record<string, string> }} Entries
 */

const EVERYWHERE = { index: 'entries/inline', slim: 'entries/slim' };
const ALONE = {
  node: 'entries/node',
  'service-worker': 'entries/service-worker',
  multiplex: 'entries/multiplex',
  client: 'entries/client',
  testing: 'entries/testing',
};

/** Of backends: programs that need them are ES modules. */
const BACKENDS = { sqlite: 'entries/sqlite', 'backend-testing': 'entries/backend-testing' };

/** @type {Entries} */
const ENTRIES = {
  esm: {
    ...EVERYWHERE,
    workerd: 'entries/workerd',
    'edge-light': 'entries/edge-light',
    cloudflare: 'entries/cloudflare',
    backend: 'entries/backend',
  },
  alone: { ...ALONE, ...BACKENDS },
  cjs: { ...EVERYWHERE, ...ALONE },
};

const INPUTS = ['js', 'pkg', 'Cargo.lock', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/lib'];

/** @param {NodeJS.ProcessEnv} env from `setUpBuild` */
export async function buildPackage(env) {
  await buildWasm(env);
  await unlessFresh(path.join(DIST, '.stamp'), hashOf(INPUTS), async () => {
    rmSync(DIST, { recursive: true, force: true });
    mkdirSync(DIST);
    await step('checking the types and making the declarations', () => buildDeclarations(ENTRIES));
    await step('bundling the entries', () => bundle(ENTRIES));
    await writeNotices(env);
  });
}
