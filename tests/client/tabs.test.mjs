// Many tabs of Chromium share one connection: their leader is closed, or stuck.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser } from '../browser.mjs';
import { tabServer } from './lib/tab-server.mjs';

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @type {Awaited<ReturnType<typeof launchBrowser>>} */
let browser;
/** @type {import('playwright-core').BrowserContext} */
let context;
/** @type {Awaited<ReturnType<typeof tabServer>>} */
let server;

before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), tabServer()]);
});
after(async () => {
  await browser?.close();
  await server?.close();
});
afterEach(() => context?.close());

/** Tabs that are connected. */
async function opened(count, options = {}) {
  context = await browser.newContext();
  server.begin();
  const tabs = [];
  for (let tab = 0; tab < count; tab++) tabs.push(await openTab(options));
  return tabs;
}
async function openTab(options = {}) {
  const tab = await context.newPage();
  await tab.goto(server.url);
  await tab.waitForFunction(() => globalThis.loaded);
  await tab.evaluate((given) => globalThis.begin('/events', given), options);
  await tab.waitForFunction(() => globalThis.connection.state === 'open');
  return tab;
}
const gotOf = (tab) => tab.evaluate(() => globalThis.got);
/** Where a tab's events differ from those that were due, and its states. */
async function differenceOf(tab, expected) {
  const got = await gotOf(tab);
  const at = expected.findIndex((data, index) => data !== got[index]);
  if (at < 0 && got.length === expected.length) return undefined;
  const states = await tab.evaluate(() => globalThis.states);
  const around = JSON.stringify(got.slice(Math.max(0, at - 3), at + 4));
  return `${got.length} of ${expected.length} events; ${around} where ${expected[at]} was due; ${states.join(', ')}`;
}
/** A connection that was closed is still there until the server has noticed it. */
async function connections(count) {
  while (server.channel.listenerCount !== count) await sleep(10);
}
const send = (payload) => server.send(payload);
/** Waits until a tab has an event. */
const has = (tab, data) =>
  tab.waitForFunction((last) => globalThis.got.at(-1) === last, data, { timeout: 30_000, polling: 50 });
/** Each whole number from the first that a tab got to the last. */
const from = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

test('twenty tabs have one connection; its leader is closed ten times while messages are sent, and no tab loses or repeats one', {
  timeout: 180_000,
}, async (t) => {
  const tabs = await opened(20);
  await connections(1);
  let sent = 0;
  let sending = true;
  const sender = (async () => {
    while (sending) {
      send(sent++);
      await sleep(2);
    }
  })();
  await sleep(200);
  const left = [...tabs];
  for (let closed = 0; closed < 10; closed++) {
    const before = server.requests.length;
    await left.shift().close();
    while (server.requests.length === before) await sleep(5);
    await sleep(100);
  }
  sending = false;
  await sender;
  send(sent);
  for (const tab of left) await has(tab, sent);
  const wrong = await Promise.all(left.map((tab) => differenceOf(tab, from(0, sent))));
  assert.deepEqual(
    wrong.flatMap((difference, index) => (difference ? `tab ${index + 10}: ${difference}` : [])),
    [],
  );
  await connections(1);
  // On a slow machine a tab may take the lock of a leader that does not answer in time.
  assert.ok(server.requests.length >= 11, `${server.requests.length} requests`);
  t.diagnostic(
    `${sent + 1} events in each of ${left.length} tabs, over ${server.requests.length} connections, one after another`,
  );
});

test('a later tab gets the events from then on, or the rest when it names an id', {
  timeout: 60_000,
}, async () => {
  const [first] = await opened(1);
  for (const payload of [1, 2, 3]) send(payload);
  await has(first, 3);
  const late = await openTab();
  const resumed = await openTab({ lastEventId: server.channel.lastEventId.replace(/-.*/, '-1') });
  send(4);
  for (const tab of [first, late, resumed]) await has(tab, 4);
  assert.deepEqual(await gotOf(late), [4]);
  assert.deepEqual(await gotOf(resumed), [2, 3, 4]);
  const lost = await openTab({ lastEventId: 'other-1' });
  send(5);
  await has(lost, 5);
  const [gap] = await gotOf(lost);
  assert.deepEqual([gap.type, gap.data.reason, gap.data.from], ['_eric_gap', 'expired', 'other-1']);
  await connections(1);
});

test('tabs with another key have another connection', { timeout: 60_000 }, async () => {
  await opened(2, { key: 'a' });
  await openTab({ key: 'b' });
  await connections(2);
});

test('a leader that is stuck loses its lock to a tab that is not', { timeout: 90_000 }, async (t) => {
  const [leader, other] = await opened(2);
  send(1);
  await has(other, 1);
  const start = performance.now();
  const stuck = leader.evaluate(() => {
    for (const end = Date.now() + 25_000; Date.now() < end; );
  });
  send(2);
  while (server.requests.length < 2) await sleep(20);
  t.diagnostic(`replaced after ${((performance.now() - start) / 1000).toFixed(1)} seconds`);
  await has(other, 2);
  send(3);
  await has(other, 3);
  await stuck;
  send(4);
  for (const tab of [leader, other]) await has(tab, 4);
  for (const tab of [leader, other]) assert.deepEqual(await gotOf(tab), [1, 2, 3, 4]);
  while (server.channel.listenerCount > 1) await sleep(20);
});

test('logging out in one tab ends the connection in all', { timeout: 60_000 }, async () => {
  const tabs = await opened(4, { key: 'a' });
  send(1);
  for (const tab of tabs) await has(tab, 1);
  await tabs[2].evaluate(() => globalThis.closeAll('/events', { key: 'a' }));
  for (const tab of tabs) assert.deepEqual(await tab.evaluate(() => globalThis.ending), { reason: 'left' });
  while (server.channel.listenerCount > 0) await sleep(10);
});

test('a tab that is closed by its program leaves the others connected, and the last one ends it', {
  timeout: 60_000,
}, async () => {
  const tabs = await opened(3);
  await tabs[0].evaluate(() => globalThis.connection.close());
  while (server.requests.length < 2) await sleep(10);
  send(1);
  for (const tab of tabs.slice(1)) await has(tab, 1);
  for (const tab of tabs.slice(1)) await tab.evaluate(() => globalThis.connection.close());
  while (server.channel.listenerCount > 0) await sleep(10);
});

test('a channel that is closed ends the connection in all tabs', { timeout: 60_000 }, async () => {
  const tabs = await opened(3);
  server.channel.close();
  for (const tab of tabs) assert.deepEqual(await tab.evaluate(() => globalThis.ending), { reason: 'closed' });
  assert.equal(server.requests.length, 1);
});
