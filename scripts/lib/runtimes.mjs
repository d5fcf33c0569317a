// The runtimes that the tests run in besides this Node: each comes inside a package of the npm
// registry for its platform, and is kept with the compiled tools.

import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { Failure } from './failure.mjs';
import { TOOLS } from './paths.mjs';
import { isExecutable, quietly } from './run.mjs';
import { step } from './step.mjs';

/** @typedef {'node22' | 'node26' | 'deno' | 'bun'} Runtime */

/** Whether the C library is not glibc. */
const isMusl =
  process.platform === 'linux' && !(/** @type {any} */ (process.report.getReport()).header.glibcVersionRuntime);
const { platform, arch } = process;
const here = `${platform}-${arch}`;
const bunHere = `${platform === 'win32' ? 'windows' : platform}-${arch === 'arm64' ? 'aarch64' : arch}${isMusl ? '-musl' : ''}`;
const suffix = platform === 'win32' ? '.exe' : '';

/** @type {Record<Runtime, { version: string, of: string, executable: string }>} */
const RUNTIMES = {
  node22: { version: '22.23.3', of: `node-${here}`, executable: `bin/node${suffix}` },
  node26: { version: '26.9.0', of: `node-${here}`, executable: `bin/node${suffix}` },
  deno: { version: '2.9.6', of: `@deno/${here}${platform === 'linux' ? '-glibc' : ''}`, executable: `deno${suffix}` },
  bun: { version: '1.4.5', of: `@oven/bun-${bunHere}`, executable: `bin/bun${suffix}` },
};

/** The variable that hands a runtime's executable to the tests. @param {Runtime} runtime */
export const variableOf = (runtime) => `ERIC_${runtime.toUpperCase()}`;

/**
 * Installs the runtimes that are missing.
 * @returns {Promise<NodeJS.ProcessEnv>} the variables that name their executables
 */
export async function setUpRuntimes() {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const runtime of /** @type {Runtime[]} */ (Object.keys(RUNTIMES)))
    env[variableOf(runtime)] = await ensureRuntime(runtime);
  return { ...env, ...(await setUpOldChromium()) };
}

/**
 * The oldest browser that the package promises to work in. Later ones of before 115 refuse the
 * same.
 */
const OLD_CHROMIUM = { of: '@sparticuz/chromium', version: '109.0.6' };

/** Installs it where there is one for this platform. Elsewhere its tests say that it is missing. @returns {Promise<NodeJS.ProcessEnv>} */
async function setUpOldChromium() {
  if (here !== 'linux-x64' || isMusl) return {};
  const { of, version } = OLD_CHROMIUM;
  const folder = await installed('chromium109', of, version, `bin/chromium.br`);
  const file = path.join(folder, 'chromium');
  if (!isExecutable(file)) {
    const unpacked = `${file}.${process.pid}`;
    await pipeline(
      createReadStream(path.join(folder, 'node_modules', of, 'bin/chromium.br')),
      createBrotliDecompress(),
      createWriteStream(unpacked),
    );
    chmodSync(unpacked, 0o755);
    renameSync(unpacked, file);
  }
  return { ERIC_CHROMIUM109: file };
}

/** @param {Runtime} runtime */
async function ensureRuntime(runtime) {
  const { version, of, executable } = RUNTIMES[runtime];
  const folder = await installed(runtime, of, version, executable);
  const file = path.join(folder, 'node_modules', of, executable);
  if (!isExecutable(file)) throw new Failure(`${of} ${version} has no ${executable}.`);
  return file;
}

/**
 * Installs a package in a folder of its own, unless its file is there.
 * @param {string} name
 * @param {string} of
 * @param {string} version
 * @param {string} file in the package
 * @returns {Promise<string>} the folder
 */
async function installed(name, of, version, file) {
  const folder = path.join(TOOLS, `${name}-${version}`);
  if (existsSync(path.join(folder, 'node_modules', of, file))) return folder;
  mkdirSync(folder, { recursive: true });
  // A project of its own, so that npm does not look for one in the folders above.
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  await step(`installing ${of} ${version}`, () =>
    quietly(
      'npm',
      ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--no-save', `${of}@${version}`],
      { cwd: folder },
    ),
  ).catch((error) => {
    throw new Failure(`${error.message}\n\nThe tests in ${name} need ${of} ${version} from the npm registry.`);
  });
  return folder;
}
