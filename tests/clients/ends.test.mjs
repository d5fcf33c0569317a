// What a client does after the end of a response, and after a status that is not 200; and what it
// makes of an event of the type `error`. The table of docs/reference/clients.md has the same.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { launchBrowser } from '../browser.mjs';
import { CLIENTS } from './lib/clients.mjs';

/** Longer than the reconnection time of any of them, which is 1 second after a status. */
const WAIT_MS = 4_000;

/** @type {Awaited<ReturnType<typeof launchBrowser>>} */
let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

/** @type {import('./lib/clients.mjs').Open} */
function chromium(url, tell, onError = () => {}) {
  const opened = (async () => {
    const page = await browser.newPage();
    await page.exposeFunction('tell', tell);
    await page.exposeFunction('failed', onError);
    await page.goto(new URL('/page', url).href);
    await page.evaluate((address) => {
      const source = new EventSource(address);
      source.addEventListener('n', ({ type, data }) => globalThis.tell(type, data));
      source.onmessage = ({ type, data }) => globalThis.tell(type, data);
      source.onerror = () => globalThis.failed();
    }, url);
    return page;
  })();
  return () => void opened.then((page) => page.close());
}

/**
 * Answers the first request with one event and an end, and all others with a status.
 * @returns how many requests came in time, and the events and errors that the client told of
 */
async function seen(context, open, status, events = 'data: x\nevent: n\n\n') {
  let requests = 0;
  const server = http.createServer((request, response) => {
    if (request.url === '/page') return response.setHeader('Content-Type', 'text/html').end('<!doctype html>');
    if (request.url !== '/') return response.writeHead(404).end();
    requests++;
    if (requests > 1 && status !== 200) return response.writeHead(status).end();
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`retry: 50\n\n${events}`);
    // The connection stays while an error that the client tells of can only be that of an event.
    if (status !== 0) response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const told = [];
  let errors = 0;
  const close = open(
    `http://127.0.0.1:${server.address().port}/`,
    (type, data) => told.push(`${type} ${data}`),
    () => errors++,
  );
  context.after(() => {
    close();
    server.closeAllConnections();
    server.close();
  });
  const enough = status === 0 ? () => told.length > 1 : () => requests > 2;
  for (const begun = Date.now(); !enough() && Date.now() - begun < WAIT_MS; )
    await new Promise((resolve) => setTimeout(resolve, 50));
  return { requests, told, errors };
}

/** `again` has the statuses after which the client tries again. */
const KNOWN = {
  "Chromium's EventSource": { open: chromium, end: true, again: [], error: true },
  eventsource: { open: CLIENTS.eventsource, end: true, again: [], error: false },
  'event-source-polyfill': { open: CLIENTS['event-source-polyfill'], end: true, again: [204], error: true },
  'eventsource-client': { open: CLIENTS['eventsource-client'], end: true, again: [404, 503], error: false },
  '@microsoft/fetch-event-source': {
    open: CLIENTS['@microsoft/fetch-event-source'],
    end: false,
    again: [],
    error: false,
  },
};

for (const [client, { open, end, again, error }] of Object.entries(KNOWN)) {
  describe(client, { concurrency: true }, () => {
    test(`${end ? 'reconnects' : 'does not reconnect'} after the end of a response`, async (context) => {
      const { requests } = await seen(context, open, 200);
      assert.equal(requests > 2, end, `${requests} requests`);
    });
    for (const status of end ? [204, 404, 503] : [])
      test(`${again.includes(status) ? 'tries again' : 'gives up'} after ${status}`, async (context) => {
        const { requests } = await seen(context, open, status);
        assert.equal(requests > 2, again.includes(status), `${requests} requests`);
      });
    test(`an event of the type error ${error ? 'calls onerror' : 'calls no onerror'}`, async (context) => {
      const { errors } = await seen(context, open, 0, 'event: error\ndata: mine\n\nevent: n\ndata: x\n\n');
      assert.equal(errors > 0, error);
    });
  });
}

test('@microsoft/fetch-event-source shows an empty message for a block without data', async (context) => {
  const { told } = await seen(context, CLIENTS['@microsoft/fetch-event-source'], 0);
  assert.deepEqual(told, [' ', 'n x']);
});
