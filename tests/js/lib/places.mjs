// Every place that the suite runs in: a host is a process or a browser, its places are where in it.

import { chromiumHost } from './chromium.mjs';
import { firefoxHost } from './firefox.mjs';
import { processHost } from './processes.mjs';
import { workerdHost } from './workerd.mjs';

/**
 * @typedef {object} Host
 * @property {(place: string, tell: (answer: import('./run.mjs').Answer) => void) => Promise<unknown>} run has the suite run in one of its places; settled when it has ended
 * @property {() => string} version of the runtime, once something has run
 * @property {() => string} output the output of the runtime
 * @property {() => Promise<unknown> | undefined} stop
 *
 * @typedef {object} HostKind
 * @property {string} name
 * @property {Record<string, string>} places their names in words
 * @property {() => Host} open
 */

const MODULES = { import: 'import', require: 'require' };
const WAYS = Object.keys(MODULES);

/** An executable that `scripts/lib/runtimes.mjs` or `scripts/lib/browser.mjs` has found. @param {string} variable */
function executable(variable) {
  const file = process.env[variable];
  if (!file)
    throw new Error(`${variable} names no executable: run this through \`npm test\` or \`npm run conformance\``);
  return file;
}

/** Deno's flags: they allow `node_modules`, and no lock file. */
export const DENO_FLAGS = ['run', '--quiet', '-A', '--no-lock', '--node-modules-dir=manual'];

/** @satisfies {Record<string, HostKind>} */
export const HOSTS = {
  node: {
    name: `Node ${process.versions.node.split('.')[0]}`,
    places: MODULES,
    open: () => processHost(process.execPath, [], WAYS),
  },
  node22: { name: 'Node 22', places: MODULES, open: () => processHost(executable('ERIC_NODE22'), [], WAYS) },
  node26: { name: 'Node 26', places: MODULES, open: () => processHost(executable('ERIC_NODE26'), [], WAYS) },
  deno: { name: 'Deno', places: MODULES, open: () => processHost(executable('ERIC_DENO'), DENO_FLAGS, WAYS) },
  bun: { name: 'Bun', places: MODULES, open: () => processHost(executable('ERIC_BUN'), ['run'], WAYS) },
  workerd: { name: 'workerd', places: { worker: 'a Worker', object: 'a Durable Object' }, open: workerdHost },
  chromium: {
    name: 'Chromium',
    places: {
      window: 'a window',
      worker: 'a dedicated worker',
      sharedWorker: 'a shared worker',
      serviceWorker: 'a service worker',
    },
    open: chromiumHost,
  },
  firefox: {
    name: 'Firefox',
    places: { window: 'a window', worker: 'a dedicated worker' },
    open: () => firefoxHost(executable('FIREFOX_BIN')),
  },
};
