// Vite, with a channel in a web worker: its development server and its build, in Chromium.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before } from 'node:test';
import { ensureBundlers } from '../../../../scripts/lib/bundlers.mjs';
import { setUpRuntimes } from '../../../../scripts/lib/runtimes.mjs';
import { launchBrowser } from '../../../browser.mjs';
import { finish } from '../../lib/command.mjs';
import { lay, start } from '../../lib/host.mjs';
import { projects } from '../../lib/project.mjs';
import { recipes } from '../../lib/recipes.mjs';
import { describeHost } from '../../lib/results.mjs';

const { ERIC_NODE22: node = '' } = await setUpRuntimes();
const { folder, versionOf, remove } = await projects(await ensureBundlers());
after(remove);
const files = new Map(recipes().get('vite-worker'));
files.set('vite.config.js', 'export default { clearScreen: false };\n');
const vite = [node, 'node_modules/vite/bin/vite.js'];
const flags = ['--host', '127.0.0.1', '--port', '%PORT%', '--strictPort'];

for (const way of ['development', 'production']) {
  describeHost({ host: 'Vite, a web worker', version: versionOf('vite'), runs: `Chromium, ${way}` }, (check) => {
    /** @type {import('../../lib/host.mjs').Host} */
    let host;
    /** @type {import('playwright-core').Browser} */
    let browser;
    /** @type {import('playwright-core').Page} */
    let page;
    let printed = '';
    before(async () => {
      const place = path.join(folder, way);
      lay(place, files, folder);
      const env = { NODE_ENV: way };
      if (way === 'production') {
        const { code, output } = await finish(place, [...vite, 'build'], env);
        assert.equal(code, 0, output);
        assert.doesNotMatch(output, /warn/i);
      }
      host = await start(place, [...vite, ...(way === 'production' ? ['preview'] : []), ...flags], { env, ready: '/' });
      browser = await launchBrowser();
      page = await browser.newPage();
      page.on('pageerror', (error) => void (printed += error));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) printed += message.text();
      });
      await page.goto(host.url);
    });
    after(async () => {
      await browser?.close();
      await host?.stop('SIGKILL');
    });
    /** Waits until the page shows these events. @param {string[]} wanted */
    const shows = async (...wanted) => {
      await page.waitForFunction((count) => document.querySelectorAll('li').length === count, wanted.length, {
        timeout: 10_000,
      });
      assert.deepEqual(await page.locator('li').allTextContents(), wanted);
    };

    check('a page receives what its worker publishes', async () => {
      await page.click('#subscribe');
      await page.click('#publish');
      await shows('news 1');
    });

    check('a subscription that leaves is noticed', async () => {
      await page.click('#leave');
      await shows('news 1', 'left 0');
    });

    check('a subscription that resumes receives what it missed', async () => {
      await page.click('#publish');
      await page.click('#publish');
      await page.click('#subscribe');
      await shows('news 1', 'left 0', 'news 2', 'news 3');
    });

    check('no warning was printed', () => {
      assert.equal(printed + host.printed(), '');
    });
  });
}
