// A service worker: runs the suite, and answers an EventSource without any server.

import * as eric from 'eric-sse';
import { runHere } from './browser-run.mjs';

const channel = new eric.SSEChannel();

globalThis.addEventListener('install', () => globalThis.skipWaiting());
globalThis.addEventListener('activate', (event) => event.waitUntil(globalThis.clients.claim()));
globalThis.addEventListener('message', (event) => event.waitUntil(runHere(event.data)));
globalThis.addEventListener('fetch', (event) => {
  const { pathname, searchParams } = new URL(event.request.url);
  if (pathname === '/in-worker/events') event.respondWith(channel.response(event.request));
  if (pathname === '/in-worker/publish') {
    channel.broadcast({ type: 'news', payload: searchParams.get('payload') });
    event.respondWith(Response.json(channel.listenerCount));
  }
  if (pathname === '/in-worker/count') event.respondWith(Response.json(channel.listenerCount));
});
