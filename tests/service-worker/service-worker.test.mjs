// eric-sse/service-worker: EventSources of a page in Chromium, answered by the page's service
// worker.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromiumHost } from '../js/lib/chromium.mjs';
import { until } from '../js/lib/sse-client.mjs';

describe('answer, in a service worker of Chromium', () => {
  const host = chromiumHost();
  /** @type {import('playwright-core').Page} */
  let page;
  before(async () => {
    const { page: first, site } = await host.ready;
    page = await first.context().newPage();
    await page.goto(`${site.url}/answering/`);
    await page.waitForFunction(() => 'listen' in globalThis);
    await page.evaluate(async () => {
      const controlled = new Promise((resolve) =>
        navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }),
      );
      await navigator.serviceWorker.register('/answering-worker.js', { scope: '/answering/' });
      if (!navigator.serviceWorker.controller) await controlled;
    });
  });
  after(() => host.stop());

  /** Tells the worker to do something. */
  const tell = (command, given = {}, tab = page) =>
    tab.evaluate(
      (message) =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => resolve(data);
          navigator.serviceWorker.controller.postMessage(message, [port2]);
        }),
      { command, ...given },
    );
  const listenTo = (path, tab = page) =>
    tab.evaluate(
      ([url, types]) => globalThis.listen(url, types),
      [path, ['news', '_eric_gap', '_eric_channel_closed']],
    );
  const all = (tab = page) => tab.evaluate(() => globalThis.events);
  const dataOf = async (tab = page) => (await all(tab)).filter(({ type }) => type === 'news').map(({ data }) => data);
  const got = (expected, tab = page) =>
    until(
      () => dataOf(tab),
      (data) => data.length >= expected.length,
      'events',
    ).then((data) => assert.deepEqual(data, expected));
  const listeners = (channel, count) =>
    until(
      () => tell('listeners', { channel }),
      (ids) => ids.length === count,
      'listeners',
    );
  const close = (tab = page) => tab.evaluate(() => globalThis.source.close());
  const stateIs = (state) =>
    until(
      () => page.evaluate(() => globalThis.source.readyState),
      (now) => now === state,
      'readyState',
    );
  const CLOSED = 2;

  test('a route from the scope on is answered by its channel, and close() removes the listener', async () => {
    await listenTo('/answering/events?a=query');
    await listeners('route', 1);
    for (const payload of ['one', 'two']) await tell('publish', { channel: 'route', payload });
    await got(['one', 'two']);
    await close();
    await listeners('route', 0);
  });

  test('a client whose response has ended reconnects with its last event id, and misses nothing', async () => {
    await listenTo('/answering/events');
    await listeners('route', 1);
    await tell('publish', { channel: 'route', payload: 'before' });
    await got(['before']);
    await tell('cut', { channel: 'route' });
    for (const payload of ['meanwhile', 'and more']) await tell('publish', { channel: 'route', payload });
    await got(['before', 'meanwhile', 'and more']);
    const seen = await all();
    assert.equal(seen.filter(({ type }) => type === '(open)').length, 2);
    assert.deepEqual(
      seen.filter(({ type }) => type === '_eric_gap'),
      [],
    );
    await close();
    await listeners('route', 0);
  });

  test('two of one page and URL both go on without missing anything', async () => {
    await page.evaluate(() => {
      globalThis.pair = [1, 2].map(() => {
        const source = new EventSource('/answering/events');
        const data = [];
        source.addEventListener('news', (event) => data.push(event.data));
        return { source, data };
      });
    });
    await listeners('route', 2);
    await tell('publish', { channel: 'route', payload: 'one' });
    const pair = () => page.evaluate(() => globalThis.pair.map(({ data }) => data));
    await until(pair, (all) => all.every((data) => data.length === 1), 'events');
    await tell('cut', { channel: 'route' });
    await tell('publish', { channel: 'route', payload: 'two' });
    await listeners('route', 2);
    await tell('publish', { channel: 'route', payload: 'three' });
    await until(pair, (all) => all.every((data) => data.length === 3), 'events');
    assert.deepEqual(await pair(), [
      ['one', 'two', 'three'],
      ['one', 'two', 'three'],
    ]);
    await page.evaluate(() => globalThis.pair.forEach(({ source }) => source.close()));
    await listeners('route', 0);
  });

  test('a client that left by close() is a new client when it connects again', async () => {
    await listenTo('/answering/events');
    await listeners('route', 1);
    await tell('publish', { channel: 'route', payload: 'seen' });
    await got(['seen']);
    await close();
    await listeners('route', 0);
    await tell('publish', { channel: 'route', payload: 'not for it' });
    await listenTo('/answering/events');
    await listeners('route', 1);
    await tell('publish', { channel: 'route', payload: 'new' });
    await got(['new']);
    await close();
    await listeners('route', 0);
  });

  test('closing its tab removes the listener', async () => {
    const tab = await page.context().newPage();
    await tab.goto(page.url());
    await tab.waitForFunction(() => 'listen' in globalThis && navigator.serviceWorker.controller);
    await listenTo('/answering/events', tab);
    await listeners('route', 1);
    await tell('publish', { channel: 'route', payload: 'to the tab' });
    await got(['to the tab'], tab);
    await tab.close();
    await listeners('route', 0);
  });

  test('a function gives the channel for a request, or a response of its own', async () => {
    await listenTo('/answering/rooms?room=kitchen');
    await stateIs(1);
    await tell('say', { room: 'kitchen', payload: 'dinner' });
    await got(['dinner']);
    await close();
    await listenTo('/answering/rooms?room=none');
    await stateIs(CLOSED);
  });

  test('options are made for a request: a listener goes on where its page left', async () => {
    await listenTo('/answering/events?page=7');
    await listeners('route', 1);
    assert.deepEqual(await tell('listeners', { channel: 'route' }), ['7']);
    await tell('dispatch', { channel: 'route', to: '7', payload: 'first' });
    await got(['first']);
    await tell('cut', { channel: 'route' });
    await until(
      () => all(),
      (events) => events.filter(({ type }) => type === '(open)').length === 2,
      'connections',
    );
    await tell('dispatch', { channel: 'route', to: '7', payload: 'second' });
    await got(['first', 'second']);
    await close();
  });

  test('a channel alone answers what asks for an event stream, and nothing else', async () => {
    await listenTo('/answering/anything');
    await listeners('alone', 1);
    await tell('publish', { channel: 'alone', payload: 'alone' });
    await got(['alone']);
    await close();
    await listeners('alone', 0);
    assert.equal(await page.evaluate(async () => (await fetch('/answering/anything')).text()), 'of the network');
  });

  test('a route that gives nothing leaves its request to the network', async () => {
    assert.equal(await page.evaluate(async () => (await fetch('/answering/network')).text()), 'of the network');
  });

  test('a closed channel is answered with 503, an error with 500; no EventSource reconnects to that', async () => {
    for (const [path, status] of [
      ['closed', 503],
      ['failing', 500],
    ]) {
      assert.equal(await page.evaluate(async (url) => (await fetch(url)).status, `/answering/${path}`), status);
      await listenTo(`/answering/${path}`);
      await stateIs(CLOSED);
    }
  });

  test('an invalid route is refused, and a listener may be taken off', async () => {
    const { answer } = await import('eric-sse/service-worker');
    globalThis.location ??= new URL('http://localhost/');
    for (const wrong of [null, 5, 'x', { '/a': 5 }, { '/a': {} }]) assert.throws(() => answer(wrong), TypeError);
    await tell('stop');
    assert.equal(await page.evaluate(async () => (await fetch('/answering/events')).text()), 'of the network');
  });
});
