// The page's service worker: answers `EventSource`, and everything else that the server side
// answers, without any server.
//
// The browser ends it when it has been idle, or whenever it likes. Its channel goes with it; the
// page's `EventSource`s reconnect, which starts it again with a new channel.

import * as eric from '/dist/index.js';
import { createHandler } from '/handler.mjs';

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

const options = { runtime: 'No server', base: '/sw', perSecond: 10 };

// #region shown
const handle = createHandler(eric, options);

worker.addEventListener('fetch', (event) => {
  if (isOurs(event.request.url)) event.respondWith(handle(event.request));
});
// #endregion

/**
 * Whether a request is for the channel in here; the others go to the network as if there were no
 * service worker.
 */
function isOurs(/** @type {string} */ url) {
  const { origin, pathname } = new URL(url);
  return origin === location.origin && pathname.startsWith('/sw/');
}

// A page that has just come, or was reloaded past the service worker, is taken over at once.
worker.addEventListener('install', () => void worker.skipWaiting());
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('message', (event) => {
  if (event.data === 'claim') event.waitUntil(worker.clients.claim());
});
