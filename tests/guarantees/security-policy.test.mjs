// What a content security policy has to allow: WebAssembly where the package itself runs, and the
// connection alone for a page with an EventSource.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { SSEChannel } from 'eric-sse';
import { launchBrowser } from '../browser.mjs';
import { served } from '../js/lib/site.mjs';

const DIST = new URL('../../dist/', import.meta.url);
const SCRIPTS = {
  '/use.js': `import { SSEChannel } from '/dist/index.js';
    const channel = new SSEChannel();
    const events = channel.watch();
    channel.broadcast({ type: 'said', payload: 'hello' });
    document.title = (await events.next()).value.data;`,
  '/source.js': `new EventSource('/events').addEventListener('said', ({ data }) => (document.title = data));`,
  '/page-of-worker.js': `const worker = new Worker('/worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => (document.title = data);
    worker.onerror = () => (document.title = 'the worker failed');`,
  '/worker.js': `import { SSEChannel } from '/dist/index.js';
    postMessage('made ' + new SSEChannel().constructor.name);`,
};

/** @type {Awaited<ReturnType<typeof launchBrowser>>} */
let browser;
/** @type {Awaited<ReturnType<typeof served>>} */
let server;
/** The policy of the page, and that of its scripts, which a worker obeys. */
let policies = { page: '', script: '' };
const channel = new SSEChannel();
before(async () => {
  browser = await launchBrowser();
  server = await served((request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/events') return channel.response(request);
    const script = pathname.startsWith('/dist/')
      ? readFileSync(new URL(pathname.slice('/dist/'.length), DIST), 'utf8')
      : SCRIPTS[pathname];
    const headers = (type, policy) => ({ headers: { 'Content-Type': type, 'Content-Security-Policy': policy } });
    if (script !== undefined) return new Response(script, headers('text/javascript', policies.script));
    const html = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${searchParams.get('script')}"></script>`;
    return new Response(html, headers('text/html', policies.page));
  });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens a page with one script, and returns it with the errors that it had. */
async function open(context, script, page, ofScript = page) {
  policies = { page, script: ofScript };
  const opened = await browser.newPage();
  context.after(() => opened.close());
  /** @type {string[]} */
  const errors = [];
  opened.on('pageerror', (error) => errors.push(error.message));
  await opened.goto(new URL(`/?script=${script}`, server.url).href);
  return {
    errors,
    titled: (title) => opened.waitForFunction((wanted) => document.title === wanted, title, { timeout: 10_000 }),
  };
}

test("a page that runs the package needs 'wasm-unsafe-eval'", async (context) => {
  const { titled } = await open(context, '/use.js', "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'");
  await titled('hello');
});

test('without it the import fails, and the error names the policy', async (context) => {
  const { errors } = await open(context, '/use.js', "default-src 'none'; script-src 'self'");
  for (let tried = 0; tried < 100 && errors.length === 0; tried++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.match(errors[0] ?? '', /WebAssembly.*Content Security/);
});

test('a page with an EventSource needs connect-src alone', async (context) => {
  const { titled } = await open(context, '/source.js', "default-src 'none'; script-src 'self'; connect-src 'self'");
  while (channel.listenerCount === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  channel.broadcast({ type: 'said', payload: 'over the network' });
  await titled('over the network');
});

test('a worker obeys the policy of its own script, not that of its page', async (context) => {
  const page = "default-src 'none'; script-src 'self'; worker-src 'self'";
  const refused = await open(context, '/page-of-worker.js', page, "script-src 'self'");
  await refused.titled('the worker failed');
  const allowed = await open(context, '/page-of-worker.js', page, "script-src 'self' 'wasm-unsafe-eval'");
  await allowed.titled('made SSEChannel');
});
