// The lane that all tabs share: one is closed, and one is held up.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { allRun, openPage, startServer, until } from './support.mjs';

/**
 * @param {string} name
 * @param {string} script the server
 * @param {() => import('./support.mjs').Browser} browser
 */
export function tabs(name, script, browser) {
  describe(`the lane of all tabs, with ${name}`, () => {
    /** @type {import('./support.mjs').Server} */
    let server;
    /** @type {Awaited<ReturnType<typeof openPage>>} */
    let opened;
    before(async () => {
      server = await startServer(script);
      opened = await openPage(browser(), server.url);
    });
    after(async () => {
      await opened?.context.close();
      await server?.stop();
    });

    /** @typedef {import('./support.mjs').Page} Page */
    const textOf = (/** @type {Page} */ page, /** @type {string} */ part) =>
      page.locator(`#tabs .${part}`).textContent();
    const receivedBy = async (/** @type {Page} */ page) => Number(await textOf(page, 'received'));
    /** Waits until a tab has received more, and then that it has missed none. @param {Page} page */
    async function receives(page) {
      const before = await receivedBy(page);
      await until(async () => assert.ok((await receivedBy(page)) > before + 3));
      assert.deepEqual([await textOf(page, 'missing'), await textOf(page, 'repeated')], ['0', '0']);
    }
    /** @param {Page} page @param {[part: string, text: string][]} parts */
    const shows = (page, parts) =>
      until(async () => {
        for (const [part, text] of parts) assert.equal(await textOf(page, part), text);
      }, 20_000);

    test('two tabs have one connection, and one of them leads', async () => {
      const { page: first, context } = opened;
      await allRun(first);
      const second = await context.newPage();
      await second.goto(server.url);
      await shows(first, [
        ['tab-count', '2'],
        ['connections', '1'],
        ['leader', 'tab 1, this one'],
      ]);
      await shows(second, [
        ['tab-count', '2'],
        ['connections', '1'],
        ['leader', 'tab 1'],
        ['this-tab', 'This is tab 2'],
      ]);
      for (const page of [first, second]) await receives(page);
    });

    test('a tab that is held up misses nothing', async () => {
      const [first, second] = opened.context.pages();
      assert.ok(first && second);
      const before = await receivedBy(first);
      await first.locator('#tabs .hold-up').click();
      await until(async () => assert.ok((await receivedBy(first)) > before + 16), 20_000);
      for (const page of [first, second]) await receives(page);
    });

    test('the leader is closed, and the other tab continues', async () => {
      const [first, second] = opened.context.pages();
      assert.ok(first && second);
      await first.close();
      await shows(second, [
        ['tab-count', '1'],
        ['connections', '1'],
        ['leader', 'tab 2, this one'],
      ]);
      await receives(second);
    });
  });
}
