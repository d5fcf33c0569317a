// The behaviour of a server that a client sees, over real HTTP: through fetch handlers and
// @hono/node-server, or toNode, whatever serves.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PRELUDE } from '../suite/lib/body.mjs';
import { promptly } from '../suite/lib/support.mjs';
import { until } from './sse-client.mjs';

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {() => Promise<unknown>} close
 * @typedef {() => { channel: import('eric-sse').SSEChannel, options: import('eric-sse').ResponseOptions }} Answering what answers the next request
 */

/**
 * @param {typeof import('eric-sse')} eric
 * @param {(answering: Answering) => Promise<Server>} serve
 * @param {import('./clients.mjs').Client} client
 */
export function registerNodeHttp({ SSEChannel }, serve, { subscribe, head, idle }) {
  /** @type {Server} */
  let server;
  /** A channel of the test's own, which the server answers with. @type {import('eric-sse').SSEChannel} */
  let channel;
  /** How it answers. @type {import('eric-sse').ResponseOptions} */
  let options;
  const fresh = (responding = {}, of = {}) => {
    channel = new SSEChannel(of);
    options = responding;
  };

  before(async () => {
    server = await serve(() => ({ channel, options }));
  });
  after(() => server.close());

  const listeners = (count) =>
    until(
      () => channel.listenerCount,
      (now) => now === count,
      'listeners',
    );

  test('a client gets the headers and the first bytes at once, then the messages', async () => {
    fresh();
    const { status, headers, reader, leave } = await subscribe(server.url);
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(headers.get('cache-control'), 'no-cache, no-transform');
    assert.equal(headers.get('x-accel-buffering'), 'no');
    assert.equal(headers.get('content-length'), null);
    assert.match(await reader.chunk(), PRELUDE);
    channel.broadcast({ type: 'n', payload: { x: 1 } });
    assert.deepEqual(
      (await reader.events(1)).map(({ type, data }) => [type, data]),
      [['n', '{"x":1}']],
    );
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
      assert.deepEqual(
        (await reader.events(50)).map(({ data }) => data),
        expected,
      );
      leave();
    }
    await listeners(0);
  });

  test('a HEAD request is answered with the headers and leaves no listener', async () => {
    fresh();
    const { status, headers, text } = await promptly(head(server.url));
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(text, '');
    assert.equal(channel.listenerCount, 0);
  });

  test('closing the channel ends the response', async () => {
    fresh();
    const { reader } = await subscribe(server.url);
    channel.broadcast({ type: 'n', payload: 1 });
    channel.close();
    await reader.rest();
    assert.deepEqual(
      reader.decoder.events.map(({ type }) => type),
      ['n', '_eric_channel_closed'],
    );
    assert.equal(channel.listenerCount, 0);
  });

  test("unread messages of a client stay with the channel, not in the server's buffers", async () => {
    fresh({ queue: { bytes: Infinity } });
    const leave = await promptly(idle(server.url));
    await listeners(1);
    const [{ id }] = channel.listeners();
    const payload = 'x'.repeat(100_000);
    const COUNT = 1000;
    for (let sent = 0; sent < COUNT; sent++) channel.broadcast({ type: `n${sent}`, payload });
    // Sockets on both sides take some megabytes. Of 100 most must still be waiting.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { type } = channel.deliverNext(id);
    assert.ok(Number(type.slice(1)) < COUNT / 2, `the server has taken everything up to ${type}`);
    leave();
    await listeners(0);
  });

  test('a reconnecting client is replayed the messages it missed, by its header or by the query', async () => {
    fresh();
    const first = await subscribe(server.url);
    channel.broadcast({ type: 'n', payload: 1 });
    const [{ lastEventId }] = await first.reader.events(1);
    first.leave();
    await listeners(0);
    for (const payload of [2, 3]) channel.broadcast({ type: 'n', payload });
    for (const [url, headers] of [
      [server.url, { 'Last-Event-ID': lastEventId }],
      [`${server.url}/?lastEventId=${lastEventId}`, {}],
    ]) {
      const { reader, leave } = await subscribe(url, { headers });
      assert.deepEqual(
        (await reader.events(2)).map(({ data }) => data),
        ['2', '3'],
      );
      leave();
    }
    await listeners(0);
  });

  test('a listener that outlives its connection goes on with what was dispatched meanwhile', async () => {
    fresh({ listener: 'page', resumeSeconds: 60 });
    const first = await subscribe(server.url);
    channel.broadcast({ type: 'n', payload: 1 });
    const [{ lastEventId }] = await first.reader.events(1);
    first.leave();
    await until(
      () => channel.stats().connected,
      (count) => count === 0,
      'connections',
    );
    channel.dispatch('page', { type: 'n', payload: 'for you' });
    const { reader, leave } = await subscribe(server.url, { headers: { 'Last-Event-ID': lastEventId } });
    assert.deepEqual(
      (await reader.events(1)).map(({ data }) => data),
      ['for you'],
    );
    leave();
    await until(
      () => channel.stats().connected,
      (count) => count === 0,
      'connections',
    );
  });

  test('heartbeats come while nothing else does', async () => {
    fresh({ heartbeatSeconds: 0.05 });
    const { reader, leave } = await subscribe(server.url);
    await reader.chunk();
    while ((reader.text.match(/^:$/gm) ?? []).length < 3) await reader.chunk();
    assert.deepEqual(reader.decoder.events, []);
    leave();
    await listeners(0);
  });

  test('the response ends after its longest duration, behind ready messages, with a reconnection time', async () => {
    const reasons = [];
    fresh({ maxDurationSeconds: 0.3, onClose: ({ reason }) => void reasons.push(reason) });
    const { reader } = await subscribe(server.url);
    channel.broadcast({ type: 'n', payload: 1 });
    await reader.rest();
    assert.deepEqual(
      reader.decoder.events.map(({ data }) => data),
      ['1'],
    );
    assert.equal(reader.decoder.retries, 2);
    assert.deepEqual(reasons, ['rotated']);
  });

  test('drain ends the responses, and answers new clients with a reconnection time', async () => {
    fresh();
    const clients = await Promise.all([1, 2, 3].map(() => subscribe(server.url)));
    channel.broadcast({ type: 'n', payload: 1 });
    await channel.drain({ seconds: 0.1 });
    for (const { reader } of clients) {
      await reader.rest();
      assert.deepEqual(
        reader.decoder.events.map(({ data }) => data),
        ['1'],
      );
    }
    const { reader } = await subscribe(server.url);
    await reader.rest();
    assert.match(reader.text, /^retry: \d+\n\n$/);
    assert.deepEqual(channel.stats().ended, { drained: 3 });
  });

  test('a channel that is gone answers with 204', async () => {
    fresh();
    channel.gone();
    const { status, reader } = await subscribe(server.url);
    assert.equal(status, 204);
    await reader?.rest();
    assert.equal(channel.listenerCount, 0);
  });

  test('headers of the options are sent as well, cookies one by one', async () => {
    fresh({
      headers: [
        ['X-Mine', 'yes'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Connection', 'close'],
        ['Keep-Alive', 'x'],
      ],
    });
    const { headers, leave } = await subscribe(server.url);
    assert.equal(headers.get('x-mine'), 'yes');
    assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2']);
    leave();
    await listeners(0);
  });

  test('onClose is called once when a client has left', async () => {
    const reasons = [];
    fresh({ onClose: ({ reason }) => void reasons.push(reason) });
    const { reader, leave } = await subscribe(server.url);
    await reader.chunk();
    leave();
    await listeners(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(reasons.length, 1);
    assert.match(reasons[0], /^(cancelled|aborted)$/);
  });

  test('a channel of a subclass answers as it adapts', async () => {
    fresh();
    channel = new (class extends SSEChannel {
      adapt(message, id) {
        return { ...super.adapt(message, id), data: ['adapted', message.payload] };
      }
    })();
    const { reader, leave } = await subscribe(server.url);
    for (const payload of [1, 2]) channel.broadcast({ type: 'n', payload });
    assert.deepEqual(
      (await reader.events(2)).map(({ data }) => data),
      ['["adapted",1]', '["adapted",2]'],
    );
    leave();
    await listeners(0);
  });
}
