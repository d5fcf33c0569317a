// Chromium: a page of the site, in whose contexts the suite runs.

import { launchBrowser } from '../../browser.mjs';
import { openSite } from './site.mjs';

/** @returns {import('./places.mjs').Host & { ready: Promise<{ page: import('playwright-core').Page, site: Awaited<ReturnType<typeof openSite>> }> }} */
export function chromiumHost() {
  let [output, version] = ['', ''];
  /** @type {Map<string, (answer: any) => void>} */
  const tellers = new Map();
  const opening = Promise.all([launchBrowser(), openSite()]);
  const ready = (async () => {
    const [browser, site] = await opening;
    version = browser.version();
    const context = await browser.newContext();
    const note = (/** @type {unknown} */ text) => void (output += `${text}\n`);
    context.on('weberror', (error) => note(error.error().stack));
    context.on('console', (message) => note(`${message.type()}: ${message.text()}`));
    await context.exposeFunction('tell', (runtime, answer) => tellers.get(runtime)?.(answer));
    const page = await context.newPage();
    await page.goto(site.url);
    await page.waitForFunction(() => 'runIn' in globalThis, undefined, { timeout: 20_000 });
    return { page, site };
  })();
  // A failure belongs to the tests that wait for it, which then say why.
  ready.catch(() => {});

  return {
    ready,
    async run(runtime, tell) {
      const { page } = await ready;
      tellers.set(runtime, tell);
      const problem = await page.evaluate((name) => globalThis.runIn(name), runtime);
      if (problem) throw new Error(problem);
    },
    version: () => version,
    output: () => output,
    async stop() {
      const [browser, site] = await opening;
      await browser.close();
      await site.close();
    },
  };
}
