// A recipe as an application of a framework: in a folder beside the framework's packages, because
// bundlers follow no link out of the folder that they think the project is in.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setUpRuntimes } from '../../../scripts/lib/runtimes.mjs';
import { ensurePackage } from '../../../scripts/lib/tool-package.mjs';
import { ENV, install } from '../../package/lib/install.mjs';
import { start } from './host.mjs';
import { recipes } from './recipes.mjs';

/** What frameworks are told so that they ask nothing, report nothing and print plain text. */
const QUIET = {
  CI: '1',
  NO_COLOR: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
};
const LONGEST_BUILD_MS = 5 * 60_000;
/** Lines that only tell of a busy machine, of our own settings, or how to see more. */
const ASIDE = /PLUGIN_TIMINGS|--trace-warnings|'NO_COLOR' env is ignored/;
/** A first request in development compiles what it asks for. */
const LONGEST_START_SECONDS = 120;

/**
 * @typedef {object} Application
 * @property {string} nodeVersion the version of the Node that runs it
 * @property {(name: string) => string} versionOf the version of an installed package
 * @property {(command: string[], prints?: RegExp) => Promise<void>} build runs a command of the
 *   framework to its end, which warns of nothing except lines such as `prints`
 * @property {(command: string[]) => Promise<Host>} develop starts a server for development
 * @property {(command: string[], env?: NodeJS.ProcessEnv) => Promise<Host>} produce starts a server
 *   of what was built
 * @property {(file: string, change: (text: string) => string) => void} edit changes a file
 *
 * @typedef {import('./host.mjs').Host} Host
 */

/**
 * Lays a recipe out. A command begins with a file of the application, or of an installed package.
 * @param {string} name that of the recipe, and of the folder with the framework's lock file
 * @returns {Promise<Application & { remove: () => void }>}
 */
export async function application(name) {
  const { ERIC_NODE22: node = '' } = await setUpRuntimes();
  const packages = await ensurePackage(`host-${name}`, `tests/hosts/slow/${name}`, { last: 'installed' });
  const folder = mkdtempSync(path.join(packages, 'run-'));
  const write = (file, text) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  const project = await install();
  cpSync(project.installed, path.join(folder, 'node_modules/eric-sse'), { recursive: true });
  project.remove();
  // Some frameworks install what the manifest of the application does not name.
  const { devDependencies: dependencies } = JSON.parse(readFileSync(path.join(packages, 'package.json'), 'utf8'));
  write('package.json', JSON.stringify({ private: true, type: 'module', dependencies }));
  for (const [file, text] of recipes().get(name) ?? []) write(file, text);

  const installed = (file) => path.join(packages, 'node_modules', file);
  const resolved = ([file = '', ...args]) => [existsSync(path.join(folder, file)) ? file : installed(file), ...args];
  const command = (args, env) =>
    start(folder, [node, ...resolved(args)], { env: { ...QUIET, ...env }, seconds: LONGEST_START_SECONDS });
  return {
    nodeVersion: /node22-([\d.]+)/.exec(node)?.[1] ?? '',
    versionOf: (one) => JSON.parse(readFileSync(installed(`${one}/package.json`), 'utf8')).version,
    async build(args, prints) {
      const output = await run(node, resolved(args), folder);
      const warnings = output
        .split('\n')
        .filter((line) => /\bwarn|deprecat|⚠/i.test(line) && !ASIDE.test(line) && !prints?.test(line));
      assert.deepEqual(warnings, [], output);
    },
    develop: (args) => command(args, { NODE_ENV: 'development' }),
    produce: (args, env) => command(args, { NODE_ENV: 'production', ...env }),
    // Replaced at once: a server that evaluates the file meanwhile must not find it empty.
    edit(file, change) {
      write(`${file}.edited`, change(readFileSync(path.join(folder, file), 'utf8')));
      renameSync(path.join(folder, `${file}.edited`), path.join(folder, file));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<string>}
 */
function run(program, args, cwd) {
  const env = { ...ENV, ...QUIET, NODE_ENV: 'production' };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env, timeout: LONGEST_BUILD_MS }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.join(' ')}\n${stdout}${stderr}${error.killed ? 'timed out' : ''}`));
      else resolve(stdout + stderr);
    });
  });
}
