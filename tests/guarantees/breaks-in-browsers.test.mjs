// A browser's EventSource that loses its connection before its first event gets what was sent
// meanwhile, and no gap. Firefox drops the id of a block without data.
//
// `ERIC_BREAKS=500` breaks 500 connections in each test instead of 40.

import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { toNode } from 'eric-sse/node';
import { ensureFirefox } from '../../scripts/lib/browser.mjs';
import { launchBrowser } from '../browser.mjs';
import { startFirefox } from '../js/lib/firefox.mjs';

const STREAMS = Number(process.env.ERIC_BREAKS ?? 40);
/** A break takes half a second, and five run at once. */
const LONGEST_MS = 60_000 + STREAMS * 500;

/** Five at a time: a browser has six connections to a host. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>eric-sse</title><link rel="icon" href="data:,"><script>
  function open(c) {
    if (c >= ${STREAMS}) return;
    const source = new EventSource('/events?c=' + c);
    const told = ({ type, data }) => {
      source.close();
      fetch('/told?c=' + c, { method: 'POST', body: type + ' ' + data });
      open(c + 5);
    };
    for (const type of ['n', '_eric_gap']) source.addEventListener(type, told);
    source.onmessage = told;
  }
  for (let c = 0; c < 5; c++) open(c);
</script>`;

const WAYS = {
  plain: { heartbeatSeconds: 0 },
  filtered: { heartbeatSeconds: 0.1, events: ['n'] },
};

/** Each opens a page, and returns what ends it. */
const BROWSERS = {
  async Chromium(url) {
    const browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(url);
    return () => browser.close();
  },
  async Firefox(url) {
    const firefox = startFirefox(await ensureFirefox(), url);
    return () => firefox.end();
  },
};

for (const [name, open] of Object.entries(BROWSERS)) {
  for (const [way, options] of Object.entries(WAYS)) {
    test(`${name}, ${way}: ${STREAMS} connections break before the first event`, {
      timeout: LONGEST_MS,
    }, async (context) => {
      const told = [];
      const ids = [];
      const streams = Array.from({ length: STREAMS }, () => {
        const channel = new SSEChannel({ retryTimeoutMilliseconds: 50, history: { messages: 20 } });
        return { channel, answer: toNode(channel, options), requests: 0 };
      });
      let finish;
      const finished = new Promise((resolve) => (finish = resolve));
      const server = http.createServer((request, response) => {
        const { pathname, searchParams } = new URL(request.url, 'http://localhost');
        const c = Number(searchParams.get('c'));
        if (pathname === '/') return response.setHeader('Content-Type', 'text/html').end(PAGE);
        if (pathname === '/told') {
          let text = '';
          request.setEncoding('utf8').on('data', (data) => (text += data));
          return request.on('end', () => {
            response.end();
            told[c] = text;
            if (Object.keys(told).length === STREAMS) finish();
          });
        }
        const stream = streams[c];
        stream.answer(request, response);
        if (stream.requests++ > 0) return void ids.push(request.headers['last-event-id']);
        // More than the history keeps, of which the client wants nothing.
        if (way === 'filtered')
          for (let payload = 0; payload < 40; payload++) stream.channel.broadcast({ type: 'other', payload });
        setTimeout(() => {
          request.socket.destroy();
          stream.channel.broadcast({ type: 'n', payload: 'meanwhile' });
        }, 400);
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const end = await open(`http://127.0.0.1:${server.address().port}/`);
      context.after(async () => {
        await end();
        server.closeAllConnections();
        server.close();
      });
      const timer = setTimeout(finish, LONGEST_MS - 20_000);
      await finished;
      clearTimeout(timer);
      const lost = STREAMS - Object.keys(told).length;
      const gaps = told.filter((text) => text.startsWith('_eric_gap')).length;
      const unnamed = ids.filter((id) => id === undefined).length;
      context.diagnostic(`${STREAMS} breaks, ${lost} lost, ${gaps} gaps, ${unnamed} reconnected without an id`);
      assert.deepEqual(told, Array(STREAMS).fill('n meanwhile'));
    });
  }
}
