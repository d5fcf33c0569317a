// The EventSource of Chromium and Firefox reads several channels: it learns each event's channel
// from the id, and resumes all of them after each break.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { ChannelContainer } from 'eric-sse';
import { Multiplexer } from 'eric-sse/multiplex';
import { toNode } from 'eric-sse/node';
import { ensureFirefox } from '../../scripts/lib/browser.mjs';
import { launchBrowser } from '../browser.mjs';
import { startFirefox } from '../js/lib/firefox.mjs';
import { sender } from './lib/served.mjs';

const NAMES = ['prices', 'chat, ä'];
const BREAKS = 20;
const MESSAGES = 400;

/** Collects the events of each channel until both have had the last one. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>eric-sse</title><link rel="icon" href="data:,"><script>
  const source = new EventSource('/events?channel=prices&channel=' + encodeURIComponent('chat, ä'));
  const events = {};
  const channelOf = ({ lastEventId }) => decodeURIComponent(lastEventId.split('@')[0]);
  source.addEventListener('n', (event) => {
    (events[channelOf(event)] ??= []).push(JSON.parse(event.data));
  });
  const ended = [];
  source.addEventListener('_eric_channel_closed', (event) => {
    if (ended.push(channelOf(event)) < 2) return;
    source.close();
    fetch('/told', { method: 'POST', body: JSON.stringify({ events, ended }) });
  });
</script>`;

/** Serves the page, and breaks its connection now and then. @param {import('node:test').TestContext} context */
async function site(context) {
  const container = new ChannelContainer();
  for (const id of NAMES) container.add({ id, retryTimeoutMilliseconds: 30 });
  const answer = toNode(new Multiplexer(container, { authorize: () => true }));
  const [sockets, send] = [new Set(), sender(container)];
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  let breaks = 0;
  const server = http.createServer((request, response) => {
    if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end(PAGE);
    if (request.url === '/told') {
      let text = '';
      request.setEncoding('utf8').on('data', (data) => (text += data));
      return request.on('end', () => (response.end(), tell(JSON.parse(text))));
    }
    sockets.add(request.socket);
    answer(request, response);
    if (sockets.size === 1) void publish();
  });
  const listening = async () => {
    while (NAMES.some((name) => container.get(name).listenerCount !== 1))
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  async function publish() {
    await listening();
    for (let payload = 0; payload < MESSAGES; payload++) {
      send(NAMES[payload % 2], payload);
      if (payload % (MESSAGES / BREAKS) === MESSAGES / BREAKS - 1) {
        breaks++;
        for (const socket of sockets) socket.destroy();
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await listening();
    await new Promise((resolve) => setTimeout(resolve, 500));
    container.close();
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${server.address().port}/`, told, breaks: () => breaks };
}

/** @param {import('node:test').TestContext} context @param {Awaited<ReturnType<typeof site>>} at */
async function check(context, { told, breaks }) {
  const { events, ended } = await told;
  context.diagnostic(`${breaks()} breaks`);
  assert.deepEqual(ended.sort(), [...NAMES].sort());
  for (const [index, name] of NAMES.entries()) {
    const all = Array.from({ length: MESSAGES / 2 }, (_, turn) => 2 * turn + index);
    assert.deepEqual(events[name], all, name);
  }
}

test('Chromium', { timeout: 60_000 }, async (context) => {
  const [at, browser] = await Promise.all([site(context), launchBrowser()]);
  context.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(at.url);
  await check(context, at);
});

test('Firefox', { timeout: 60_000 }, async (context) => {
  const [at, executable] = await Promise.all([site(context), ensureFirefox()]);
  const firefox = startFirefox(executable, at.url);
  context.after(() => firefox.end());
  await check(context, at);
});
