// The oldest browser of all: a Chromium that refuses to compile more than 4 kB synchronously in a
// window.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { launchBrowser } from '../browser.mjs';
import { served } from '../js/lib/site.mjs';

const executablePath = process.env.ERIC_CHROMIUM109;
const skip = executablePath ? false : 'there is no package of Chromium 109 for this platform';
const DIST = new URL('../../dist/', import.meta.url);

/** The exports of an entry that a program imports. */
const PROGRAM = `
  const { SSEChannel, init } = await import('/ENTRY.js');
  await init?.('/eric_sse_bg.wasm');
  const channel = new SSEChannel();
  const reader = channel.response().body.getReader();
  const stream = channel.watch();
  channel.broadcast({ type: 'tick', payload: 1 });
  const { value } = await stream.next();
  const { value: bytes } = await reader.read();
  await reader.cancel();
  return [value.event, value.data, /^event: [a-z].*$/m.exec(new TextDecoder().decode(bytes))?.[0]];
`;
const seen = (entry) =>
  `(async () => { ${PROGRAM.replace('ENTRY', entry)} })().catch((error) => [error.name, error.message])`;
const WORKER = `${seen('index')}.then(postMessage);`;

describe('Chromium 109', { skip }, () => {
  let site;
  let browser;
  let page;
  before(async () => {
    site = await served(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/') return new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } });
      const type = pathname.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
      const body = pathname === '/worker.js' ? WORKER : await readFile(new URL(`.${pathname}`, DIST));
      return new Response(body, { headers: { 'Content-Type': type } });
    });
    browser = await launchBrowser({ executablePath });
    page = await browser.newPage();
    await page.goto(site.url);
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });

  test('it is the one that is meant', () => {
    assert.match(browser.version(), /^109\./);
  });

  test('in a window the default entry says which entry to use', async () => {
    assert.deepEqual(await page.evaluate(seen('index')), [
      'Error',
      'this browser needs eric-sse/slim, and `await init(url)`',
    ]);
  });

  test('in a window eric-sse/slim works', async () => {
    assert.deepEqual(await page.evaluate(seen('slim')), ['tick', 1, 'event: tick']);
  });

  test('in a worker the default entry works', async () => {
    const told = page.evaluate(
      () =>
        new Promise((resolve) => {
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => resolve(message);
        }),
    );
    assert.deepEqual(await told, ['tick', 1, 'event: tick']);
  });
});
