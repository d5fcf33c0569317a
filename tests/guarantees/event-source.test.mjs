// A browser's own EventSource reconnects by itself: after a restart, before its first event, from a
// channel that is drained, and not at all when it is told so.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { launchBrowser } from '../browser.mjs';
import { served } from '../js/lib/site.mjs';
import { until } from '../js/lib/sse-client.mjs';

const RETRY_MS = 200;

/** Collects what an EventSource gets, and what becomes of its connection. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>eric-sse</title><link rel="icon" href="data:,"><script>
  function listen(url, types) {
    globalThis.events = [];
    globalThis.source = new EventSource(url);
    source.onopen = () => events.push({ type: '(open)' });
    source.onerror = () => events.push({ type: '(error)', state: source.readyState });
    for (const type of types) source.addEventListener(type, ({ data, lastEventId }) => events.push({ type, data, lastEventId }));
  }
</script>`;

/** @type {Awaited<ReturnType<typeof launchBrowser>>} */
let browser;
/** @type {Awaited<ReturnType<typeof served>>} */
let server;
/** @type {import('playwright-core').Page} */
let page;
/** What the server answers with, and the requests that it got. @type {SSEChannel} */
let channel;
/** @type {{ lastEventId: string | null, at: number, status: number }[]} */
let requests = [];

