// The README's JavaScript examples, run where they say that they run, and the names in its
// reference. Its Rust example is a documentation test of the crate.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { promisify } from 'node:util';
import * as eric from 'eric-sse';
import * as backend from 'eric-sse/backend';
import * as multiplex from 'eric-sse/multiplex';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { BEGIN, END, ratiosOf } from '../../scripts/lib/bench-ratios.mjs';
import { launchBrowser } from '../browser.mjs';
import { HOSTS } from '../js/lib/places.mjs';
import { BodyReader } from '../js/suite/lib/body.mjs';
import { example, pageWith, resolved, ROOT as root } from './documents.mjs';

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

/**
 * A server on loopback and a browser, for the tests of the suite that asks for them.
 *
 * @param {() => Promise<import('node:http').RequestListener>} prepare
 */
function serverAndBrowser(prepare) {
  const here = {};
  before(async () => {
    here.server = createServer(await prepare());
    await new Promise((resolve) => here.server.listen(0, '127.0.0.1', resolve));
    here.url = `http://127.0.0.1:${here.server.address().port}/`;
    here.browser = await launchBrowser();
  });
  after(async () => {
    await here.browser?.close();
    here.server?.closeAllConnections();
    here.server?.close();
  });
  return here;
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
    const text = (await response.text()).replace(/^event: _eric_position\nid: .*\ndata:\n|^id: .*\n/gm, '');
    assert.equal(
      text,
      'retry: 15000\n\n' +
        [0, 50, 100].map((percent) => `event: progress\ndata: {"percent":${percent}}\n\n`).join('') +
        'event: _eric_channel_closed\ndata:\n\n',
    );
  });

  test('its client, in a browser, shows the progress once and does not reconnect', async () => {
    let asked = 0;
    const server = createServer(async (request, response) => {
      if (request.url === '/page')
        return response
          .setHeader('Content-Type', 'text/html')
          .end('<!doctype html><script type="module" src="/client.js"></script>');
      if (request.url === '/client.js')
        return response.setHeader('Content-Type', 'text/javascript').end(example('client.js'));
      if (request.url !== '/') return response.writeHead(404).end();
      asked++;
      const { headers, body } = await workerd.dispatchFetch('http://localhost/');
      response.writeHead(200, Object.fromEntries(headers));
      // A client that reconnects does so soon.
      for await (const chunk of body) response.write(String(Buffer.from(chunk)).replace('retry: 15000', 'retry: 50'));
      response.end();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const said = [];
      page.on('console', (message) => message.type() === 'log' && said.push(message.text()));
      await page.goto(`http://127.0.0.1:${server.address().port}/page`);
      while (said.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.deepEqual(said, ['0', '50', '100']);
      assert.equal(asked, 1);
    } finally {
      await browser.close();
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('the example of an async iterator, in a dedicated worker of a browser', () => {
  const files = new Map([['/', ['text/html', '<!doctype html><title>README</title>']]]);
  const here = serverAndBrowser(async () => {
    files.set('/worker.js', [
      'text/javascript',
      await bundle('worker.js', { format: 'iife', conditions: ['browser'] }),
    ]);
    return (request, response) => {
      const [type, body] = files.get(request.url) ?? ['text/plain', ''];
      response.writeHead(body ? 200 : 404, { 'Content-Type': type }).end(body);
    };
  });

  test('reads three ticks, leaves, and reads the same three late', async () => {
    const page = await here.browser.newPage();
    await page.goto(here.url);
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
    assert.deepEqual(
      received.map(({ event, late }) => event ?? `late ${late}`),
      [...Array(3).fill('tick'), ...Array(3).fill('late tick')],
    );
    const ids = received.map(({ id }) => id);
    assert.deepEqual(ids.slice(0, 3), ids.slice(3));
    assert.deepEqual(
      ids.slice(0, 3).map((id) => id.split('-')[1]),
      ['1', '2', '3'],
    );
  });
});

describe('the example of the guarantees', () => {
  const said = [];
  let page;

  before(async () => {
    const text = resolved(example('guarantees.js'));
    page = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    mock.method(console, 'log', (...words) => said.push(words));
  });
  after(() => mock.restoreAll());

  test('a user who reconnects continues where the connection broke, and receives nothing of other rooms or of their own', async () => {
    const subscribe = (lastEventId) => {
      const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
      return new BodyReader(page.subscribe(new Request('http://localhost/', { headers }), 'user-7', 'kitchen'));
    };
    const first = subscribe();
    page.say('user-8', 'kitchen', 'one');
    page.say('user-8', 'cellar', 'not here');
    page.say('user-7', 'kitchen', 'my own');
    const [one] = await first.events(1);
    await first.cancel();
    assert.deepEqual(said, [['user-7', 'cancelled', 1]]);
    page.say('user-8', 'kitchen', 'two');
    const again = subscribe(one.lastEventId);
    const [two] = await again.events(1);
    assert.deepEqual(
      [one, two].map(({ data }) => JSON.parse(data).text),
      ['one', 'two'],
    );
    await again.cancel();
  });
});

describe('the example of a server of Node', () => {
  test('streams the visits, from one address, to whoever listens at the other', async () => {
    const source = example('node.js');
    assert.ok(source.includes("listen(8080, '127.0.0.1')"));
    const here = resolved(source)
      // Any free port, and a server that the test can close.
      .replace('createServer((', 'export const server = createServer((')
      .replace('listen(8080', 'listen(0');
    const { server } = await import(`data:text/javascript,${encodeURIComponent(here)}`);
    try {
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
      const url = `http://127.0.0.1:${server.address().port}`;
      const reader = new BodyReader(await fetch(`${url}/events`));
      await reader.chunk();
      for (const path of ['/one', '/two']) assert.equal(await (await fetch(url + path)).text(), 'ok\n');
      const events = await reader.events(2);
      assert.deepEqual(
        events.map(({ type, data }) => [type, data]),
        [
          ['visit', '/one'],
          ['visit', '/two'],
        ],
      );
      await reader.cancel();
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('the example of a service worker, in a browser', () => {
  const here = serverAndBrowser(async () => {
    const worker = await bundle('service-worker.js', { format: 'iife', conditions: ['browser'] });
    return (request, response) => {
      const script = request.url === '/sw.js';
      response
        .writeHead(200, { 'Content-Type': script ? 'text/javascript' : 'text/html' })
        .end(script ? worker : '<!doctype html>');
    };
  });

  test('an EventSource of the page gets what a page says', async () => {
    const { browser, url } = here;
    const page = await browser.newPage();
    await page.goto(url);
    // The example takes over no page that is open already: the next one is its own.
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/sw.js');
      await navigator.serviceWorker.ready;
    });
    await page.goto(url);
    const said = await page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const source = new EventSource('/events');
          source.onopen = () => navigator.serviceWorker.controller.postMessage('hello');
          source.onerror = () => reject(new Error('the EventSource was refused'));
          source.addEventListener('said', ({ data, lastEventId }) => {
            source.close();
            resolve([data, lastEventId]);
          });
        }),
    );
    assert.equal(said[0], 'hello');
    assert.match(said[1], /-1$/);
  });
});

describe('the table of runtimes', () => {
  const { text } = pageWith('<!-- conformance -->');
  const table = text.slice(text.indexOf('<!-- conformance -->'), text.indexOf('<!-- /conformance -->'));
  const rows = [...table.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| (\d+) \| (\d+) \|$/gm)].map(
    ([, ...cells]) => cells,
  );

  test('names every place that the suite runs in, and all of its tests have passed in each', () => {
    const places = Object.values(HOSTS).flatMap(({ name, places }) =>
      Object.values(places).map((place) => `${name}, ${place}`),
    );
    // Whoever runs this with another Node than the table's has one row of another name.
    const own = `Node ${process.versions.node.split('.')[0]}, `;
    const listed = rows.map(([runtime, , place]) => `${runtime}, ${place}`);
    assert.deepEqual(
      places.filter((place) => !place.startsWith(own) && !listed.includes(place)),
      [],
    );
    assert.equal(listed.length, places.length);
    for (const [runtime, version, place, tests, passed] of rows) {
      assert.match(version, /^\d+\.\d+/, `${runtime}, ${place}`);
      assert.ok(Number(tests) > 1000);
      assert.equal(passed, tests);
    }
  });
});

test("the example of tests, as a user's test", async () => {
  const text = resolved(example('testing.js'));
  const folder = mkdtempSync(path.join(tmpdir(), 'eric-sse-readme-'));
  try {
    writeFileSync(path.join(folder, 'example.test.mjs'), text);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--test', '--test-reporter=tap', 'example.test.mjs'],
      { cwd: folder, env },
    );
    assert.match(stdout, /^# pass 2$/m);
    assert.match(stdout, /^# fail 0$/m);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('the table of defaults', () => {
  const { SSEChannel, MessageQueueListener, AbstractChannel } = eric;
  /** What a message weighs with a type of one byte and no data. */
  const OVERHEAD = 256 + 1;
  const fill = (channel, count, bytes = OVERHEAD) => {
    for (let sent = 0; sent < count; sent++) channel.broadcast({ type: 'a', payload: 'x'.repeat(bytes - OVERHEAD) });
  };
  const kept = (channel) => channel.stats().history;

  test('a channel keeps 1,024 messages or 1 MiB; an AbstractChannel keeps none', () => {
    const [many, heavy, none] = [new SSEChannel(), new SSEChannel(), new (class extends AbstractChannel {})()];
    fill(many, 2000);
    assert.deepEqual(kept(many), { messages: 1024, bytes: 1024 * OVERHEAD });
    fill(heavy, 40, 65_536);
    assert.deepEqual(kept(heavy), { messages: 16, bytes: 1024 * 1024 });
    fill(none, 10);
    assert.deepEqual(kept(none), { messages: 0, bytes: 0 });
  });

  test('for 300 seconds', () => {
    const now = performance.now.bind(performance);
    const channel = new SSEChannel();
    fill(channel, 1);
    const { id } = channel;
    for (const [seconds, messages] of [
      [299, 1],
      [301, 0],
    ]) {
      mock.method(performance, 'now', () => now() + seconds * 1000);
      assert.deepEqual(kept(channel), { messages, bytes: messages * OVERHEAD }, `${id} after ${seconds} seconds`);
      mock.restoreAll();
    }
  });

  test('a response is disconnected at 1,025 messages, or above 1 MiB', async () => {
    for (const [most, bytes] of [
      [1024, OVERHEAD],
      [16, 65_536],
    ]) {
      const channel = new SSEChannel();
      const reasons = [];
      const response = channel.response(null, { onClose: ({ reason }) => reasons.push(reason) });
      fill(channel, most, bytes);
      assert.equal(channel.listenerCount, 1);
      fill(channel, 1, bytes);
      assert.equal(channel.listenerCount, 0);
      await response.text();
      assert.deepEqual(reasons, ['full']);
    }
  });

  test('a listener in this process is unbounded', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    fill(channel, 20_000);
    assert.equal(listener.stats().queued, 20_000);
  });

  test('one that is bounded drops the oldest', () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener();
    channel.registerListener(listener, { queue: { messages: 2 } });
    fill(channel, 5);
    assert.deepEqual([listener.stats().queued, listener.stats().dropped.overflow], [2, 3]);
  });

  test('the first look at an idle response is due after 15 seconds, at one that nobody reads after 60', async () => {
    const delays = [];
    const set = globalThis.setTimeout;
    mock.method(
      globalThis,
      'setTimeout',
      (callback, delay, ...rest) => (delays.push(delay), set(callback, delay, ...rest)),
    );
    const idle = new SSEChannel().response();
    const reader = idle.body.getReader();
    mock.restoreAll();
    // Before it is read what it starts with waits to be taken; the heartbeat that is due is no
    // heartbeat, but it is looked at.
    assert.equal(delays.length, 1);
    assert.ok(delays[0] > 14_900 && delays[0] <= 15_001, `${delays[0]}`);
    await reader.cancel();
    delays.length = 0;
    mock.method(
      globalThis,
      'setTimeout',
      (callback, delay, ...rest) => (delays.push(delay), set(callback, delay, ...rest)),
    );
    const unread = new SSEChannel().response(null, { heartbeatSeconds: 0 });
    mock.restoreAll();
    assert.ok(delays[0] > 59_900 && delays[0] <= 60_001, `${delays[0]}`);
    await unread.body.cancel();
  });
});

test('the ratios of the README are those of the last bench', () => {
  const { cases } = JSON.parse(readFileSync(`${root}docs/performance.json`, 'utf8'));
  const { text } = pageWith(BEGIN);
  assert.equal(text.split(`${BEGIN}\n`)[1].split(`\n${END}`)[0], ratiosOf(cases));
});

describe('the reference', () => {
  const { text } = pageWith('| JavaScript | Rust | what it does |');
  const rows = text.slice(text.indexOf('| JavaScript |')).split('\n\n', 1)[0].split('\n');
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

test('the page of the entries names what they export beside the main entry', async () => {
  const { text } = pageWith('## Exports of the other entries');
  const worker = readFileSync(`${root}js/entries/cloudflare.ts`, 'utf8');
  const names = [...worker.matchAll(/^export \{ (\w+) \}/gm)].map(([, name]) => name);
  assert.equal(names.length, 3);
  for (const entry of [
    'slim',
    'node',
    'service-worker',
    'multiplex',
    'backend',
    'backend-testing',
    'sqlite',
    'testing',
  ])
    names.push(...Object.keys(await import(`eric-sse/${entry}`)).filter((name) => !(name in eric)));
  for (const name of names) assert.match(text, new RegExp(`\`(new )?${name}[(\`]`), name);
});

describe('the table of exceptions', () => {
  for (const [, name, code] of pageWith('| exception | `code` | when |').text.matchAll(
    /^\| `(\w+)` \| `(ERIC_\w+)` \|/gm,
  )) {
    test(`gives ${name} its code`, () => {
      const exception = new { ...eric, ...multiplex, ...backend }[name]('text', 'empty');
      assert.ok(exception instanceof Error);
      assert.deepEqual([exception.name, exception.code], [name, code]);
    });
  }
});
