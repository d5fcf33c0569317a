// Helpers for the page's tests: a server as its users start it, a browser's window, and the page's
// parts by name.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const NODE = 'www/serve.mjs';
export const WORKERD = 'www/serve-workerd.mjs';
export const LANES = ['server', 'worker', 'service-worker'];

/**
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('playwright-core').Browser} Browser
 * @typedef {{ id: string, type: string, data: string, times: string }} Row
 * @typedef {Awaited<ReturnType<typeof startServer>>} Server
 */

/** Servers that run: none outlives the tests, even when those are ended. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGTERM')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Starts a server, and waits for its address. @param {string} script @param {string} [port] */
export async function startServer(script, port = '0') {
  const child = spawn(process.execPath, [script], {
    cwd: ROOT,
    env: { ...process.env, PORT: port },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const ended = once(child, 'exit').finally(() => running.delete(child));
  let output = '';
  /** @type {string} */
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => {
      output += text;
      const [address] = /^http:\/\/127\.0\.0\.1:\d+\/$/m.exec(output) ?? [];
      if (address) resolve(address);
    });
    ended.then(() => reject(new Error(`${script} has ended without an address: ${output}`)));
  });
  return {
    url,
    /** The output of the process. */
    output: () => output,
    /** Ends it as Ctrl-C does. Returns its exit code, and how long that took. */
    async stop() {
      const start = performance.now();
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      const [code] = await ended;
      clearTimeout(timer);
      return { code, milliseconds: performance.now() - start };
    },
  };
}

/**
 * Opens the page in a browser context of its own.
 *
 * @param {Browser} browser
 * @param {string} url
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function openPage(browser, url, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(15_000);
  /** @type {string[]} */
  const troubles = [];
  /** @type {Set<string>} */
  const hosts = new Set();
  context.on('request', (request) => hosts.add(new URL(request.url()).host));
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
  });
  context.on('weberror', (error) => troubles.push(String(error.error())));
  const page = await context.newPage();
  await page.goto(url);
  return { context, page, troubles, hosts };
}

/** Waits until every listener of the page runs. @param {Page} page */
export async function allRun(page) {
  await until(async () => {
    const states = await page.locator('.listener .state').allTextContents();
    assert.deepEqual(states, Array(6).fill('running'));
  });
}

/** Waits until something holds, at most so many milliseconds. @param {() => Promise<void>} check */
export async function until(check, milliseconds = 40_000) {
  const end = performance.now() + milliseconds;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await pause(50);
  }
}

/** @param {number} milliseconds */
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @param {Page} page @param {string} lane @param {string} name */
export const listenerOf = (page, lane, name) => page.locator(`#${lane} .listener[data-listener="${name}"]`);

/** The entries that a listener shows, the oldest first, without automatic ones. @param {Page} page @param {string} lane @param {string} name */
export async function rowsOf(page, lane, name) {
  const rows = await listenerOf(page, lane, name)
    .locator('.messages li:not([hidden])')
    .evaluateAll((items) => items.map((item) => Array.from(item.children, (cell) => cell.textContent ?? '')));
  return rows
    .reverse()
    .map(([id = '', type = '', data = '', times = '']) => ({ id, type, data, times }))
    .filter(({ type }) => type !== 'tick' && type !== 'rate');
}

/** The types and data of the last rows. @param {Page} page @param {string} lane @param {string} name @param {number} count */
export const lastOf = async (page, lane, name, count) =>
  (await rowsOf(page, lane, name)).slice(-count).map(({ type, data }) => [type, data]);

/** A counter of a listener. @param {Page} page @param {string} lane @param {string} name @param {'delivered' | 'waiting'} counter */
export async function countOf(page, lane, name, counter) {
  return Number((await listenerOf(page, lane, name).locator(`.${counter}`).textContent())?.replaceAll(',', ''));
}

/** Fills in the message. @param {Page} page @param {string} type @param {string} payload */
export async function compose(page, type, payload) {
  await page.getByLabel('Type').fill(type);
  await page.getByLabel('Payload').fill(payload);
}

/** Broadcasts in all lanes, and waits until that is done. @param {Page} page @param {string} type @param {string} payload */
export async function broadcast(page, type, payload) {
  await compose(page, type, payload);
  await page.locator('#notice').evaluate((notice) => (notice.textContent = ''));
  await page.getByRole('button', { name: 'Broadcast to all lanes' }).click();
  await until(async () => assert.match(String(await page.locator('#notice').textContent()), /^Broadcast/));
}

/** Moves a lane's slider by keys: to its start, then so many steps up. @param {Page} page @param {string} lane @param {number} stop */
export async function setRate(page, lane, stop) {
  const slider = page.locator(`#${lane} input[type=range]`);
  await slider.press('Home');
  for (let i = 0; i < stop; i++) await slider.press('ArrowRight');
  // On a busy machine Chromium may pass over a key that comes too soon after another one.
  await until(async () => {
    if (Number(await slider.inputValue()) < stop) await slider.press('ArrowRight');
    assert.equal(Number(await slider.inputValue()), stop);
  });
}

/** Ends the ticks everywhere, so that nothing comes but what a test sends. @param {Page} page */
export async function quiet(page) {
  for (const lane of LANES) await setRate(page, lane, 0);
  await until(async () => {
    const before = await page.locator('.delivered').allTextContents();
    await pause(300);
    assert.deepEqual(await page.locator('.delivered').allTextContents(), before);
    // A busy machine has a backlog to show first.
  }, 60_000);
}