before(async () => {
  server = await served((request) => {
    if (new URL(request.url).pathname === '/') return new Response(PAGE, { headers: { 'Content-Type': 'text/html' } });
    const response = channel.response(request);
    requests.push({
      lastEventId: request.headers.get('Last-Event-ID'),
      at: performance.now(),
      status: response.status,
    });
    return response;
  });
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(server.url);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const channelOf = (options = {}) => new SSEChannel({ retryTimeoutMilliseconds: RETRY_MS, ...options });
const all = () => page.evaluate(() => globalThis.events);
/** What was dispatched, without what became of the connection. */
const dispatched = async () => (await all()).filter(({ type }) => !type.startsWith('('));
const got = (count) => until(dispatched, (events) => events.length >= count, `${count} events`);
const state = () => page.evaluate(() => globalThis.source.readyState);
const listeners = (count) =>
  until(
    () => channel.listenerCount,
    (now) => now === count,
    'listeners',
  );
const send = (payload) => channel.broadcast({ type: 'n', payload });

/** An EventSource that is open at a channel of the test's own. @param {import('node:test').TestContext} context */
async function opened(context) {
  channel = channelOf();
  requests = [];
  await page.evaluate(() => globalThis.listen('/events', ['n', '_eric_gap', '_eric_channel_closed']));
  context.after(() => page.evaluate(() => globalThis.source.close()));
  await until(state, (now) => now === 1, 'readyState');
  await listeners(1);
}

test('after a restart it gets exactly one gap, and then what the new channel sends', {
  timeout: 60_000,
}, async (context) => {
  await opened(context);
  for (const payload of [1, 2, 3]) send(payload);
  const before = await got(3);
  const { lastEventId } = before.at(-1);
  // The server is gone with all that it had, and starts again with only what was sent since.
  channel = channelOf();
  send(4);
  server.drop();
  await listeners(1);
  for (const payload of [5, 6]) send(payload);
  const events = await got(7);
  assert.deepEqual(
    requests.map((request) => request.lastEventId),
    [null, lastEventId],
  );
  const gap = events[3];
  assert.equal(gap.type, '_eric_gap');
  const [epoch] = channel.lastEventId.split('-');
  assert.deepEqual(JSON.parse(gap.data), { reason: 'epoch', from: lastEventId, to: `${epoch}-0` });
  assert.deepEqual(
    events.map(({ type, data }) => (type === 'n' ? data : type)),
    ['1', '2', '3', '_eric_gap', '4', '5', '6'],
  );
  context.diagnostic(`${gap.data}`);

  // And no second one, when the connection is lost once more.
  server.drop();
  await until(
    () => requests.length,
    (count) => count === 3,
    'requests',
  );
  await listeners(1);
  send(7);
  assert.deepEqual(
    (await got(8)).map(({ type, data }) => (type === 'n' ? data : type)),
    ['1', '2', '3', '_eric_gap', '4', '5', '6', '7'],
  );
});

test('it gets what it missed when the new channel has sent nothing before it came: the gap, at once', {
  timeout: 60_000,
}, async (context) => {
  await opened(context);
  send(1);
  await got(1);
  channel = channelOf();
  server.drop();
  const events = await got(2);
  assert.equal(events[1].type, '_eric_gap');
  assert.equal(JSON.parse(events[1].data).reason, 'epoch');
  send(2);
  assert.deepEqual(
    (await got(3)).map(({ type }) => type),
    ['n', '_eric_gap', 'n'],
  );
});

test('when it loses its connection before its first event, it gets what was sent meanwhile', {
  timeout: 60_000,
}, async (context) => {
  await opened(context);
  const start = channel.lastEventId;
  server.drop();
  await listeners(0);
  for (const payload of [1, 2]) send(payload);
  const events = await got(2);
  assert.deepEqual(
    events.map(({ type, data }) => [type, data]),
    [
      ['n', '1'],
      ['n', '2'],
    ],
  );
  // A block with an id and without data is no event, but its id is kept.
  assert.deepEqual(
    requests.map(({ lastEventId }) => lastEventId),
    [null, start],
  );
  context.diagnostic(
    `it came back with ${requests[1].lastEventId}, ${Math.round(requests[1].at - requests[0].at)} ms after it came`,
  );
});

test('sent away by drain(), it receives what was ready, and reconnects in its own time', {
  timeout: 60_000,
}, async (context) => {
  await opened(context);
  send(1);
  const [{ lastEventId }] = await got(1);
  const RETRY = 2000;
  send(2);
  const start = performance.now();
  await channel.drain({ seconds: 1, retryMilliseconds: RETRY });
  assert.deepEqual(channel.stats().ended, { drained: 1 });
  assert.equal(channel.listenerCount, 0);
  // The place that it reconnects to.
  channel = channelOf();
  await until(
    () => requests.length,
    (count) => count === 2,
    'requests',
  );
  const milliseconds = requests[1].at - start;
  context.diagnostic(
    `told half to one and a half of ${RETRY} ms: it came back ${Math.round(milliseconds)} ms after the drain began`,
  );
  assert.ok(milliseconds > RETRY / 2 - 50, `${milliseconds} ms`);
  assert.ok(milliseconds < 1000 + 1.5 * RETRY + 5000, `${milliseconds} ms`);
  const events = await got(3);
  assert.deepEqual(
    events.map(({ type, data }) => (type === 'n' ? data : type)),
    ['1', '2', '_eric_gap'],
  );
  assert.notEqual(requests[1].lastEventId, lastEventId);
  assert.equal(requests[1].lastEventId, events[1].lastEventId);
});

test('while a channel is drained, a client that reconnects is sent away again', {
  timeout: 60_000,
}, async (context) => {
  await opened(context);
  await channel.drain({ seconds: 0 });
  const first = channel;
  await until(
    () => requests.length,
    (count) => count >= 3,
    'requests',
  );
  assert.equal(first.listenerCount, 0);
  assert.equal(await state(), 0);
  const [, second, third] = requests;
  context.diagnostic(`it came again after ${Math.round(third.at - second.at)} ms`);
  assert.ok(third.at - second.at > 450, `${third.at - second.at} ms`);
  channel = channelOf();
  await listeners(1);
});

test('gone() ends it for good', { timeout: 60_000 }, async (context) => {
  await opened(context);
  send(1);
  channel.gone();
  await until(state, (now) => now === 2, 'readyState');
  assert.deepEqual(
    (await dispatched()).map(({ type }) => type),
    ['n', '_eric_channel_closed'],
  );
  assert.deepEqual(
    requests.map(({ status }) => status),
    [200, 204],
  );
  context.diagnostic(
    `readyState 2 after ${Math.round(requests[1].at - requests[0].at)} ms and one more request, answered with 204`,
  );
  // It does not come again: it would have, several times.
  await new Promise((resolve) => setTimeout(resolve, 5 * RETRY_MS));
  assert.equal(requests.length, 2);
  assert.equal(await state(), 2);
});
