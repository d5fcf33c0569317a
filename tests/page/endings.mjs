// The page's behaviour when something ends: the server, the service worker, its own time in sight.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allRun, broadcast, lastOf, listenerOf, NODE, openPage, startServer, until, WORKERD } from './support.mjs';

/** @param {string} script the server @param {() => import('./support.mjs').Browser} browser */
export function endings(script, browser) {
  describe('endings', () => {
    /** Opens the page, as long as a test runs. @param {import('node:test').TestContext} t @param {string} url @param {object} [options] */
    const open = async (t, url, options) => {
      const opened = await openPage(browser(), url, options);
      t.after(() => opened.context.close());
      return opened;
    };

    /** @param {import('./support.mjs').Page} page @param {string} lane @param {string} state */
    const bothAre = (page, lane, state) =>
      until(async () => {
        for (const name of ['A', 'B'])
          assert.equal(await listenerOf(page, lane, name).locator('.state').textContent(), state);
      });

    test('Ctrl-C ends the server at once, with streams open; the page says so and reconnects', async (t) => {
      const server = await serve(t, script);
      const { page } = await open(t, server.url);
      await allRun(page);
      const { code, milliseconds } = await server.stop();
      assert.equal(code, 0);
      assert.ok(milliseconds < 1000, `${milliseconds} ms`);
      await bothAre(page, 'server', 'reconnecting');
      assert.match(String(await page.locator('#worker .state').first().textContent()), /running/);

      const again = await serve(t, script, new URL(server.url).port);
      assert.equal(again.url, server.url);
      await allRun(page);
      await broadcast(page, 'news', '"after"');
      await until(async () => assert.deepEqual(await lastOf(page, 'server', 'B', 1), [['news', 'after']]));
    });

    for (const each of [NODE, WORKERD]) {
      test(`${each}: a port that is taken is left for a free one, and Ctrl-C ends it soon`, async (t) => {
        const first = await serve(t, each);
        const second = await serve(t, each, new URL(first.url).port);
        assert.notEqual(second.url, first.url);
        assert.match(second.output(), /^port \d+ is taken\n/);
        const response = await fetch(`${second.url}events`);
        assert.equal(response.status, 200);
        for (const server of [second, first]) {
          const { code, milliseconds } = await server.stop();
          assert.equal(code, 0);
          assert.ok(milliseconds < 2000, `${milliseconds} ms`);
        }
        await response.body?.cancel().catch(() => {});
      });
    }

    test('a service worker that the browser has ended starts again, as a new channel', async (t) => {
      const server = await serve(t, script);
      const { context, page } = await open(t, server.url);
      await allRun(page);
      const devtools = await context.newCDPSession(page);
      await devtools.send('ServiceWorker.enable');
      await devtools.send('ServiceWorker.stopAllWorkers');
      await bothAre(page, 'service-worker', 'reconnecting');
      await allRun(page);
      assert.match(
        String(await page.locator('#notice').textContent()),
        /Service worker: [AB] is back as a new listener/,
      );
      await broadcast(page, 'news', '"after"');
      await until(async () => assert.deepEqual(await lastOf(page, 'service-worker', 'A', 1), [['news', 'after']]));
    });

    test('a reload past the service worker finds it again', async (t) => {
      const server = await serve(t, script);
      const { context, page } = await open(t, server.url);
      await allRun(page);
      const devtools = await context.newCDPSession(page);
      await devtools.send('Page.enable');
      const loaded = page.waitForEvent('load');
      await devtools.send('Page.reload', { ignoreCache: true });
      await loaded;
      await allRun(page);
    });

    test('a browser without service workers says so, and the other lanes work', async (t) => {
      const server = await serve(t, script);
      const { page } = await open(t, server.url, { serviceWorkers: 'block' });
      await bothAre(page, 'service-worker', 'unavailable');
      assert.match(String(await page.locator('#notice').textContent()), /^No service worker: /);
      await bothAre(page, 'server', 'running');
      await bothAre(page, 'worker', 'running');
    });

    test('a page out of sight lets go of its connections, and takes them up again', async (t) => {
      const server = await serve(t, script);
      const { page } = await open(t, 'about:blank');
      await page.clock.install();
      await page.goto(server.url);
      await allRun(page);
      await appear(page, 'hidden');
      await page.clock.fastForward(11_000);
      await bothAre(page, 'server', 'paused, out of sight');
      await until(async () => assert.equal((await (await fetch(`${server.url}stats`)).json()).listeners, 0));
      await appear(page, 'visible');
      await allRun(page);
    });
  });
}

/** Starts a server, as long as a test runs. @param {import('node:test').TestContext} t @param {string} script @param {string} [port] */
async function serve(t, script, port) {
  const server = await startServer(script, port);
  t.after(() => server.stop());
  return server;
}

/** @param {import('./support.mjs').Page} page @param {'hidden' | 'visible'} state */
const appear = (page, state) =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
