// The page: starts the contexts, and hands the answers on to `tell`, which the launcher has put
// there.

import { runHere } from './browser-run.mjs';

const endings = new Map();
new BroadcastChannel('answers').addEventListener('message', ({ data: { runtime, answer, done, problem } }) => {
  if (answer) void globalThis.tell(runtime, answer);
  if (done) endings.get(runtime)?.(problem);
});

const STARTS = {
  window: () => runHere('window'),
  worker: () => new Worker('/worker.js', { type: 'module' }).postMessage('worker'),
  sharedWorker: () => new SharedWorker('/worker.js', { type: 'module' }).port.postMessage('sharedWorker'),
  serviceWorker: async () => (await installed()).postMessage('serviceWorker'),
};

/** Has a context run the suite. @param {keyof typeof STARTS} runtime @returns {Promise<string | undefined>} a problem */
export const runIn = (runtime) =>
  new Promise((resolve, reject) => {
    endings.set(runtime, resolve);
    Promise.resolve(STARTS[runtime]()).catch(reject);
  });

globalThis.runIn = runIn;

/** The service worker, in charge of this page. */
async function installed() {
  // Classic, not a module: what most service workers are, and what allows nothing to be awaited at
  // the top.
  await navigator.serviceWorker.register('/service-worker.js');
  const { active } = await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) =>
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }),
    );
  }
  return active;
}
globalThis.installed = installed;

/** Collects what an EventSource gets. @param {string} url @param {string[]} types */
globalThis.listen = (url, types) => {
  const source = new EventSource(url);
  const events = [];
  source.onopen = () => events.push({ type: '(open)' });
  source.onerror = () => events.push({ type: '(error)', state: source.readyState });
  for (const type of types)
    source.addEventListener(type, ({ data, lastEventId }) => events.push({ type, data, lastEventId }));
  return Object.assign(globalThis, { source, events }) && undefined;
};
