// The server side by itself: what it answers, good requests and bad.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { pause, startServer, until } from './support.mjs';

/** @param {string} name @param {string} script */
export function requests(name, script) {
  describe(`requests, with ${name}`, () => {
    /** @type {import('./support.mjs').Server} */
    let server;
    before(async () => void (server = await startServer(script)));
    after(() => server?.stop());

    /** @param {string} path @param {RequestInit} [init] */
    const ask = (path, init) => fetch(new URL(path, server.url), init);
    /** @param {string} path @param {unknown} body @param {string} [type] */
    const post = (path, body, type = 'application/json') => {
      return ask(path, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    };
    const stats = async () => (await ask('/stats')).json();

    test('the page and the package are served with their types and a strict policy', async () => {
      const types = {
        '/': 'text/html',
        '/style.css': 'text/css',
        '/page/main.js': 'text/javascript',
        '/handler.mjs': 'text/javascript',
        '/dist/index.js': 'text/javascript',
        '/dist/eric_sse_bg.wasm': 'application/wasm',
        '/favicon.svg': 'image/svg+xml',
      };
      for (const [path, type] of Object.entries(types)) {
        for (const method of ['GET', 'HEAD']) {
          const response = await ask(path, { method });
          const length = (await response.arrayBuffer()).byteLength;
          assert.equal(response.status, 200, path);
          assert.equal(response.headers.get('Content-Type')?.split(';')[0], type);
          assert.equal(response.headers.get('X-Content-Type-Options'), 'nosniff');
          assert.match(
            String(response.headers.get('Content-Security-Policy')),
            /^default-src 'self'; script-src 'self' 'wasm-unsafe-eval'/,
          );
          assert.equal(length > 0, method === 'GET');
        }
      }
    });

    test('a path that is no file of the page is not served', async () => {
      const paths = [
        '/../package.json',
        '/..%2fpackage.json',
        '/%2e%2e/package.json',
        '/%2e%2e%2fpackage.json',
        '/dist/../../package.json',
        '/dist/..%2f..%2fpackage.json',
        '/dist/%2e%2e/package.json',
        '/..%5cpackage.json',
        '/..\\package.json',
        '//etc/passwd',
        '/page/..%2f..%2fCargo.toml',
        '/.gitignore',
        '/dist/.stamp',
        '/page',
        '/page/',
        '/%',
        '/%00',
        '/index.html%00.js',
        '/nothing.js',
        '/tsconfig.json',
        '/style.css/',
      ];
      for (const path of paths) {
        const status = await statusOf(server.url, path);
        assert.ok(status === 400 || status === 404, `${path}: ${status}`);
      }
      assert.equal((await ask('/style.css', { method: 'DELETE' })).status, 405);
    });

    test('bad requests are refused with a status, a code and a sentence', async () => {
      const sent = /** @type {const} */ ([
        [404, 'NOT_FOUND', ask('/nothing')],
        [404, 'NOT_FOUND', ask('/sw/events')],
        [405, 'METHOD_NOT_ALLOWED', post('/events', {})],
        [405, 'METHOD_NOT_ALLOWED', post('/stats', {})],
        [405, 'METHOD_NOT_ALLOWED', ask('/broadcast')],
        [405, 'METHOD_NOT_ALLOWED', ask('/rate', { method: 'DELETE' })],
        [405, 'METHOD_NOT_ALLOWED', ask('/stop', { method: 'OPTIONS' })],
        [415, 'NOT_JSON', post('/broadcast', { type: 'news' }, 'text/plain')],
        [400, 'BAD_JSON', post('/broadcast', '{')],
        [400, 'BAD_JSON', post('/broadcast', '')],
        [400, 'BAD_JSON', post('/broadcast', '[]')],
        [400, 'BAD_JSON', post('/broadcast', 'null')],
        [413, 'TOO_LONG', post('/broadcast', { type: 'news', payload: 'x'.repeat(20_000) })],
        [400, 'ERIC_INVALID_MESSAGE', post('/broadcast', {})],
        [400, 'ERIC_INVALID_MESSAGE', post('/broadcast', { type: 7 })],
        [400, 'ERIC_INVALID_MESSAGE', post('/broadcast', { type: 'a\nb' })],
        [400, 'RESERVED_TYPE', post('/broadcast', { type: 'error' })],
        [400, 'RESERVED_TYPE', post('/broadcast', { type: 'lane.state' })],
        [400, 'RESERVED_TYPE', post('/broadcast', { type: '_eric_channel_closed' })],
        [404, 'ERIC_INVALID_LISTENER', post('/dispatch', { listener: 'nobody', type: 'news' })],
        [404, 'ERIC_INVALID_LISTENER', post('/dispatch', { type: 'news' })],
        [404, 'ERIC_INVALID_LISTENER', post('/stop', {})],
        [404, 'ERIC_INVALID_LISTENER', post('/start', { listener: { id: 1 } })],
        [400, 'BAD_RATE', post('/rate', {})],
        [400, 'BAD_RATE', post('/rate', { perSecond: 1001 })],
        [400, 'BAD_RATE', post('/rate', { perSecond: '5' })],
      ]);
      for (const [status, code, asked] of sent) {
        const response = await asked;
        const { error } = await response.json();
        assert.deepEqual([response.status, error.code], [status, code], JSON.stringify(error));
        assert.equal(typeof error.message, 'string');
        assert.equal(status === 405, response.headers.has('Allow'));
      }
    });

    test('a stream starts at once, and its listener leaves with its client', async () => {
      await post('/rate', { perSecond: 0 });
      const client = new AbortController();
      const response = await ask('/events', { signal: client.signal });
      assert.equal(response.headers.get('Content-Type'), 'text/event-stream; charset=utf-8');
      assert.ok(response.body);
      const reader = response.body.getReader();
      const text = await readUntil(reader, 'lane.state');
      assert.match(text, /^retry: 1000\n\nevent: lane.state\ndata: \{.*"running":true.*\}\n\n$/);
      assert.equal((await stats()).listeners, 1);
      await post('/rate', { perSecond: 100 });
      assert.match(
        await readUntil(reader, 'event: tick'),
        /event: lane.type\ndata: rate\n\nevent: rate\nid: \S+\ndata: 100\n\n/,
      );
      client.abort();
      await until(async () => assert.equal((await stats()).listeners, 0));
      await pause(100);
      const { broadcasts } = await stats();
      await pause(200);
      assert.equal((await stats()).broadcasts, broadcasts, 'ticks go on for nobody');
    });

    test('a client that leaves while its listener is stopped is missed too', async () => {
      const client = new AbortController();
      const response = await ask('/events', { signal: client.signal });
      assert.ok(response.body);
      const text = await readUntil(response.body.getReader(), 'lane.state');
      const [, listener] = /"listener":"([^"]+)"/.exec(text) ?? [];
      assert.equal((await post('/stop', { listener })).status, 200);
      client.abort();
      // On Cloudflare's runtime only a write finds it out.
      await until(async () => assert.equal((await stats()).listeners, 0), 20_000);
    });

    test('no more than 64 listeners are taken', async () => {
      const client = new AbortController();
      const responses = [];
      for (let i = 0; i < 64; i++) responses.push(await ask('/events', { signal: client.signal }));
      assert.ok(responses.every(({ status }) => status === 200));
      const { status } = await ask('/events');
      assert.equal(status, 503);
      await post('/rate', { perSecond: 50 });
      client.abort();
      await until(async () => assert.equal((await stats()).listeners, 0), 20_000);
    });
  });
}

/** Asks for a path as it stands, which `fetch` would tidy first. @param {string} url @param {string} path @returns {Promise<number>} */
function statusOf(url, path) {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\r\n')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])));
  });
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {string} wanted */
async function readUntil(reader, wanted) {
  const decoder = new TextDecoder();
  let text = '';
  // A block may come in pieces.
  while (!text.includes(wanted) || !text.endsWith('\n\n')) {
    const { done, value } = await reader.read();
    assert.ok(!done, `the stream has ended after ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  return text;
}
