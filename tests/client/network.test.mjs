// Connections of Chromium whose network goes away and returns.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchBrowser } from '../browser.mjs';
import { tabServer } from './lib/tab-server.mjs';

test('a page that is offline waits for the network, and then gets the rest', { timeout: 60_000 }, async () => {
  const [browser, server] = await Promise.all([launchBrowser(), tabServer()]);
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => globalThis.loaded);
    await page.evaluate(async () => {
      const { connect } = await import('/dist/client.js');
      globalThis.delays = [];
      const onState = ({ state, delayMilliseconds }) =>
        state === 'waiting' && globalThis.delays.push(delayMilliseconds);
      globalThis.connection = connect('/events', { onState, maxRetryMilliseconds: 50 });
      void (async () => {
        for await (const { data } of globalThis.connection) globalThis.got.push(data);
      })();
    });
    await page.waitForFunction(() => globalThis.connection.state === 'open');
    server.send(1);
    await page.waitForFunction(() => globalThis.got.length === 1);
    await context.setOffline(true);
    server.drop();
    await page.waitForFunction(
      () => globalThis.connection.state === 'waiting' && globalThis.delays.at(-1) === Infinity,
    );
    const requests = server.requests.length;
    server.send(2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(server.requests.length, requests);
    await context.setOffline(false);
    await page.waitForFunction(() => globalThis.got.length === 2);
    assert.deepEqual(await page.evaluate(() => globalThis.got), [1, 2]);
  } finally {
    await browser.close();
    await server.close();
  }
});
