// Where the tests run. A place is one runtime, or one promise of the package that needs a runner of
// its own.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from './paths.mjs';
import { tallyOfLibtest, tallyOfNode } from './tally.mjs';

/**
 * @typedef {object} Stage
 * @property {string} place
 * @property {string} [file] the file, or the folder of files, that has to exist
 * @property {boolean} [needsPackage] dist/ has to be built
 * @property {boolean} [needsBrowser]
 * @property {boolean} [needsRuntimes] other Nodes, Deno, Bun and Firefox have to be there
 * @property {boolean} [needsEric] the command has to be compiled
 * @property {boolean} [needsPython] the Python package has to be there
 * @property {boolean} [needsBundlers] the bundlers and the other runtimes have to be there
 * @property {boolean} [needsHosts] the frameworks of the recipes have to be there
 * @property {number} minutes after which it counts as hanging
 * @property {(env: NodeJS.ProcessEnv, folder: string) => Command} command for an environment and a temporary folder
 *
 * @typedef {object} Command
 * @property {string} command
 * @property {string[]} args
 * @property {NodeJS.ProcessEnv} [env] beyond the environment given
 * @property {boolean} [readsOutput] whether `tally` counts by the output
 * @property {(output: string) => import('./tally.mjs').Tally} tally
 */

/** @type {Stage[]} */
export const STAGES = [
  node('house', 'tests/house', { needsPackage: false, minutes: 1 }),
  {
    place: 'rust',
    minutes: 20,
    command: () => ({
      command: 'cargo',
      args: ['test', '--no-fail-fast', '--features', 'client'],
      readsOutput: true,
      tally: tallyOfLibtest,
    }),
  },
  {
    place: 'rust-client',
    file: 'examples/reqwest/tests',
    minutes: 10,
    command: () => ({
      command: 'cargo',
      args: ['test', '--no-fail-fast', '--manifest-path', 'examples/reqwest/Cargo.toml'],
      readsOutput: true,
      tally: tallyOfLibtest,
    }),
  },
  {
    place: 'rust-fetch',
    file: 'examples/fetch/tests',
    minutes: 10,
    command: () => ({
      command: 'wasm-pack',
      args: ['test', '--mode', 'no-install', '--node', 'examples/fetch'],
      readsOutput: true,
      tally: tallyOfLibtest,
    }),
  },
  wasm('wasm-window', 'wasm_window'),
  wasm('wasm-worker', 'wasm_worker'),
  node('node', 'tests/js/node.test.mjs'),
  node('to-node', 'tests/to-node'),
  node('workerd', 'tests/js/workerd.test.mjs'),
  node('browser-worker', 'tests/js/browser.test.mjs', { needsBrowser: true }),
  node('service-worker', 'tests/service-worker/service-worker.test.mjs', { needsBrowser: true }),
  node('runtimes', 'tests/runtimes', { needsRuntimes: true, minutes: 15 }),
  node('types', 'tests/types/types.test.mjs'),
  node('page', 'tests/page/page.test.mjs', { needsBrowser: true, minutes: 10 }),
  node('readme', 'tests/readme', { needsBrowser: true, minutes: 10 }),
  node('docs', 'tests/docs/site.test.mjs', { needsBrowser: true, minutes: 10 }),
  node('package', 'tests/package', { needsBrowser: true, minutes: 10 }),
  node('testing', 'tests/testing/testing.test.mjs'),
  node('bundlers', 'tests/bundlers/bundlers.test.mjs', { needsBrowser: true, needsBundlers: true, minutes: 20 }),
  node('hosts', 'tests/hosts/hosts.test.mjs', { needsHosts: true, minutes: 10 }),
  node('soak', 'tests/soak', { flags: ['--expose-gc'], minutes: 10 }),
  node('guarantees', 'tests/guarantees', { needsBrowser: true, minutes: 15 }),
  node('multiplex', 'tests/multiplex', { needsBrowser: true, minutes: 5 }),
  node('client', 'tests/client', { needsBrowser: true, needsRuntimes: true, minutes: 10 }),
  node('clients', 'tests/clients', { needsBrowser: true, minutes: 10 }),
  node('cloudflare', 'tests/cloudflare', { minutes: 15 }),
  node('backend', 'tests/backend', { needsRuntimes: true, minutes: 10 }),
  node('socket', 'tests/socket', { needsEric: true }),
  node('python', 'tests/python/python.test.mjs', { needsEric: true, needsPython: true, minutes: 10 }),
];

/**
 * Rust tests in headless Chrome.
 * @param {string} place
 * @param {string} target
 * @returns {Stage}
 */
function wasm(place, target) {
  return {
    place,
    file: `tests/${target}.rs`,
    needsBrowser: true,
    minutes: 15,
    command: (env, folder) => ({
      command: 'wasm-pack',
      args: [
        'test',
        '--mode',
        'no-install',
        '--headless',
        '--chrome',
        '--chromedriver',
        String(env.CHROMEDRIVER),
        '.',
        '--features',
        'npm,client',
        '--test',
        target,
      ],
      env: {
        WASM_BINDGEN_TEST_WEBDRIVER_JSON: capabilitiesFor(String(env.CHROME_BIN), folder),
        // In seconds. The runner's own 20 include the start of the browser, which a busy machine
        // can use up alone.
        WASM_BINDGEN_TEST_TIMEOUT: '120',
      },
      readsOutput: true,
      tally: tallyOfLibtest,
    }),
  };
}

/**
 * A file of `node:test` tests, or a folder of them.
 * @param {string} place
 * @param {string} file
 * @param {{ flags?: string[] } & Partial<Stage>} [options]
 * @returns {Stage}
 */
function node(place, file, { flags = [], minutes = 5, ...needs } = {}) {
  return {
    place,
    file,
    needsPackage: true,
    minutes,
    ...needs,
    command: (_env, folder) => {
      const counted = path.join(folder, `${place}.tally`);
      return {
        command: process.execPath,
        args: [
          '--test',
          ...flags,
          '--test-reporter=spec',
          '--test-reporter-destination=stdout',
          `--test-reporter=${inRoot('scripts/lib/tally-reporter.mjs')}`,
          `--test-reporter-destination=${counted}`,
          ...testsIn(file),
        ],
        tally: () => tallyOfNode(counted),
      };
    },
  };
}

/** Named one by one: what Node makes of a folder has changed with its versions. @param {string} file */
function testsIn(file) {
  if (file.endsWith('.mjs')) return [file];
  const names = readdirSync(inRoot(file)).filter((name) => name.endsWith('.test.mjs'));
  return names.sort().map((name) => `${file}/${name}`);
}

/**
 * webdriver.json with the browser named: chromedriver would otherwise choose one by itself.
 * @param {string} chrome
 * @param {string} folder
 */
function capabilitiesFor(chrome, folder) {
  const capabilities = JSON.parse(readFileSync(inRoot('webdriver.json'), 'utf8'));
  capabilities['goog:chromeOptions'].binary = chrome;
  const file = path.join(folder, 'webdriver.json');
  writeFileSync(file, JSON.stringify(capabilities));
  return file;
}
