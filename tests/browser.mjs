// The browser of the tests: the one that the system has, with the flags that the Rust tests use
// too.

import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { findChrome } from '../scripts/lib/browser.mjs';

const webdriver = JSON.parse(readFileSync(new URL('../webdriver.json', import.meta.url), 'utf8'));

/**
 * Launches headless Chromium. The caller closes it.
 * @param {import('playwright-core').LaunchOptions} [options]
 */
export function launchBrowser({ args = [], executablePath = findChrome(), ...options } = {}) {
  if (!executablePath) throw new Error('no Chromium or Chrome found: run `npm run setup`, or name one in CHROME_BIN');
  return chromium.launch({ executablePath, args: [...webdriver['goog:chromeOptions'].args, ...args], ...options });
}
