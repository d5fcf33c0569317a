// The site of the docs, as `npm start` serves it: every page loads, fits, and asks no other host.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSite, SITE } from '../../scripts/lib/site.mjs';
import { launchBrowser } from '../browser.mjs';
import { NODE, startServer } from '../page/support.mjs';

const RESULTS = fileURLToPath(new URL('../../test-results/', import.meta.url));
/** The pages of which a picture is kept. */
const SHOWN = [
  'index',
  'guide/quick-start',
  'guide/reconnecting',
  'recipes/chat',
  'comparison',
  'design/overview',
  'reference/options',
  'performance',
];

describe('the site', () => {
  let server;
  let browser;
  before(async () => {
    mkdirSync(RESULTS, { recursive: true });
    await buildSite();
    server = await startServer(NODE);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const pagesOf = () =>
    readdirSync(SITE, { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll(path.sep, '/'))
      .filter((file) => file.endsWith('.html') && file !== '404.html')
      .sort();

  for (const width of [1280, 390])
    test(`${width} pixels wide: every page written by hand fits, without an error or a request to another host`, async () => {
      const context = await browser.newContext({ viewport: { width, height: 900 } });
      const page = await context.newPage();
      const problems = [];
      page.on('request', (request) => {
        const { origin, protocol } = new URL(request.url());
        if (protocol !== 'data:' && origin !== new URL(server.url).origin) problems.push(request.url());
      });
      page.on('requestfailed', (request) => {
        if (request.failure()?.errorText !== 'net::ERR_ABORTED') problems.push(`failed: ${request.url()}`);
      });
      page.on(
        'response',
        (response) => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`),
      );
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && problems.push(`${page.url()}: ${message.text()}`));
      const written = pagesOf().filter((file) => !file.startsWith('reference/api/'));
      assert.ok(written.length > 40);
      for (const file of written) {
        await page.goto(`${server.url}docs/${file}`, { waitUntil: 'load' });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) problems.push(`${file} is ${wide} pixels too wide`);
        const name = file.slice(0, -'.html'.length);
        if (SHOWN.includes(name))
          await page.screenshot({ path: `${RESULTS}docs-${width}-${name.replaceAll('/', '-')}.png` });
      }
      await context.close();
      assert.deepEqual(problems, []);
    });

  test('the search finds an option, from files of the site alone', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}docs/index.html`);
    await page
      .getByRole('button', { name: /search/i })
      .first()
      .click();
    await page.locator('#localsearch-input').fill('resumeSeconds');
    await page.locator('.VPLocalSearchBox .result').first().waitFor();
    await page.close();
  });

  test('the API reference has the classes and functions of every entry', () => {
    const names = pagesOf().filter((file) => file.startsWith('reference/api/'));
    for (const name of [
      'SSEChannel',
      'MessageQueueListener',
      'toNode',
      'answer',
      'ChannelObject',
      'relay',
      'TestClient',
      'init',
    ])
      assert.ok(
        names.some((file) => file.endsWith(`/${name}.html`)),
        name,
      );
  });

  test('no page names another host for a script, a style, a font or a picture', () => {
    for (const file of pagesOf()) {
      const html = readFileSync(path.join(SITE, file), 'utf8');
      assert.deepEqual(html.match(/<(?:script|link|img)[^>]*(?:src|href)="https?:[^"]*"/g) ?? [], [], file);
    }
  });
});
