// Serves the page of the tests of tabs, and events.

import { readFile } from 'node:fs/promises';
import { SSEChannel } from 'eric-sse';
import { served } from '../../js/lib/site.mjs';
import { TAB } from './tab.html.mjs';

/** A strict policy: no code from elsewhere, and no worker. */
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; connect-src 'self'; worker-src 'none'; frame-src 'self'; img-src data:";

/** @param {Record<string, (request: Request) => Response | Promise<Response>>} [more] answers by path */
export async function tabServer(more = {}) {
  const state = { channel: fresh(), requests: [] };
  const server = await served(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/') return html(TAB);
    if (pathname in more) return more[pathname](request);
    if (pathname === '/dist/client.js') {
      const script = await readFile(new URL('../../../dist/client.js', import.meta.url));
      return new Response(script, { headers: { 'Content-Type': 'text/javascript' } });
    }
    state.requests.push(request.headers.get('Last-Event-ID'));
    return state.channel.response(request);
  });
  return Object.assign(state, server, {
    /** Begins a test, with a channel of its own. */
    begin() {
      state.channel = fresh();
      state.requests = [];
    },
    send: (payload) => state.channel.broadcast({ type: 'n', payload }),
  });
}

const fresh = () => new SSEChannel({ retryTimeoutMilliseconds: 20, history: { messages: 100_000, bytes: 1e9 } });

/** @param {string} text */
export const html = (text) =>
  new Response(text, { headers: { 'Content-Type': 'text/html', 'Content-Security-Policy': POLICY } });
