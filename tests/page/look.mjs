// How the page looks and is used: widths, colours, keys, code. Leaves screenshots in test-results/.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { allRun, broadcast, LANES, lastOf, listenerOf, openPage, pause, startServer, until } from './support.mjs';

const RESULTS = fileURLToPath(new URL('../../test-results/', import.meta.url));

/** @param {string} script the server @param {() => import('./support.mjs').Browser} browser */
export function look(script, browser) {
  describe('the look of the page', () => {
    /** @type {import('./support.mjs').Server} */
    let server;
    before(async () => {
      mkdirSync(RESULTS, { recursive: true });
      server = await startServer(script);
    });
    after(() => server?.stop());

    /** Opens the page, as long as a test runs. @param {import('node:test').TestContext} t @param {object} [options] */
    const open = async (t, options) => {
      const opened = await openPage(browser(), server.url, options);
      t.after(() => opened.context.close());
      return opened;
    };

    for (const width of [1280, 390]) {
      for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
        test(`${width} pixels wide, ${colorScheme}: all of it fits, and can be read`, async (t) => {
          const height = width === 390 ? 844 : 900;
          const { page } = await open(t, { viewport: { width, height }, colorScheme });
          await allRun(page);
          await pause(2000);
          await listenerOf(page, 'server', 'B').getByRole('button', { name: 'Stop' }).click();
          await broadcast(page, 'news', '{ "hello": "everybody" }');
          await pause(2000);
          await listenerOf(page, 'worker', 'A').getByRole('button', { name: 'Dispatch' }).click();
          await pause(500);
          await page.screenshot({ path: `${RESULTS}page-${width}-${colorScheme}.png`, fullPage: true });
          await fits(page, width);
          assert.deepEqual(await faint(page), []);

          for (const summary of await page.locator('summary').all()) await summary.click();
          await until(async () => assert.equal(await page.locator('pre code:empty').count(), 0));
          await page.screenshot({ path: `${RESULTS}page-${width}-${colorScheme}-code.png`, fullPage: true });
          await fits(page, width);
        });
      }
    }

    test('every width from 320 to 2560 pixels fits, with long words too', async (t) => {
      const { page } = await open(t);
      await allRun(page);
      await broadcast(page, 'a-type-that-is-far-too-long-for-its-column', JSON.stringify({ word: 'x'.repeat(500) }));
      for (const width of [320, 360, 390, 600, 640, 768, 1024, 1079, 1080, 1280, 1440, 1920, 2560]) {
        await page.setViewportSize({ width, height: 800 });
        await fits(page, width);
      }
    });

    test('one broadcast, by keys alone', async (t) => {
      const { page } = await open(t);
      await allRun(page);
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'type');
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type('keys');
      await page.keyboard.press('Tab');
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type('"alone"');
      await page.keyboard.press('Tab');
      const outline = await page.evaluate(
        () => getComputedStyle(/** @type {Element} */ (document.activeElement)).outlineStyle,
      );
      assert.equal(outline, 'solid');
      await page.keyboard.press('Enter');
      for (const lane of LANES)
        await until(async () => assert.deepEqual(await lastOf(page, lane, 'B', 1), [['keys', 'alone']]));

      // From there on: the lane's button, its slider, its listeners' buttons, its code.
      const names = [];
      for (let i = 0; i < 7; i++) {
        await page.keyboard.press('Tab');
        names.push(
          await page.evaluate(
            () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
          ),
        );
      }
      assert.deepEqual(names, [
        'Broadcast here, Server',
        'Ticks per second, Server',
        'Dispatch to listener A, Server',
        'Stop listener A, Server',
        'Dispatch to listener B, Server',
        'Stop listener B, Server',
        'The lines that run it',
      ]);
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Space');
      await until(async () =>
        assert.equal(await listenerOf(page, 'server', 'B').locator('.state').textContent(), 'stopped'),
      );
      assert.equal(
        await page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
        'Start listener B, Server',
      );
    });

    test('every control has a name, and nothing moves for who wants it so', async (t) => {
      const { page } = await open(t, { reducedMotion: 'reduce' });
      const nameless = await page.locator('button, input, summary, canvas, section').evaluateAll((elements) =>
        elements
          .filter((element) => {
            const labels = /** @type {HTMLInputElement} */ (element).labels?.length;
            return (
              !labels &&
              !element.textContent?.trim() &&
              !element.getAttribute('aria-label') &&
              !element.getAttribute('aria-labelledby')
            );
          })
          .map((element) => element.outerHTML),
      );
      assert.deepEqual(nameless, []);
      assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    });

    test('the code that is shown is the code that runs', async (t) => {
      const { page } = await open(t);
      for (const summary of await page.locator('summary').all()) await summary.click();
      const shownNow = () =>
        page
          .locator('.source')
          .evaluateAll((sources) =>
            sources.flatMap((source) =>
              Array.from(source.querySelectorAll('p'), (p) => [
                p.textContent ?? '',
                p.nextElementSibling?.textContent ?? '',
              ]),
            ),
          );
      await until(async () =>
        assert.deepEqual(
          (await shownNow()).map(([, code = '']) => code !== ''),
          Array(8).fill(true),
        ),
      );
      const shown = await shownNow();
      for (const [caption = '', code = ''] of shown) {
        const [, file = ''] = /from (www\/\S+)$/.exec(caption) ?? [];
        const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
        for (const line of code.split('\n')) assert.ok(source.includes(line), `${file} has no line ${line}`);
        assert.ok(code.split('\n').length > 1, `${file}: ${code}`);
      }
    });
  });
}

/** @param {import('./support.mjs').Page} page @param {number} width */
async function fits(page, width) {
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const outside = Array.from(document.querySelectorAll('body *')).filter((element) => {
      if (element.closest('.messages li')) return false;
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (right > clientWidth + 0.5 || left < -0.5);
    });
    return {
      scrolls: scrollWidth > clientWidth,
      outside: outside.map(({ className, tagName }) => `${tagName}.${className}`),
    };
  });
  assert.deepEqual(wide, { scrolls: false, outside: [] }, `at ${width} pixels`);
}

/** Texts whose contrast is less than 4.5 to 1. @param {import('./support.mjs').Page} page */
const faint = (page) =>
  page.evaluate(() => {
    const channels = (/** @type {string} */ colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (/** @type {number[]} */ rgb) => {
      const [r = 0, g = 0, b = 0] = rgb
        .slice(0, 3)
        .map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    /** @returns {number[]} */
    const behind = (/** @type {Element | null} */ element) => {
      if (!element) return [255, 255, 255];
      const colour = channels(getComputedStyle(element).backgroundColor);
      const [, , , alpha = 1] = colour;
      if (alpha === 1) return colour;
      return behind(element.parentElement).map((value, i) => value * (1 - alpha) + (colour[i] ?? 0) * alpha);
    };
    const texts = Array.from(document.querySelectorAll('body *')).filter((element) => {
      return (
        element.checkVisibility() &&
        Array.from(element.childNodes).some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim())
      );
    });
    return texts.flatMap((element) => {
      const [a = 0, b = 0] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort(
        (x, y) => y - x,
      );
      const contrast = (a + 0.05) / (b + 0.05);
      return contrast < 4.5
        ? [`${element.className || element.tagName} ${element.textContent}: ${contrast.toFixed(2)}`]
        : [];
    });
  });
