// Servers that misbehave, over real sockets.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { connect } from 'eric-sse/client';

const HEADERS = 'Content-Type: text/event-stream\r\nConnection: close\r\n\r\n';
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Serves bytes. @param {import('node:test').TestContext} context @param {(socket: net.Socket, number: number) => void} answer */
async function serving(context, answer) {
  let count = 0;
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.once('data', () => answer(socket, ++count));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, requests: () => count };
}
/** Reads to the end. */
async function all(url, options = {}) {
  const connection = connect(url, { maxRetryMilliseconds: 1, ...options });
  const got = [];
  try {
    for await (const { data } of connection) got.push(data);
  } catch (error) {
    got.push(error.code);
  }
  return got;
}
const gone = (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n');
/** Writes to a socket for as long as it is open. */
async function forever(socket, text, pause = 0) {
  while (!socket.destroyed) {
    if (!socket.write(text)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    if (pause) await sleep(pause);
  }
}

for (const [what, answer] of Object.entries({
  'a header that never ends': (socket) => forever(socket, 'HTTP/1.1 200 OK\r\nX-A: a\r\n', 20),
  'no answer at all': () => {},
})) {
  test(`${what} is given up`, { timeout: 30_000 }, async (context) => {
    const { url } = await serving(context, (socket, number) => (number > 1 ? gone(socket) : answer(socket)));
    assert.deepEqual(await all(url, { connectSeconds: 0.5 }), []);
  });
}

test('an event that comes byte by byte is one event', { timeout: 30_000 }, async (context) => {
  const bytes = Buffer.from('id: ü\ndata: "日本 😀"\n\n');
  const { url } = await serving(context, async (socket, number) => {
    if (number > 1) return gone(socket);
    socket.setNoDelay().write(`HTTP/1.1 200 OK\r\n${HEADERS}`);
    for (const byte of bytes) {
      socket.write(Uint8Array.of(byte));
      await sleep(2);
    }
    socket.end();
  });
  assert.deepEqual(await all(url), ['日本 😀']);
});

test('comments without end take no memory', { timeout: 30_000 }, async (context) => {
  const { url } = await serving(context, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${HEADERS}`);
    void forever(socket, `:${'x'.repeat(65_534)}\n`);
  });
  const before = process.memoryUsage().rss;
  const connection = connect(url, { heartbeatSeconds: 1 });
  const next = connection.next();
  await sleep(2000);
  const grown = process.memoryUsage().rss - before;
  assert.equal(connection.state, 'open');
  connection.close();
  await next;
  assert.ok(grown < 150e6, `${grown} bytes`);
});

test('an id of a megabyte is sent back, and the retries are limited', {
  timeout: 30_000,
}, async (context) => {
  const { url, requests } = await serving(context, (socket) =>
    socket.end(`HTTP/1.1 200 OK\r\n${HEADERS}id: ${'x'.repeat(1_000_000)}\ndata: 1\n\n`),
  );
  const got = await all(url, { maxRetries: 2, retryMilliseconds: 1 });
  assert.equal(got.at(-1), 'ERIC_CONNECTION', String(got));
  assert.ok(requests() >= 2);
});

for (const retry of ['0', '99999999999999999999', '-1', 'x']) {
  test(`a reconnection time of ${retry} makes neither a storm nor an endless wait`, {
    timeout: 30_000,
  }, async (context) => {
    const { url, requests } = await serving(context, (socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n${HEADERS}retry: ${retry}\n\n`),
    );
    const delays = [];
    const connection = connect(url, {
      maxRetryMilliseconds: 1000,
      onState: ({ state, delayMilliseconds }) => state === 'waiting' && delays.push(delayMilliseconds),
    });
    await sleep(1500);
    connection.close();
    assert.ok(requests() >= 1 && requests() < 30, `${requests()} requests`);
    for (const delay of delays) assert.ok(delay >= 0 && delay < 2 ** 31, `${delay} ms`);
  });
}

for (const [status, headers, code] of [
  ['206 Partial Content', HEADERS, undefined],
  ['304 Not Modified', HEADERS, 'ERIC_RESPONSE'],
  ['200 OK', 'Content-Type: text/event-streams\r\nConnection: close\r\n\r\n', 'ERIC_RESPONSE'],
  ['200 OK', 'Connection: close\r\n\r\n', 'ERIC_RESPONSE'],
  ['200 OK', 'Content-Type: Text/Event-Stream;charset=utf-8\r\nConnection: close\r\n\r\n', undefined],
]) {
  test(`status ${status} with ${headers.split('\r\n')[0]}`, { timeout: 30_000 }, async (context) => {
    const { url, requests } = await serving(context, (socket, number) =>
      number > 1 ? gone(socket) : socket.end(`HTTP/1.1 ${status}\r\n${headers}data: 1\n\n`),
    );
    assert.deepEqual(await all(url), code ? [code] : [1]);
    assert.equal(requests(), code ? 1 : 2);
  });
}

test('a hint before the response is passed over', { timeout: 30_000 }, async (context) => {
  const { url } = await serving(context, (socket, number) =>
    number > 1 ? gone(socket) : socket.end(`HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n${HEADERS}data: 1\n\n`),
  );
  assert.deepEqual(await all(url), [1]);
});

test('a redirect to itself is given up after the retries', { timeout: 30_000 }, async (context) => {
  const { url, requests } = await serving(context, (socket) =>
    socket.end('HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  );
  assert.deepEqual(await all(url, { maxRetries: 1 }), ['ERIC_CONNECTION']);
  assert.ok(requests() < 100, `${requests()} requests`);
});

test('an error page without end is an error with its first KiB', { timeout: 30_000 }, async (context) => {
  const { url } = await serving(context, (socket) => {
    socket.write('HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n');
    void forever(socket, 'x'.repeat(1000));
  });
  const error = await connect(url)
    .next()
    .catch((thrown) => thrown);
  assert.deepEqual([error.status, error.body], [404, 'x'.repeat(1024)]);
});
