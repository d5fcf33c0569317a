// The README's JavaScript examples, run where they say that they run, and the names in its reference.
// Its Rust example is a documentation test of the crate.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import * as eric from 'eric-sse';
import { launchBrowser } from '../browser.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');

/** @param {string} name */
function example(name) {
  const found = readme.match(new RegExp(`<!-- example: ${name} -->\\n\`\`\`js\\n([^]*?)\`\`\``));
  assert.ok(found, `the README has no example ${name}`);
  return found[1];
}

/** Bundles an example as its user's bundler would. */
async function bundle(name, options) {
  const result = await build({
    stdin: { contents: example(name), resolveDir: root, sourcefile: name },
    bundle: true,
    write: false,
    target: 'es2022',
    logLevel: 'error',
    ...options,
  });
  return result.outputFiles[0].text;
}

describe('the example of a Response at the edge, on workerd', () => {
  /** @type {Miniflare} */
  let workerd;

  before(async () => {
    const script = await bundle('edge.js', {
      format: 'esm',
      conditions: ['workerd'],
      external: ['*.wasm'],
    });
    workerd = new Miniflare({
      compatibilityDate: '2026-04-01',
      modules: [
        { type: 'ESModule', path: 'worker.js', contents: script },
        { type: 'CompiledWasm', path: 'eric_sse_bg.wasm', contents: readFileSync(`${root}dist/eric_sse_bg.wasm`) },
      ],
    });
    await workerd.ready;
  });
  after(() => workerd?.dispose());

  test('streams the progress and says that it is over', async () => {
    const response = await workerd.dispatchFetch('http://localhost/');
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    const text = (await response.text()).replace(/^id: .*\n/gm, '');
    assert.equal(
      text,
      'retry: 15000\n\n' +
        [0, 50, 100].map((percent) => `event: progress\ndata: {"percent":${percent}}\n\n`).join('') +
        'event: _eric_channel_closed\ndata:\n\n',
    );
  });
});

describe('the example of an async iterator, in a dedicated worker of a browser', () => {
  let server, browser;
  const files = new Map([['/', ['text/html', '<!doctype html><title>README</title>']]]);

  before(async () => {
    files.set('/worker.js', ['text/javascript', await bundle('worker.js', { format: 'iife', conditions: ['browser'] })]);
    server = createServer((request, response) => {
      const [type, body] = files.get(request.url) ?? ['text/plain', ''];
      response.writeHead(body ? 200 : 404, { 'Content-Type': type }).end(body);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  test('reads three ticks, leaves, and reads the same three late', async () => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const received = await page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const messages = [];
          const worker = new Worker('/worker.js');
          worker.onerror = (event) => reject(new Error(event.message));
          worker.onmessage = ({ data }) => {
            messages.push(data);
            if (messages.length === 6) resolve(messages);
          };
        }),
    );
    assert.deepEqual(received.map(({ event, late }) => event ?? `late ${late}`), [
      ...Array(3).fill('tick'),
      ...Array(3).fill('late tick'),
    ]);
    const ids = received.map(({ id }) => id);
    assert.deepEqual(ids.slice(0, 3), ids.slice(3));
    assert.deepEqual(ids.slice(0, 3).map((id) => id.split('-')[1]), ['1', '2', '3']);
  });
});

describe('the reference', () => {
  const rows = readme.slice(readme.indexOf('## Reference'), readme.indexOf('| exception |')).split('\n');
  const members = rows.filter((row) => row.startsWith('| `')).map((row) => row.split(' | ')[0]);
  const names = members.flatMap((cell) => [...cell.matchAll(/`(?:new )?(\w+)/g)].map(([, name]) => name));

  test('names at least what the issue of the core names', () => {
    assert.ok(names.length >= 30, `only ${names.length} names were found`);
  });

  const classes = Object.values(eric).filter((value) => typeof value === 'function');
  for (const name of new Set(names)) {
    test(`names ${name}, which exists`, () => {
      const instance = new eric.MessageQueueListener();
      const exists = name in eric || name in instance || classes.some(({ prototype }) => name in prototype);
      assert.ok(exists, `${name} is in no class`);
    });
  }
});

describe('the table of exceptions', () => {
  for (const [, name, code] of readme.matchAll(/^\| `(\w+)` \| `(ERIC_\w+)` \|/gm)) {
    test(`gives ${name} its code`, () => {
      const exception = new eric[name]('text', 'empty');
      assert.ok(exception instanceof Error);
      assert.deepEqual([exception.name, exception.code], [name, code]);
    });
  }
});
