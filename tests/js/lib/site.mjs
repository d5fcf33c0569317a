// The site of the browser's tests: the page, the suite's bundles, the built package, and an event
// stream, all served by Node through @hono/node-server on a loopback address.

import { readFile } from 'node:fs/promises';
import { serve } from '@hono/node-server';
import { SSEChannel } from 'eric-sse';
import { bundled } from './bundle.mjs';

/**
 * The window loads the package as it was built, file by file; the workers have it bundled, as
 * applications do.
 */
const PAGE = `<!doctype html><meta charset="utf-8"><title>eric-sse</title><link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "eric-sse": "/dist/index.js" } }</script>`;
/** For a browser with a driver, which tells the page what to do. */
const DRIVEN = '<script type="module" src="/window.js"></script>';
/** For a browser without one: the address says what to do. */
const UNDRIVEN = '<script type="module" src="/undriven.js"></script>';

/**
 * Serves a fetch handler. `drop` destroys all connections, as a server that crashes does.
 * @param {(request: Request, node: { outgoing: import('node:http').ServerResponse }) => Response | Promise<Response>} fetch
 * @returns {Promise<{ url: string, port: number, drop: () => void, connections: () => Promise<number>, close: () => Promise<void> }>}
 */
export async function served(fetch) {
  const server = await new Promise((resolve) => {
    const one = serve({ fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(one));
  });
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    drop: () => server.closeAllConnections(),
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {(told: { runtime: string, answer?: any, done?: boolean, problem?: string }) => void} [onTold] receives the messages of a page without a driver */
export async function openSite(onTold = () => {}) {
  const worker = { conditions: ['browser', 'import'] };
  const scripts = {
    '/window.js': await bundled('browser-window.mjs', { external: ['eric-sse'] }),
    '/undriven.js': await bundled('browser-undriven.mjs', { external: ['eric-sse'] }),
    '/worker.js': await bundled('browser-worker.mjs', worker),
    '/service-worker.js': await bundled('browser-service-worker.mjs', { ...worker, format: 'iife' }),
    '/answering-worker.js': await bundled('browser-answering.mjs', { ...worker, format: 'iife' }),
  };
  // Each test has a channel of its own, by name.
  const channels = new Map();
  const channel = (name) => {
    if (!channels.has(name)) channels.set(name, new SSEChannel({ retryTimeoutMilliseconds: 200 }));
    return channels.get(name);
  };
  /** The Last-Event-ID of each request for events. */
  const lastEventIds = [];

  const server = await served(async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/') return new Response(PAGE + DRIVEN, { headers: { 'Content-Type': 'text/html' } });
    if (pathname === '/undriven') return new Response(PAGE + UNDRIVEN, { headers: { 'Content-Type': 'text/html' } });
    // Paths that the service worker of this page does not answer.
    if (pathname === '/answering/') return new Response(PAGE + DRIVEN, { headers: { 'Content-Type': 'text/html' } });
    if (pathname.startsWith('/answering/')) return new Response('of the network');
    if (pathname === '/told') {
      onTold(await request.json());
      return new Response(null, { status: 204 });
    }
    if (pathname === '/events') {
      lastEventIds.push(request.headers.get('Last-Event-ID'));
      return channel(searchParams.get('channel')).response(request);
    }
    const script = scripts[pathname] ?? (await built(pathname));
    if (script === undefined) return new Response('not found', { status: 404 });
    return new Response(script, { headers: { 'Content-Type': 'text/javascript', 'Cache-Control': 'no-store' } });
  });
  return { ...server, channel, channels, lastEventIds };
}

/** @param {string} pathname */
async function built(pathname) {
  if (!/^\/dist\/[\w.-]+\.js$/.test(pathname)) return undefined;
  return readFile(new URL(`../../..${pathname}`, import.meta.url), 'utf8').catch(() => undefined);
}
