// response(): its headers, its first bytes, its listener, and what is in its chunks. Its ends are
// in response-ending.mjs.

import { BodyReader, PRELUDE, withoutIds } from '../lib/body.mjs';
import { assert, assertException, dataOf, promptly, settle, stillWaits, thrownBy } from '../lib/support.mjs';

export default function register(
  { InvalidChannelException, InvalidListenerException, MessageQueueListener, SSEChannel },
  test,
) {
  function scene(options, responseOptions) {
    const channel = new SSEChannel(options);
    const response = channel.response(undefined, responseOptions);
    const send = (...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'a', payload }));
    return { channel, response, reader: new BodyReader(response), send };
  }

  test('it is a Response with status 200 and a body', async () => {
    const { response, reader } = scene();
    assert.instanceOf(response, Response);
    assert.strictEqual(response.status, 200);
    assert.isTrue(response.ok);
    assert.instanceOf(response.body, ReadableStream);
    await reader.cancel();
  });

  test('reads that wait at once are answered one after another, also on a paced channel', async () => {
    for (const options of [{}, { streamDelaySeconds: 0.01 }]) {
      const { reader, send } = scene(options);
      await reader.chunk();
      const reads = [reader.read(), reader.read(), reader.read()];
      await settle();
      for (const number of [1, 2, 3]) {
        send(number);
        assert.strictEqual(
          withoutIds(await promptly(reads[number - 1], `read ${number}`)),
          `event: a\ndata: ${number}\n\n`,
        );
      }
      await reader.cancel();
    }
  });

  test('reads that wait at once are answered by what is sent at once, at the pace of the channel', async () => {
    const { reader, send } = scene({ streamDelaySeconds: 0.01 });
    await reader.chunk();
    const reads = [reader.read(), reader.read(), reader.read()];
    await settle();
    send(1, 2, 3);
    const chunks = await promptly(Promise.all(reads), 'the reads');
    assert.deepEqual(
      chunks.map(withoutIds),
      [1, 2, 3].map((number) => `event: a\ndata: ${number}\n\n`),
    );
    await reader.cancel();
  });

  test('its headers name an event stream, and survive proxies', async () => {
    const { response, reader } = scene();
    assert.strictEqual(response.headers.get('Content-Type'), 'text/event-stream; charset=utf-8');
    assert.strictEqual(response.headers.get('Cache-Control'), 'no-cache, no-transform');
    assert.strictEqual(response.headers.get('X-Accel-Buffering'), 'no');
    await reader.cancel();
  });

  const HOP_BY_HOP = ['Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'];

  test('it has no hop-by-hop header and no length, even if the caller gives one', async () => {
    const headers = { 'Content-Length': '5' };
    for (const name of HOP_BY_HOP) headers[name] = 'x';
    for (const options of [undefined, { headers }]) {
      const { response, reader } = scene({}, options);
      for (const name of [...HOP_BY_HOP, 'Content-Length']) assert.isNull(response.headers.get(name), name);
      await reader.cancel();
    }
  });

  test('headers of the caller are sent as well, and cannot change what makes an event stream', async () => {
    const own = [
      ['Access-Control-Allow-Origin', '*'],
      ['X-Mine', 'yes'],
      ['content-type', 'text/html'],
      ['cache-control', 'max-age=60'],
      ['x-accel-buffering', 'yes'],
    ];
    for (const headers of [Object.fromEntries(own), own, new Headers(own)]) {
      const { response, reader } = scene({}, { headers });
      assert.strictEqual(response.headers.get('Access-Control-Allow-Origin'), '*');
      assert.strictEqual(response.headers.get('X-Mine'), 'yes');
      assert.strictEqual(response.headers.get('Content-Type'), 'text/event-stream; charset=utf-8');
      assert.strictEqual(response.headers.get('Cache-Control'), 'no-cache, no-transform');
      assert.strictEqual(response.headers.get('X-Accel-Buffering'), 'no');
      if (headers instanceof Headers)
        assert.strictEqual(headers.get('Content-Type'), 'text/html', 'the caller keeps his own');
      await reader.cancel();
    }
  });

  test('a HEAD request is answered with the headers, no body and no listener', () => {
    const channel = new SSEChannel();
    const response = channel.response(new Request('http://localhost/', { method: 'HEAD' }), {
      headers: { 'X-Mine': 'yes' },
    });
    assert.strictEqual(response.status, 200);
    assert.isNull(response.body);
    assert.strictEqual(response.headers.get('Content-Type'), 'text/event-stream; charset=utf-8');
    assert.strictEqual(response.headers.get('X-Mine'), 'yes');
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('it takes a Request, anything with a method and a signal, null, or nothing', async () => {
    const channel = new SSEChannel();
    const { signal } = new AbortController();
    for (const args of [
      [],
      [undefined],
      [null],
      [new Request('http://localhost/')],
      [{ method: 'GET', signal }],
      [{ method: 'POST', signal }, { methods: ['POST'] }],
    ]) {
      const reader = new BodyReader(channel.response(...args));
      assert.match(await reader.chunk(), PRELUDE);
      await reader.cancel();
    }
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('the first bytes come at once, before there is any message', async () => {
    const { reader } = scene();
    assert.match(await reader.chunk(), PRELUDE);
    const second = reader.read();
    await stillWaits(second);
    await reader.cancel();
  });

  test('the reconnection time is sent once, at the start', async () => {
    const { reader, send } = scene({ retryTimeoutMilliseconds: 1234 });
    send(1);
    await reader.events(1);
    send(2, 3);
    await reader.events(3);
    assert.strictEqual(reader.decoder.retries, 1);
    assert.strictEqual(reader.decoder.reconnectionTime, 1234);
    assert.isTrue(reader.text.startsWith('retry: 1234\nevent: _eric_position\nid: '));
    await reader.cancel();
  });

  test('each message is a block of event, id and data', async () => {
    const { reader, send, channel } = scene();
    const stream = channel.watch();
    send({ x: 1 });
    await reader.events(1);
    const { id } = (await promptly(stream.next())).value;
    assert.strictEqual(
      reader.text,
      `retry: 15000\nevent: _eric_position\nid: ${id.replace('-1', '-0')}\ndata:\n\nevent: a\nid: ${id}\ndata: {"x":1}\n\n`,
    );
    await reader.cancel();
    await stream.return();
  });

  test('the listener exists and runs from the call on, not from the first read', async () => {
    const { channel, reader, send } = scene();
    assert.strictEqual(channel.listenerCount, 1);
    const [listener] = channel.listeners();
    assert.isTrue(listener.isRunningSync());
    send(1);
    channel.dispatch(listener.id, { type: 'a', payload: 2 });
    assert.deepEqual(dataOf(await reader.events(2)), ['1', '2']);
    await reader.cancel();
  });

  test('it reads for a listener that it is given', async () => {
    const seen = [];
    const listener = new MessageQueueListener({ id: 'mine', onMessage: ({ payload }) => void seen.push(payload) });
    const { channel, reader } = scene({}, { listener });
    assert.isTrue(listener.isRunningSync());
    channel.dispatch('mine', { type: 'a', payload: 1 });
    assert.deepEqual(dataOf(await reader.events(1)), ['1']);
    assert.deepEqual(seen, [1]);
    await reader.cancel();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('nothing is taken while nothing is read', async () => {
    const { channel, reader, send } = scene();
    const [listener] = channel.listeners();
    send(1, 2);
    await settle();
    assert.strictEqual(channel.deliverNext(listener.id).payload, 1);
    assert.deepEqual(dataOf(await reader.events(1)), ['2']);
    // The same holds after a read: only requested messages are taken.
    send(3, 4);
    await settle();
    assert.strictEqual(channel.deliverNext(listener.id).payload, 3);
    assert.deepEqual(dataOf(await reader.events(2)), ['2', '4']);
    await reader.cancel();
  });

  test('all blocks that are ready go out in one chunk', async () => {
    const { reader, send } = scene();
    send(1, 2, 3);
    await reader.chunk();
    assert.deepEqual(dataOf(reader.decoder.events), ['1', '2', '3'], 'behind the reconnection time');
    send(4, 5);
    await reader.chunk();
    assert.deepEqual(dataOf(reader.decoder.events), ['1', '2', '3', '4', '5']);
    const waiting = reader.chunk();
    await settle();
    send(6, 7, 8);
    await waiting;
    assert.strictEqual(reader.decoder.events.length, 8, 'sent in one turn while the reader waited');
    await reader.cancel();
  });

  test('all blocks that are ready go out in one chunk, broadcasts and dispatches in order', async () => {
    const { channel, reader, send } = scene();
    await reader.chunk();
    const [{ id }] = channel.listeners();
    for (const payload of [1, 2, 3]) {
      send(payload);
      channel.dispatch(id, { type: 'a', payload: `to ${payload}` });
    }
    await reader.chunk();
    assert.deepEqual(dataOf(reader.decoder.events), ['1', 'to 1', '2', 'to 2', '3', 'to 3']);
    await reader.cancel();
  });

  test('all blocks that are ready go out in one chunk, also when onMessage sees them', async () => {
    const listener = new MessageQueueListener({ onMessage() {} });
    const { reader, send } = scene({}, { listener });
    await reader.chunk();
    send(1, 2, 3);
    await reader.chunk();
    assert.strictEqual(reader.decoder.events.length, 3);
    await reader.cancel();
  });

  test('a long backlog goes out in parts, so that back-pressure is felt between them', async () => {
    const { channel, send } = scene();
    const reader = new BodyReader(channel.response(null, { queue: { bytes: Infinity } }));
    const payload = 'x'.repeat(10_000);
    for (let count = 0; count < 200; count++) send(payload);
    await reader.chunk();
    const first = reader.decoder.events.length;
    assert.isAbove(first, 1);
    assert.isBelow(first, 200);
    await reader.events(200);
    assert.isBelow(reader.chunks.length, 20);
    for (const { data } of reader.decoder.events) assert.strictEqual(data, payload);
    await reader.cancel();
  });

  test('two bodies that are owed the same share the very bytes', async () => {
    const channel = new SSEChannel();
    const readers = [1, 2, 3].map(() => new BodyReader(channel.response()));
    for (const reader of readers) await reader.chunk();
    for (const round of [1, 2]) {
      const waiting = readers.map((reader) => reader.chunk());
      await settle();
      channel.broadcast({ type: 'a', payload: round });
      channel.broadcast({ type: 'b', payload: round });
      await Promise.all(waiting);
      const [first, second, third] = readers.map((reader) => reader.chunks[round]);
      assert.instanceOf(first, Uint8Array);
      assert.strictEqual(second, first);
      assert.strictEqual(third, first);
    }
    for (const reader of readers) await reader.cancel();
  });

  test('a body that is owed something of its own gets that, and the others do not', async () => {
    const channel = new SSEChannel();
    const readers = [1, 2].map(() => new BodyReader(channel.response()));
    for (const reader of readers) await reader.chunk();
    const [one] = channel.listeners();
    const waiting = readers.map((reader) => reader.chunk());
    await settle();
    channel.broadcast({ type: 'a', payload: 'all' });
    channel.dispatch(one.id, { type: 'a', payload: 'one' });
    await Promise.all(waiting);
    assert.deepEqual(
      readers.map(({ decoder }) => dataOf(decoder.events)),
      [['all', 'one'], ['all']],
    );
    for (const reader of readers) await reader.cancel();
  });

  test('bodies that were opened at different times, and read at different times, each get their own part', async () => {
    const channel = new SSEChannel();
    const readers = [];
    for (let payload = 0; payload < 30; payload++) {
      if (payload % 5 === 0) readers.push({ reader: new BodyReader(channel.response()), from: payload });
      channel.broadcast({ type: 'a', payload });
      if (payload % 7 === 0) await readers[(payload / 7) % readers.length].reader.chunk();
    }
    for (const { reader, from } of readers) {
      const events = await reader.events(30 - from);
      assert.deepEqual(
        dataOf(events),
        Array.from({ length: 30 - from }, (_, index) => String(from + index)),
      );
      await reader.cancel();
    }
  });

  test('a body and a stream in this process read the same messages with the same ids', async () => {
    const { channel, reader, send } = scene();
    const stream = channel.watch();
    send(1, 2);
    const ids = (await reader.events(2)).map(({ lastEventId }) => lastEventId);
    assert.deepEqual([(await promptly(stream.next())).value.id, (await promptly(stream.next())).value.id], ids);
    await reader.cancel();
    await stream.return();
  });

  test('the body is that of the Response: text() reads it when the channel is closed', async () => {
    const channel = new SSEChannel();
    const response = channel.response();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.close();
    const text = await promptly(response.text());
    assert.strictEqual(
      withoutIds(text),
      'retry: 15000\nevent: _eric_position\ndata:\n\nevent: a\ndata: 1\n\nevent: _eric_channel_closed\ndata:\n\n',
    );
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a response that is refused leaves no listener behind', () => {
    const channel = new SSEChannel();
    const registered = channel.addListener();
    assertException(
      thrownBy(() => channel.response(null, { listener: registered })),
      InvalidListenerException,
      'ERIC_INVALID_LISTENER',
    );
    const refused = [{ headers: { 'X\n': 'y' } }, { signal: {} }, { onError: 5 }, { listener: {} }, 5, null, 'x'];
    for (const options of refused) thrownBy(() => channel.response(null, options));
    for (const request of [5, 'GET', { method: 'GET', signal: {} }, { method: 'GET', signal: 'x' }])
      thrownBy(() => channel.response(request));
    assert.deepEqual(channel.listeners(), [registered]);
    channel.close();
    assertException(
      thrownBy(() => channel.response()),
      InvalidChannelException,
      'ERIC_INVALID_CHANNEL',
    );
  });
}
