// response() over real HTTP, at a Node server that speaks to fetch handlers through @hono/node-server.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { PRELUDE } from '../suite/body.mjs';
import { promptly } from '../suite/support.mjs';
import { served } from './site.mjs';
import { subscribe, until } from './sse-client.mjs';

/** @param {typeof import('eric-sse')} eric */
export function registerNodeHttp({ MessageQueueListener, SSEChannel }) {
  /** @type {Awaited<ReturnType<typeof served>>} */
  let server;
  /** A channel of the test's own, which the server answers with. @type {import('eric-sse').SSEChannel} */
  let channel;
  /** How it answers. @type {import('eric-sse').ResponseOptions} */
  let responding;
  const fresh = (options = {}) => {
    channel = new SSEChannel();
    responding = options;
  };

  before(async () => {
    server = await served((request) => channel.response(request, { listener: new MessageQueueListener(), ...responding }));
  });
  after(() => server.close());

  const listeners = (count) => until(() => channel.listenerCount, (now) => now === count, 'listeners');

  test('a client gets the headers and the first bytes at once, then the messages', async () => {
    fresh();
    const { response, reader, leave } = await subscribe(server.url);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(response.headers.get('cache-control'), 'no-cache, no-transform');
    assert.equal(response.headers.get('x-accel-buffering'), 'no');
    assert.equal(response.headers.get('content-length'), null);
    assert.match(await reader.chunk(), PRELUDE);
    channel.broadcast({ type: 'n', payload: { x: 1 } });
    assert.deepEqual((await reader.events(1)).map(({ type, data }) => [type, data]), [['n', '{"x":1}']]);
    leave();
    await listeners(0);
  });

  test('a client that leaves takes its listener along, without a further write', async () => {
    fresh();
    const clients = await Promise.all([1, 2, 3].map(() => subscribe(server.url)));
    await listeners(3);
    clients[0].leave();
    await listeners(2);
    await clients[1].reader.cancel();
    await listeners(1);
    clients[2].leave();
    await listeners(0);
  });

  test('a hundred clients get everything in order, and nothing is left when they have gone', async () => {
    fresh();
    const clients = await Promise.all(Array.from({ length: 100 }, () => subscribe(server.url)));
    const expected = Array.from({ length: 50 }, (_, payload) => String(payload));
    for (const payload of expected) channel.broadcast({ type: 'n', payload });
    for (const { reader, leave } of clients) {
      assert.deepEqual((await reader.events(50)).map(({ data }) => data), expected);
      leave();
    }
    await listeners(0);
  });

  test('a HEAD request is answered with the headers and leaves no listener', async () => {
    fresh();
    const response = await promptly(fetch(server.url, { method: 'HEAD' }));
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(await response.text(), '');
    assert.equal(channel.listenerCount, 0);
  });

  test('closing the channel ends the response', async () => {
    fresh();
    const { reader } = await subscribe(server.url);
    channel.broadcast({ type: 'n', payload: 1 });
    channel.close();
    await reader.rest();
    assert.deepEqual(reader.decoder.events.map(({ type }) => type), ['n', '_eric_channel_closed']);
    assert.equal(channel.listenerCount, 0);
  });

  test('what a client does not read stays with the channel, not in the server\'s buffers', async () => {
    fresh({ queue: { bytes: Infinity } });
    const response = await slowClient();
    const [{ id }] = channel.listeners();
    const payload = 'x'.repeat(100_000);
    const COUNT = 1000;
    for (let sent = 0; sent < COUNT; sent++) channel.broadcast({ type: `n${sent}`, payload });
    // Sockets on both sides take some megabytes. Of 100 most must still be waiting.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { type } = channel.deliverNext(id);
    assert.ok(Number(type.slice(1)) < COUNT / 2, `the server has taken everything up to ${type}`);
    response.destroy();
    await listeners(0);
  });

  /** A client that has the headers and reads nothing. @returns {Promise<http.IncomingMessage>} */
  const slowClient = () => promptly(new Promise((resolve, reject) => http.get(server.url, { agent: false }, resolve).on('error', reject)));
}
