// The suite in a browser: in a window, a dedicated, a shared and a service worker. And a native
// EventSource, which reads responses of Node through @hono/node-server, and of a service worker.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { HOSTS } from './lib/places.mjs';
import { describeHost } from './lib/remote.mjs';
import { until } from './lib/sse-client.mjs';

/** @type {Awaited<ReturnType<typeof import('./lib/site.mjs').openSite>>} */
let site;
/** @type {import('playwright-core').Page} */
let page;

const host = HOSTS.chromium.open();
const started = host.ready.then((ready) => void ({ page, site } = ready));
started.catch(() => {});

describeHost(HOSTS.chromium, host);

const TYPES = ['news', 'message', 'price', '_eric_channel_closed'];
/**
 * The events that an EventSource of the page has received, without the states of its connection.
 */
const eventsOf = async (tab = page) =>
  (await tab.evaluate(() => globalThis.events)).filter(({ type }) => !type.startsWith('('));
const got = (count, tab = page) =>
  until(
    () => eventsOf(tab),
    (events) => events.length >= count,
    `${count} events`,
  );
const listenTo = (path, tab = page) => tab.evaluate(([url, types]) => globalThis.listen(url, types), [path, TYPES]);

describe('EventSource, at Node through @hono/node-server', () => {
  before(() => started);

  const opened = async (name, tab = page) => {
    const channel = site.channel(name);
    await listenTo(`/events?channel=${name}`, tab);
    await until(
      () => channel.listenerCount,
      (count) => count === 1,
      'listeners',
    );
    return channel;
  };
  const close = () => page.evaluate(() => globalThis.source.close());

  test('it opens before there is any message', async () => {
    await opened('open');
    await until(
      () => page.evaluate(() => globalThis.source.readyState),
      (state) => state === 1,
      'readyState',
    );
    await close();
  });

  test('it gets types, data and ids', async () => {
    const channel = await opened('events');
    const stream = channel.watch();
    const messages = [
      { type: 'news', payload: 'one\r\ntwo\rthree\n' },
      { type: 'message', payload: { text: '😀\u2028', list: [1, null] } },
      { type: 'price', payload: 12.5 },
      { type: 'news' },
      { type: 'news', payload: '\n\nevent: forged\ndata: forged\n\n' },
    ];
    for (const message of messages) channel.broadcast(message);
    const events = await got(5);
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [
        ['news', 'one\ntwo\nthree\n'],
        ['message', '{"text":"😀\u2028","list":[1,null]}'],
        ['price', '12.5'],
        ['news', ''],
        ['news', '\n\nevent: forged\ndata: forged\n\n'],
      ],
    );
    for (const { lastEventId } of events) assert.equal(lastEventId, (await stream.next()).value.id);
    await stream.return();
    await close();
  });

  test('it gets a dispatch that is for it alone', async () => {
    const channel = await opened('dispatch');
    const [{ id }] = channel.listeners();
    channel.dispatch(id, { type: 'news', payload: 'for you' });
    channel.broadcast({ type: 'news', payload: 'for all' });
    assert.deepEqual(
      (await got(2)).map(({ data }) => data),
      ['for you', 'for all'],
    );
    await close();
  });

  test('its close() removes the listener', async () => {
    const channel = await opened('close');
    await close();
    await until(
      () => channel.listenerCount,
      (count) => count === 0,
      'listeners',
    );
  });

  test('closing its tab removes the listener', async () => {
    const tab = await page.context().newPage();
    await tab.goto(site.url);
    await tab.waitForFunction(() => 'listen' in globalThis);
    const channel = await opened('tab', tab);
    channel.broadcast({ type: 'news', payload: 1 });
    await got(1, tab);
    await tab.close();
    await until(
      () => channel.listenerCount,
      (count) => count === 0,
      'listeners',
    );
  });

  test('when the channel is closed it gets the closing event, and comes again with the id that it had last', async () => {
    const channel = await opened('again');
    channel.broadcast({ type: 'news', payload: 1 });
    const [{ lastEventId }] = await got(1);
    const before = site.lastEventIds.length;
    // The next connection finds a new channel under the old name.
    site.channels.delete('again');
    channel.close();
    assert.deepEqual(
      (await got(2)).map(({ type, data }) => [type, data]),
      [
        ['news', '1'],
        ['_eric_channel_closed', ''],
      ],
    );
    await until(
      () => site.lastEventIds.length,
      (length) => length > before,
      'connections',
    );
    assert.equal(site.lastEventIds.at(-1), lastEventId);
    site.channel('again').broadcast({ type: 'news', payload: 2 });
    assert.equal((await got(3))[2].data, '2');
    await close();
    assert.equal(channel.listenerCount, 0);
  });
});

describe('EventSource, at a service worker', () => {
  before(() => started);

  const ask = (path) => page.evaluate(async (url) => (await fetch(url)).json(), `/in-worker/${path}`);

  test('it gets what the worker broadcasts, and its close() removes the listener', async () => {
    await page.evaluate(async () => void (await globalThis.installed()));
    await listenTo('/in-worker/events');
    await until(
      () => ask('count'),
      (count) => count === 1,
      'listeners',
    );
    for (const payload of ['one', 'two']) assert.equal(await ask(`publish?payload=${payload}`), 1);
    assert.deepEqual(
      (await got(2)).map(({ type, data }) => [type, data]),
      [
        ['news', 'one'],
        ['news', 'two'],
      ],
    );
    await page.evaluate(() => globalThis.source.close());
    await until(
      () => ask('publish?payload=late'),
      (count) => count === 0,
      'listeners',
    );
  });
});
