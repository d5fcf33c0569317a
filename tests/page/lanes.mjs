// The page at work: its controls are used, and what arrives is looked at, in all three lanes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  allRun,
  broadcast,
  compose,
  countOf,
  LANES,
  lastOf,
  listenerOf,
  openPage,
  pause,
  quiet,
  rowsOf,
  setRate,
  startServer,
  until,
} from './support.mjs';

/**
 * @param {string} name
 * @param {string} script the server
 * @param {() => import('./support.mjs').Browser} browser
 * @param {string[]} [which] the lanes whose own controls are used
 */
export function lanes(name, script, browser, which = LANES) {
  describe(`the lanes, with ${name}`, () => {
    /** @type {import('./support.mjs').Server} */
    let server;
    /** @type {Awaited<ReturnType<typeof openPage>>} */
    let opened;
    /** @type {import('./support.mjs').Page} */
    let page;

    before(async () => {
      server = await startServer(script);
      opened = await openPage(browser(), server.url);
      ({ page } = opened);
      await allRun(page);
    });

    after(async () => {
      await opened?.context.close();
      await server?.stop();
    });

    /** Does something for both listeners of every lane. @param {(lane: string, listener: string) => Promise<void>} check */
    const everywhere = async (check) => {
      for (const lane of LANES) for (const listener of ['A', 'B']) await check(lane, listener);
    };

    test('ticks arrive in every lane', async () => {
      await everywhere((lane, listener) =>
        until(async () => assert.ok((await countOf(page, lane, listener, 'delivered')) > 3)),
      );
    });

    test('a rate that is changed changes how many arrive, and off ends them', async () => {
      for (const lane of which) {
        await setRate(page, lane, 6);
        await until(async () => assert.equal(await page.locator(`#${lane} output`).textContent(), '50/s'));
        await until(async () => assert.match(String(await listenerOf(page, lane, 'A').textContent()), /rate50/));
        const many = await arriving(lane);
        assert.ok(many > 50 && many < 110, `${lane}: ${many} in 1.5 s`);
        await setRate(page, lane, 1);
        await pause(500);
        const few = await arriving(lane);
        assert.ok(few >= 1 && few < 10, `${lane}: ${few} in 1.5 s`);
      }
      await quiet(page);
    });

    /** @param {string} lane */
    async function arriving(lane) {
      const before = await countOf(page, lane, 'A', 'delivered');
      await pause(1500);
      return (await countOf(page, lane, 'A', 'delivered')) - before;
    }

    test('a broadcast reaches every running listener, in order', async () => {
      for (const n of ['1', '2', '3']) await broadcast(page, 'news', n);
      await everywhere((lane, listener) =>
        until(async () =>
          assert.deepEqual(await lastOf(page, lane, listener, 3), [
            ['news', '1'],
            ['news', '2'],
            ['news', '3'],
          ]),
        ),
      );
      await everywhere(async (lane, listener) => {
        const ids = (await rowsOf(page, lane, listener)).map(({ id }) => Number(id));
        assert.deepEqual(
          ids,
          [...ids].sort((a, b) => a - b),
        );
      });
    });

    test('a dispatch reaches its listener only', async () => {
      for (const lane of which) {
        await compose(page, 'secret', `for A of ${lane}`);
        await listenerOf(page, lane, 'A').getByRole('button', { name: 'Dispatch' }).click();
        await until(async () => assert.deepEqual(await lastOf(page, lane, 'A', 1), [['secret', `for A of ${lane}`]]));
      }
      await pause(200);
      for (const lane of which) {
        assert.deepEqual(await lastOf(page, lane, 'B', 1), [['news', '3']]);
        assert.deepEqual(await lastOf(page, lane, 'A', 1), [['secret', `for A of ${lane}`]]);
      }
    });

    test('a broadcast here reaches one lane only', async () => {
      await compose(page, 'local', '"here"');
      await page.locator('#worker .broadcast').click();
      await until(async () => assert.deepEqual(await lastOf(page, 'worker', 'B', 1), [['local', 'here']]));
      await pause(200);
      for (const lane of ['server', 'service-worker'])
        assert.notEqual((await lastOf(page, lane, 'B', 1))[0]?.[0], 'local');
    });

    test('messages sent while a listener is stopped wait, and are delivered in order when it is started', async () => {
      for (const lane of which) {
        const b = listenerOf(page, lane, 'B');
        await b.getByRole('button', { name: 'Stop' }).click();
        await until(async () => assert.equal(await b.locator('.state').textContent(), 'stopped'));
        const before = await countOf(page, lane, 'B', 'delivered');

        await broadcast(page, 'late', '{"n":1}');
        await compose(page, 'late', '{"n":2}');
        await b.getByRole('button', { name: 'Dispatch' }).click();
        await broadcast(page, 'late', '{"n":3}');
        await until(async () =>
          assert.deepEqual(await lastOf(page, lane, 'A', 2), [
            ['late', '{"n":1}'],
            ['late', '{"n":3}'],
          ]),
        );
        await until(async () => assert.equal(await countOf(page, lane, 'B', 'waiting'), 3));
        assert.equal(await countOf(page, lane, 'B', 'delivered'), before);

        await b.getByRole('button', { name: 'Start' }).click();
        await until(async () => {
          assert.deepEqual(await lastOf(page, lane, 'B', 3), [
            ['late', '{"n":1}'],
            ['late', '{"n":2}'],
            ['late', '{"n":3}'],
          ]);
          assert.equal(await b.locator('.state').textContent(), 'running');
          assert.equal(await countOf(page, lane, 'B', 'waiting'), 0);
          assert.equal(await countOf(page, lane, 'B', 'delivered'), before + 3);
        });
      }
    });

    test('types that were never heard of arrive, and payloads of every kind', async () => {
      const sent = [
        ['weather', '"rain"'],
        ['size', '-0.5'],
        ['list', '[1,null]'],
        ['nothing', ''],
      ];
      for (const [type = '', payload = ''] of sent) await broadcast(page, type, payload);
      const shown = [
        ['weather', 'rain'],
        ['size', '-0.5'],
        ['list', '[1,null]'],
        ['nothing', ''],
      ];
      await everywhere((lane, listener) =>
        until(async () => assert.deepEqual(await lastOf(page, lane, listener, 4), shown)),
      );
    });

    test('a message that is refused is named, and sent nowhere', async () => {
      const before = await page.locator('.delivered').allTextContents();
      await compose(page, '', '1');
      await page.getByRole('button', { name: 'Broadcast to all lanes' }).click();
      await until(async () => assert.equal(await page.locator('#notice').getAttribute('data-kind'), 'trouble'));
      assert.match(String(await page.locator('#notice').textContent()), /type/);
      assert.equal(await page.getByLabel('Type').getAttribute('aria-invalid'), 'true');
      await pause(200);
      assert.deepEqual(await page.locator('.delivered').allTextContents(), before);
    });

    test('a second window shares the channels of the server and of the service worker', async () => {
      const second = await opened.context.newPage();
      await second.goto(server.url);
      await allRun(second);
      await broadcast(second, 'news', 'from the second window');
      for (const lane of ['server', 'service-worker']) {
        await until(async () =>
          assert.deepEqual(await lastOf(page, lane, 'B', 1), [['news', 'from the second window']]),
        );
      }
      assert.notEqual((await lastOf(page, 'worker', 'B', 1))[0]?.[1], 'from the second window');
      await second.close();
    });

    test('the page stays smooth and small at 1,000 messages a second', async () => {
      for (const lane of which) await setRate(page, lane, 10);
      const elements = await page.locator('*').count();
      await pause(1000);
      const before = await countOf(page, 'server', 'A', 'delivered');
      const frames = await page.evaluate(
        () =>
          new Promise((resolve) => {
            let count = 0;
            const step = () => void ((count += 1), requestAnimationFrame(step));
            requestAnimationFrame(step);
            setTimeout(() => resolve(count), 2000);
          }),
      );
      assert.ok((await countOf(page, 'server', 'A', 'delivered')) - before > 1000);
      assert.equal(await page.locator('*').count(), elements);
      // A busy machine draws less; a page that chokes draws next to nothing.
      assert.ok(frames > 30, `${frames} frames in 2 s`);
      await quiet(page);
    });

    test('nothing was asked of another host, and nothing stands on the console', () => {
      assert.deepEqual([...opened.hosts], [new URL(server.url).host]);
      assert.deepEqual(opened.troubles, []);
    });
  });
}
