// A folder for projects: the frameworks of a tool package, and the packed package beside them.

import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { install } from '../../package/lib/install.mjs';

/**
 * @typedef {object} Projects
 * @property {string} folder holds `node_modules`; projects are laid into folders below it
 * @property {(name: string) => string} versionOf the version of an installed package
 * @property {() => void} remove
 */

/**
 * The frameworks are installed once, the package anew: links to the former, or copies of them, and
 * a copy of the latter.
 * @param {string} packages a folder with the `node_modules` of the frameworks
 * @param {{ copy?: boolean }} [options] `copy` is for tools that refuse links to the outside
 * @returns {Promise<Projects>}
 */
export async function projects(packages, { copy = false } = {}) {
  return beside(path.join(packages, 'node_modules'), copy);
}

/** The packed package alone. @returns {Promise<Projects>} */
export const emptyProjects = () => beside(undefined, false);

/**
 * @param {string | undefined} from
 * @param {boolean} copy
 * @returns {Promise<Projects>}
 */
async function beside(from, copy) {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'eric-sse-hosts-')));
  const modules = path.join(folder, 'node_modules');
  const project = await install();
  try {
    if (from && copy) cpSync(from, modules, { recursive: true, verbatimSymlinks: true });
    cpSync(project.installed, path.join(modules, 'eric-sse'), { recursive: true });
    if (from && !copy)
      for (const name of readdirSync(from))
        if (!name.startsWith('.') || name === '.bin')
          symlinkSync(path.join(from, name), path.join(modules, name), 'junction');
  } finally {
    project.remove();
  }
  return {
    folder,
    versionOf: (name) => JSON.parse(readFileSync(path.join(modules, name, 'package.json'), 'utf8')).version,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
