// The package as its users get it: packed, and installed into an empty project in a temporary
// folder.

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CASES = fileURLToPath(new URL('../cases/', import.meta.url));
const PACKAGE = 'eric-sse';

/** Without what `npm test` and `node --test` tell their children, which would be taken for ours. */
export const ENV = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(NODE_OPTIONS|NODE_PATH|NODE_TEST_CONTEXT|INIT_CWD|npm_(package|lifecycle|command|config_local_prefix).*)$/i.test(
        name,
      ),
  ),
);

/**
 * @typedef {object} Project
 * @property {string} folder
 * @property {string} tarball
 * @property {string} installed the package's folder in it
 * @property {(file: string, ...flags: string[]) => Promise<string>} node runs a file of the project, or flags alone
 * @property {() => void} remove
 */

/**
 * @param {string} [cases] the folder whose files the project has
 * @returns {Promise<Project>}
 */
export async function install(cases = CASES) {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'eric-sse-package-')));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const packed = path.join(folder, 'packed');
    const project = path.join(folder, 'project');
    mkdirSync(packed);
    // No scripts: what is packed is what has been built, and nothing is built in here.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', packed], ROOT);
    const [tarball, ...others] = readdirSync(packed);
    if (!tarball || others.length) throw new Error(`npm pack made ${[tarball, ...others].join(', ')}`);

    cpSync(cases, project, { recursive: true });
    writeFileSync(path.join(project, 'package.json'), JSON.stringify({ private: true }));
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', path.join(packed, tarball)], project);
    return {
      folder: project,
      tarball: path.join(packed, tarball),
      installed: path.join(project, 'node_modules', PACKAGE),
      node: (...args) => run(process.execPath, args, project),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * The paths of all files under a folder, from there, with slashes.
 * @param {string} folder
 */
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/**
 * Returns the output of a program. Output on standard error fails it, unless it
 * @returns {Promise<string>}
 */
function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env: ENV, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error || (stderr && command !== 'npm'))
        reject(new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}${error?.killed ? 'timed out' : ''}`));
      else resolve(stdout);
    });
  });
}
