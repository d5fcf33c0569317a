// The suite in Cloudflare's runtime: in a plain Worker's request and in a Durable Object. And over
// real HTTP, where a subscriber's request and a publisher's meet in an object.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { HOSTS } from './lib/places.mjs';
import { describeHost } from './lib/remote.mjs';
import { subscribe, until } from './lib/sse-client.mjs';
import { promptly } from './suite/lib/support.mjs';

/** @type {URL} */
let url;
const host = HOSTS.workerd.open();
const started = host.ready.then((address) => void (url = address));
started.catch(() => {});

describeHost(HOSTS.workerd, host);

describe('workerd, over HTTP', () => {
  before(() => started);

  let rooms = 0;
  /** A room of the test's own. */
  function room() {
    const name = `room-${++rooms}`;
    const at = (path, query = '') => new URL(`/room/${path}?room=${name}${query}`, url);
    const publish = async (message) =>
      (await fetch(at('publish'), { method: 'POST', body: JSON.stringify(message) })).json();
    const count = async () => (await fetch(at('count'))).json();
    return { at, publish, count };
  }

  test("a publisher's request reaches a subscriber's stream in a Durable Object", async () => {
    const { at, publish } = room();
    const { response, reader, leave } = await subscribe(at('subscribe'));
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(response.headers.get('cache-control'), 'no-cache, no-transform');
    assert.equal(response.headers.get('x-accel-buffering'), 'no');
    assert.match(await reader.chunk(), /^retry: 500\nevent: _eric_position\nid: [0-9a-f]{12}-0\ndata:\n\n$/);
    for (const payload of ['one', { two: 2 }, null]) assert.equal(await publish({ type: 'news', payload }), 1);
    const events = await reader.events(3);
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [
        ['news', 'one'],
        ['news', '{"two":2}'],
        ['news', 'null'],
      ],
    );
    assert.equal(new Set(events.map(({ lastEventId }) => lastEventId)).size, 3);
    leave();
  });

  test('a dispatch reaches one of several subscribers, a broadcast all of them', async () => {
    const { at, publish } = room();
    const clients = await Promise.all(['a', 'b', 'c'].map((id) => subscribe(at('subscribe', `&listener=${id}`))));
    assert.deepEqual(
      clients.map(({ response }) => response.headers.get('x-listener')),
      ['a', 'b', 'c'],
    );
    await publish({ type: 'n', payload: 1 });
    await publish({ type: 'n', payload: 2, to: 'b' });
    await publish({ type: 'n', payload: 3 });
    for (const [index, expected] of [
      ['1', '3'],
      ['1', '2', '3'],
      ['1', '3'],
    ].entries()) {
      const events = await clients[index].reader.events(expected.length);
      assert.deepEqual(
        events.map(({ data }) => data),
        expected,
      );
    }
    for (const { leave } of clients) leave();
  });

  test('the listener of a client that has left is removed, at the latest by some of the next writes', async () => {
    const { at, publish, count } = room();
    const [leaving, staying] = [await subscribe(at('subscribe')), await subscribe(at('subscribe'))];
    await leaving.reader.chunk();
    assert.equal(await count(), 2);
    leaving.leave();
    await until(
      () => publish({ type: 'n', payload: 1 }),
      (listeners) => listeners === 1,
      'listeners',
    );
    assert.equal((await staying.reader.events(1))[0].data, '1');
    staying.leave();
  });

  test('closing the channel ends the stream with its closing event', async () => {
    const { at, publish } = room();
    const { reader } = await subscribe(at('subscribe'));
    await reader.chunk();
    await publish({ type: 'n', payload: 1 });
    await fetch(at('close'));
    await reader.rest();
    assert.deepEqual(
      reader.decoder.events.map(({ type }) => type),
      ['n', '_eric_channel_closed'],
    );
  });

  test('a HEAD request is answered at once and leaves no listener', async () => {
    const { at, count } = room();
    const response = await promptly(fetch(at('subscribe'), { method: 'HEAD' }));
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(await count(), 0);
  });

  test("a plain Worker's channel serves the request that made it", async () => {
    const text = await promptly(fetch(new URL('/plain', url)).then((response) => response.text()));
    assert.equal(
      text.replace(/^id: .*\n/gm, ''),
      'retry: 15000\nevent: _eric_position\ndata:\n\nevent: tick\ndata: {"tick":1}\n\nevent: tick\ndata: {"tick":2}\n\nevent: tick\ndata: {"tick":3}\n\nevent: _eric_channel_closed\ndata:\n\n',
    );
  });
});
