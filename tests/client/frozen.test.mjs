// Tabs of Chromium that are frozen, as the browser does with those in the background.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startChromium } from './lib/devtools.mjs';
import { tabServer } from './lib/tab-server.mjs';

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @type {Awaited<ReturnType<typeof startChromium>>} */
let browser;
/** @type {Awaited<ReturnType<typeof tabServer>>} */
let server;
let tabs = [];

before(async () => {
  [browser, server] = await Promise.all([startChromium(), tabServer()]);
});
after(async () => {
  await browser?.end();
  await server?.close();
});
afterEach(async () => {
  for (const tab of tabs) await tab.close();
});

/** Tabs that are connected, the last of which is seen. */
async function opened(count) {
  server.begin();
  tabs = [];
  for (let index = 0; index < count; index++) {
    const tab = await browser.open(server.url);
    tabs.push(tab);
    await tab.until('globalThis.loaded');
    await tab.run(`globalThis.begin('/events')`);
    await tab.until(`globalThis.connection.state === 'open'`);
  }
  return tabs;
}
const has = (tab, data) => tab.until(`globalThis.got.at(-1) === ${data}`);
const gotOf = async (tab) => JSON.parse(await tab.run('JSON.stringify(globalThis.got)'));

test('a leader that is frozen is replaced, and gets the rest later', { timeout: 60_000 }, async () => {
  const [leader, ...others] = await opened(3);
  server.send(1);
  for (const tab of tabs) await has(tab, 1);
  await leader.lifecycle('frozen');
  while (server.requests.length < 2) await sleep(10);
  for (const payload of [2, 3]) server.send(payload);
  for (const tab of others) await has(tab, 3);
  assert.deepEqual(await gotOf(leader), [1]);
  await leader.lifecycle('active');
  server.send(4);
  for (const tab of tabs) await has(tab, 4);
  for (const tab of tabs) assert.deepEqual(await gotOf(tab), [1, 2, 3, 4]);
  while (server.channel.listenerCount !== 1) await sleep(10);
});

test('a tab that was frozen for longer than the others keep events gets a gap', { timeout: 60_000 }, async () => {
  const [frozen, leader] = await opened(2);
  server.send(0);
  for (const tab of tabs) await has(tab, 0);
  await frozen.lifecycle('frozen');
  while (server.requests.length < 2) await sleep(10);
  for (let payload = 1; payload <= 3000; payload++) {
    server.send(payload);
    if (payload % 100 === 0) await sleep(5);
  }
  await has(leader, 3000);
  await frozen.lifecycle('active');
  server.send(3001);
  await has(frozen, 3001);
  const got = await gotOf(frozen);
  assert.deepEqual([got[0], got[1].type, got[1].data.reason], [0, '_eric_gap', 'expired']);
  // The events that the leader still has follow the gap.
  const rest = got.slice(2);
  assert.ok(rest.length > 1000, `${rest.length} events`);
  assert.deepEqual(
    rest,
    Array.from(rest, (_, index) => 3001 - rest.length + 1 + index),
  );
  assert.equal(got[1].data.to, server.channel.lastEventId.replace(/-.*/, `-${rest[0]}`));
  while (server.channel.listenerCount !== 1) await sleep(10);
});
