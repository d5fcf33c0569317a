// History: a reconnecting client goes on where it was, or receives a gap.

import { BodyReader, PRELUDE } from '../lib/body.mjs';
import { Random } from '../lib/random.mjs';
import { assert, assertException, dataOf, ready, settle, sleep, take, thrownBy } from '../lib/support.mjs';

export default function register(eric, test) {
  const { AbstractChannel, InvalidChannelException, InvalidListenerException, MessageQueueListener, SSEChannel } = eric;
  const broadcast = (channel, first, last) => {
    for (let payload = first; payload <= last; payload++) channel.broadcast({ type: 'n', payload });
  };
  const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const idAt = (channel, position) => channel.lastEventId.replace(/-.*$/, `-${position}`);

  /** The events with an id that a client gets: first of all the gap's data, if there is one. */
  async function resumed(channel, args, count) {
    const reader = new BodyReader(channel.response(...args));
    await reader.chunk();
    await settle();
    const events = [...reader.decoder.events];
    if (count !== undefined) assert.strictEqual(events.length, count);
    const gap = events[0]?.type === '_eric_gap' ? JSON.parse(events.shift().data) : undefined;
    await reader.cancel();
    return { gap, data: events.map(({ data }) => Number(data)), text: reader.text, decoder: reader.decoder };
  }
  const withHeader = (lastEventId, url = 'http://localhost/') =>
    new Request(url, { headers: { 'Last-Event-ID': lastEventId } });

  test('ids are an epoch and a sequence, of letters, digits, dots, underscores and hyphens', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    broadcast(channel, 1, 2);
    channel.dispatch(stream.listener.id, { type: 'n', payload: 3 });
    channel.dispatch(stream.listener.id, { type: 'n', payload: 4 });
    broadcast(channel, 5, 5);
    const ids = (await take(stream, 5)).map(({ id }) => id);
    for (const id of ids) assert.match(id, /^[0-9A-Za-z._-]+$/);
    assert.deepEqual(
      ids.map((id) => id.replace(/^[^-]+-/, '')),
      ['1', '2', '2.1', '2.2', '3'],
    );
    assert.strictEqual(channel.lastEventId, ids[4]);
    await stream.return();
  });

  test('lastEventId of a channel is that of its newest broadcast, and stays when it is closed', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    assert.match(channel.lastEventId, /^[0-9a-f]{12}-0$/);
    broadcast(channel, 1, 3);
    const newest = channel.lastEventId;
    assert.match(newest, /-3$/);
    channel.dispatch(listener.id, { type: 'n' });
    channel.close();
    assert.strictEqual(channel.lastEventId, newest);
  });

  test('two channels have epochs of their own', () => {
    const epochs = Array.from({ length: 50 }, () => new SSEChannel().lastEventId);
    assert.strictEqual(new Set(epochs).size, 50);
  });

  const WAYS = {
    'the header': (id) => [withHeader(id)],
    'the header in lower case': (id) => [new Request('http://localhost/', { headers: { 'last-event-id': id } })],
    'the query': (id) => [new Request(`http://localhost/events?lastEventId=${id}`)],
    'the query among others': (id) => [new Request(`http://localhost/events?a=b&lastEventId=${id}&c=d`)],
    'the query behind another question mark': (id) => [
      new Request(`http://localhost/events?back=/x?y=z&lastEventId=${id}`),
    ],
    'the query, percent-encoded': (id) => [
      new Request(`http://localhost/events?lastEventId=${id.replace('-', '%2D')}`),
    ],
    'the query of a URL with a fragment': (id) => [
      { method: 'GET', signal: undefined, url: `/events?lastEventId=${id}#top` },
    ],
    'the query of a relative URL': (id) => [{ method: 'GET', signal: undefined, url: `/events?lastEventId=${id}` }],
    'the option': (id) => [null, { lastEventId: id }],
    'the header, not the query': (id) => [withHeader(id, 'http://localhost/?lastEventId=other')],
    'the query, the header being empty': (id) => [withHeader('', `http://localhost/?lastEventId=${id}`)],
    'the option, not the header': (id) => [
      withHeader('other', 'http://localhost/?lastEventId=other'),
      { lastEventId: id },
    ],
  };
  for (const [way, args] of Object.entries(WAYS)) {
    test(`a response goes on right after the id that comes by ${way}`, async () => {
      const channel = new SSEChannel();
      broadcast(channel, 1, 9);
      const { gap, data } = await resumed(channel, args(idAt(channel, 6)));
      assert.deepEqual([gap, data], [undefined, [7, 8, 9]]);
    });
  }

  const NO_ID = {
    'no request': () => [],
    'a request without it': () => [new Request('http://localhost/?x=1')],
    'an empty header': () => [withHeader('')],
    'an empty query': () => [new Request('http://localhost/?lastEventId=')],
    'it in the fragment only': () => [{ method: 'GET', signal: undefined, url: '/x#?lastEventId=a-1' }],
    'a request without url and headers': () => [{ method: 'GET', signal: undefined }],
  };
  for (const [what, args] of Object.entries(NO_ID)) {
    test(`a response starts with what is sent from now on when there is ${what}`, async () => {
      const channel = new SSEChannel();
      broadcast(channel, 1, 3);
      const { gap, data, text } = await resumed(channel, args());
      assert.deepEqual([gap, data], [undefined, []]);
      assert.strictEqual(text, `retry: 15000\nevent: _eric_position\nid: ${channel.lastEventId}\ndata:\n\n`);
    });
  }

  test('the first block says where the stream starts, also of one that is replayed', async () => {
    const channel = new SSEChannel();
    const first = new BodyReader(channel.response());
    assert.match(await first.chunk(), PRELUDE);
    await first.cancel();
    broadcast(channel, 1, 3);
    const { text } = await resumed(channel, [null, { lastEventId: idAt(channel, 1) }]);
    assert.isTrue(
      text.startsWith(
        `retry: 15000\nevent: _eric_position\nid: ${idAt(channel, 1)}\ndata:\n\nevent: n\nid: ${idAt(channel, 2)}\n`,
      ),
      text,
    );
  });

  test('a client that loses its connection before its first event misses nothing', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1, 3);
    const reader = new BodyReader(channel.response());
    await reader.chunk();
    await reader.cancel();
    broadcast(channel, 4, 5);
    assert.notStrictEqual(reader.decoder.lastEventId, '');
    const { gap, data } = await resumed(channel, [withHeader(reader.decoder.lastEventId)]);
    assert.deepEqual([gap, data], [undefined, [4, 5]]);
  });

  test('and neither when it loses it before it has read what was ready by then', async () => {
    const channel = new SSEChannel({ streamDelaySeconds: 60 });
    const response = channel.response();
    broadcast(channel, 1, 2);
    const reader = new BodyReader(response);
    await reader.chunk();
    assert.match(reader.decoder.lastEventId, /-0$/);
    await reader.cancel();
    const fast = await resumed(channel, [withHeader(reader.decoder.lastEventId)]);
    assert.isUndefined(fast.gap);
  });

  test('replay and live are joined without a gap and without a duplicate', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1, 5);
    const reader = new BodyReader(channel.response(null, { lastEventId: idAt(channel, 2) }));
    broadcast(channel, 6, 7);
    await reader.chunk();
    broadcast(channel, 8, 9);
    const waiting = reader.events(7);
    broadcast(channel, 10, 10);
    assert.deepEqual(dataOf(await waiting), numbers(3, 9).map(String));
    assert.deepEqual(dataOf(await reader.events(8)), numbers(3, 10).map(String));
    await reader.cancel();
  });

  test('an up-to-date client gets no replay and no gap', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1, 5);
    const { gap, data, text } = await resumed(channel, [null, { lastEventId: channel.lastEventId }]);
    assert.deepEqual([gap, data], [undefined, []]);
    assert.strictEqual(text, `retry: 15000\nevent: _eric_position\nid: ${channel.lastEventId}\ndata:\n\n`);
  });

  test('the id of a dispatch comes after its broadcast', async () => {
    const channel = new SSEChannel();
    const other = channel.addListener();
    broadcast(channel, 1, 2);
    for (let number = 1; number <= 7; number++) channel.dispatch(other.id, { type: 'd' });
    broadcast(channel, 3, 3);
    channel.removeListener(other.id);
    const { gap, data } = await resumed(channel, [null, { lastEventId: idAt(channel, '2.7') }]);
    assert.deepEqual([gap, data], [undefined, [3]]);
    const unknown = await resumed(channel, [null, { lastEventId: idAt(channel, '2.8') }]);
    assert.strictEqual(unknown.gap.reason, 'unknown', 'there was no such dispatch');
  });

  test('expired messages are reported by a gap with their number, and kept ones are replayed', async () => {
    const channel = new SSEChannel({ history: { messages: 4 } });
    broadcast(channel, 1, 10);
    const from = idAt(channel, 2);
    const { gap, data, decoder } = await resumed(channel, [null, { lastEventId: from }]);
    assert.deepEqual(gap, { reason: 'expired', missed: 4, from, to: idAt(channel, 6) });
    assert.deepEqual(data, [7, 8, 9, 10]);
    assert.deepEqual(decoder.ignored, []);
  });

  test('a client that reconnects with the id of a gap does not receive it again', async () => {
    const channel = new SSEChannel({ history: { messages: 4 } });
    broadcast(channel, 1, 10);
    const reader = new BodyReader(channel.response(null, { lastEventId: idAt(channel, 2) }));
    await reader.chunk();
    const { data, lastEventId } = reader.decoder.events[0];
    await reader.cancel();
    assert.strictEqual(lastEventId, JSON.parse(data).to);
    const again = await resumed(channel, [null, { lastEventId }]);
    assert.deepEqual([again.gap, again.data], [undefined, [7, 8, 9, 10]]);
  });

  test('the oldest id that the history reaches is no gap, the one before is', async () => {
    const channel = new SSEChannel({ history: { messages: 3 } });
    broadcast(channel, 1, 10);
    assert.isUndefined((await resumed(channel, [null, { lastEventId: idAt(channel, 7) }])).gap);
    assert.strictEqual((await resumed(channel, [null, { lastEventId: idAt(channel, 6) }])).gap.missed, 1);
  });

  test('a channel without a history tells what is missing, and goes on live', async () => {
    for (const channel of [
      new SSEChannel({ history: { messages: 0 } }),
      new SSEChannel({ history: { bytes: 0 } }),
      new SSEChannel({ history: { seconds: 0 } }),
    ]) {
      broadcast(channel, 1, 3);
      await sleep(5);
      const stream = channel.watch({ lastEventId: idAt(channel, 1) });
      broadcast(channel, 4, 4);
      const [gap, live] = await take(stream, 2);
      assert.deepEqual(gap.data, { reason: 'expired', missed: 2, from: idAt(channel, 1), to: idAt(channel, 3) });
      assert.strictEqual(live.data, 4);
      await stream.return();
    }
  });

  test('an AbstractChannel keeps no history by default', async () => {
    class Plain extends AbstractChannel {}
    for (const [options, expected] of [
      [undefined, ['_eric_gap']],
      [{ history: {} }, ['n', 'n']],
    ]) {
      const channel = new Plain(options);
      broadcast(channel, 1, 2);
      const stream = channel.watch({ lastEventId: idAt(channel, 0) });
      assert.deepEqual(
        (await ready(stream)).map(({ type }) => type),
        expected,
      );
      await stream.return();
    }
  });

  test('the history is bounded in bytes', async () => {
    const channel = new SSEChannel({ history: { bytes: 4 * (256 + 10) } });
    for (let payload = 1; payload <= 9; payload++) channel.broadcast({ type: 'n', payload: `${payload}`.repeat(9) });
    assert.deepEqual(channel.stats().history, { messages: 4, bytes: 4 * (256 + 10) });
    const { gap, data } = await resumed(channel, [null, { lastEventId: idAt(channel, 3) }]);
    assert.strictEqual(gap.missed, 2);
    assert.strictEqual(data.length, 4);
  });

  test('the history is bounded in time', async () => {
    const channel = new SSEChannel({ history: { seconds: 0.02 } });
    broadcast(channel, 1, 2);
    await sleep(40);
    assert.deepEqual(channel.stats().history, { messages: 0, bytes: 0 });
    const { gap } = await resumed(channel, [null, { lastEventId: idAt(channel, 0) }]);
    assert.strictEqual(gap.missed, 2);
  });

  test('1,024 messages are kept by default', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1, 1500);
    assert.strictEqual(channel.stats().history.messages, 1024);
    const { gap, data } = await resumed(channel, [null, { lastEventId: idAt(channel, 476) }]);
    assert.deepEqual([gap, data], [undefined, numbers(477, 1500)]);
  });

  test('a replay counts on top of the bound of the queue', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1, 100);
    const reader = new BodyReader(channel.response(null, { lastEventId: idAt(channel, 0), queue: { messages: 2 } }));
    broadcast(channel, 101, 102);
    assert.strictEqual(channel.listenerCount, 1);
    assert.deepEqual(dataOf(await reader.events(102)), numbers(1, 102).map(String));
    await reader.cancel();
  });

  test('an id from another life of the channel leads to a gap that says so, and kept messages are replayed', async () => {
    const [before, channel] = [new SSEChannel(), new SSEChannel()];
    broadcast(before, 1, 5);
    broadcast(channel, 1, 3);
    const from = before.lastEventId;
    const { gap, data } = await resumed(channel, [null, { lastEventId: from }]);
    assert.deepEqual(gap, { reason: 'epoch', from, to: idAt(channel, 0) });
    assert.deepEqual(data, [1, 2, 3]);
  });

  test('a replay never crosses channels', async () => {
    const secret = new SSEChannel();
    secret.broadcast({ type: 'n', payload: 'secret' });
    for (const channel of [new SSEChannel(), new SSEChannel({ id: secret.id })]) {
      const { text } = await resumed(channel, [null, { lastEventId: idAt(secret, 0) }]);
      assert.notInclude(text, 'secret');
    }
  });

  /** Ids that no header can carry: tried through the query, where anything may be. */
  const GARBAGE = [
    'x',
    '-',
    '--',
    'é',
    '😀',
    ' ',
    '0',
    'null',
    'undefined',
    '[object Object]',
    '%',
    '\\',
    '"',
    "'",
    '<script>',
    '\u2028',
    '\ufeff',
    'a\nb',
    'a\rb',
    'a\0b',
    'a\n\ndata: x\n\n',
    '\ud800',
    `${'1'.repeat(70)}-1`,
    'x'.repeat(65),
    'x'.repeat(100_000),
  ];
  const OF_THIS_CHANNEL = [
    '',
    '-',
    '+1',
    '01',
    '1 ',
    ' 1',
    '1.',
    '1.x',
    '.1',
    '1.1.1',
    '1e1',
    '0x1',
    '-1',
    'NaN',
    'Infinity',
    '１',
    '1\n',
    '99999999999999999999',
    '18446744073709551615',
    '18446744073709551616',
    '9007199254740993',
    '4',
    '4.1',
    '1.99999999999999999999',
    `1.${'0'.repeat(70)}1`,
    '1'.repeat(100),
  ];
  test('any other id is unknown: kept messages are replayed, and nothing of the id is written', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1, 3);
    const epoch = idAt(channel, '');
    const all = [...GARBAGE, ...OF_THIS_CHANNEL.map((place) => epoch + place)];
    for (const id of all) {
      const { gap, data, decoder } = await resumed(channel, [
        new Request(
          `http://localhost/?lastEventId=${encodeURIComponent(id.toWellFormed?.() ?? id.replace(/\p{Cs}/gu, '?'))}`,
        ),
      ]);
      const shown = JSON.stringify(id.slice(0, 80));
      assert.strictEqual(gap?.reason, 'unknown', shown);
      assert.isFalse('missed' in gap, shown);
      assert.strictEqual(gap.to, idAt(channel, 0), shown);
      assert.isTrue(gap.from === null || /^[0-9A-Za-z._-]{1,64}$/.test(gap.from), shown);
      assert.deepEqual(data, [1, 2, 3], shown);
      assert.deepEqual(decoder.ignored, [], shown);
    }
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a Last-Event-ID of a megabyte is unknown, by header, query and option', async () => {
    const channel = new SSEChannel();
    const long = 'x'.repeat(1024 * 1024);
    const headers = { get: (name) => (name === 'Last-Event-ID' ? long : null) };
    for (const args of [
      [{ method: 'GET', headers }],
      [{ method: 'GET', url: `/?lastEventId=${long}` }],
      [null, { lastEventId: long }],
    ]) {
      const { gap, text } = await resumed(channel, args);
      assert.strictEqual(gap.reason, 'unknown');
      assert.isNull(gap.from);
      assert.isBelow(text.length, 200);
    }
  });

  test('a megabyte of it as the id of a dispatch is unknown too', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1, 1);
    const { gap } = await resumed(channel, [
      null,
      { lastEventId: `${channel.lastEventId}.${'1'.repeat(1024 * 1024)}` },
    ]);
    assert.strictEqual(gap.reason, 'unknown');
  });

  test('watch, registerListener and addListener go on as well, with objects', async () => {
    const channel = new SSEChannel({ history: { messages: 3 } });
    broadcast(channel, 1, 6);
    const lastEventId = idAt(channel, 1);
    const listener = new MessageQueueListener();
    channel.registerListener(listener, { lastEventId });
    const added = channel.addListener(undefined, { lastEventId });
    for (const one of [listener, added]) one.startSync();
    const streams = [channel.watch({ lastEventId }), channel.messageStream(listener), channel.messageStream(added)];
    for (const stream of streams) {
      const items = await ready(stream);
      const to = idAt(channel, 3);
      assert.deepEqual(items[0], {
        event: '_eric_gap',
        data: { reason: 'expired', missed: 2, from: lastEventId, to },
        retry: 15_000,
        id: to,
      });
      assert.deepEqual(
        items.slice(1).map(({ event, data, retry, id }) => [event, data, retry, id]),
        [4, 5, 6].map((n) => ['n', n, 15_000, idAt(channel, n)]),
      );
      await stream.return();
    }
  });

  test('a replayed message is the very value that was sent', async () => {
    const channel = new SSEChannel();
    const payload = { any: 'value' };
    channel.broadcast({ type: 'n', payload });
    const stream = channel.watch({ lastEventId: idAt(channel, 0) });
    assert.strictEqual((await take(stream, 1))[0].data, payload);
    await stream.return();
  });

  test('replays pass the filter and onMessage, as live messages do', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1, 6);
    const listener = new MessageQueueListener({
      onMessage: ({ payload }) => {
        if (payload === 4) throw new Error('refused');
      },
    });
    const stream = channel.watch({
      listener,
      filter: ({ payload }) => payload % 2 === 0,
      lastEventId: idAt(channel, 0),
      onError: () => {},
    });
    assert.deepEqual(dataOf(await ready(stream)), [2, 6]);
    assert.strictEqual(listener.stats().replayed, 6);
    await stream.return();
  });

  test('a broadcast that leaves a listener out is replayed to reconnecting clients, whom it cannot know', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    channel.broadcast({ type: 'n', payload: 1 }, { except: stream.listener });
    await stream.return();
    assert.deepEqual((await resumed(channel, [null, { lastEventId: idAt(channel, 0) }])).data, [1]);
  });

  test('a replay to a closed channel is refused as any listener is', () => {
    const channel = new SSEChannel();
    channel.close();
    assertException(
      thrownBy(() => channel.response(null, { lastEventId: channel.lastEventId })),
      InvalidChannelException,
      'ERIC_INVALID_CHANNEL',
    );
    assertException(
      thrownBy(() => channel.watch({ lastEventId: 'x' })),
      InvalidChannelException,
      'ERIC_INVALID_CHANNEL',
    );
  });

  test('a listener that is registered already is refused, whatever id comes along', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    assertException(
      thrownBy(() => channel.response(null, { listener, lastEventId: 'x' })),
      InvalidListenerException,
      'ERIC_INVALID_LISTENER',
    );
    assertException(
      thrownBy(() => channel.response(null, { listener: listener.id })),
      InvalidListenerException,
      'ERIC_INVALID_LISTENER',
    );
    assert.strictEqual(channel.listenerCount, 1);
  });

  test('a snapshot and what follows its id are everything, once', async () => {
    const channel = new SSEChannel();
    let state = 0;
    const add = () => channel.broadcast({ type: 'n', payload: (state += 1) });
    for (let i = 0; i < 5; i++) add();
    const snapshot = { state, lastEventId: channel.lastEventId };
    for (let i = 0; i < 5; i++) add();
    const stream = channel.watch({ lastEventId: snapshot.lastEventId });
    assert.deepEqual(dataOf(await ready(stream)), numbers(snapshot.state + 1, state));
    await stream.return();
  });

  for (let seed = 1; seed <= 20; seed++) {
    test(`a client that is cut off again and again gets everything once and in order, with seed ${seed}`, async () => {
      const random = new Random(seed);
      const channel = new SSEChannel({ streamDelaySeconds: 0 });
      const got = [];
      let [sent, lastEventId] = [0, channel.lastEventId];
      for (let round = 0; round < 30; round++) {
        const before = random.below(4);
        broadcast(channel, sent + 1, (sent += before));
        const reader = new BodyReader(channel.response(withHeader(lastEventId)));
        for (let reads = random.below(3); reads > 0; reads--) {
          const more = random.below(4);
          broadcast(channel, sent + 1, (sent += more));
          if (reader.chunks.length === 0 || more > 0) await reader.chunk();
        }
        await reader.cancel();
        for (const { type, data } of reader.decoder.events) {
          assert.strictEqual(type, 'n');
          got.push(Number(data));
        }
        lastEventId = reader.decoder.lastEventId || lastEventId;
      }
      got.push(...(await resumed(channel, [withHeader(lastEventId)])).data);
      assert.deepEqual(got, numbers(1, sent));
    });

    test(`with any id of a client, the messages it gets and the number it has missed add up, with seed ${seed}`, async () => {
      const random = new Random(seed + 100);
      const kept = random.below(6);
      const channel = new SSEChannel({ history: { messages: kept } });
      const slow = random.chance(50) ? channel.addListener() : undefined;
      const sent = random.below(20);
      broadcast(channel, 1, sent);
      for (let at = 0; at <= sent; at++) {
        const stream = channel.watch({ lastEventId: idAt(channel, at) });
        const items = await ready(stream);
        const gap = items[0]?.event === '_eric_gap' ? items.shift() : undefined;
        const missed = Math.max(sent - kept - at, 0);
        assert.strictEqual(
          gap?.data.missed ?? 0,
          missed,
          `after ${at} of ${sent}, ${slow ? 'with' : 'without'} a slow one`,
        );
        assert.deepEqual(dataOf(items), numbers(at + missed + 1, sent));
        assert.strictEqual(stream.listener.stats().replayed, items.length);
        await stream.return();
      }
    });
  }
  test('a client that loses its connection before its gap arrives receives the gap when it reconnects with its old id', async () => {
    // A message is a chunk, and so is what a stream begins with.
    const channel = new SSEChannel({ history: { messages: 1 }, streamDelaySeconds: 0.001 });
    broadcast(channel, 1, 3);
    let lastEventId = idAt(channel, 1);
    for (let times = 0; times < 3; times++) {
      const reader = new BodyReader(channel.response(withHeader(lastEventId)));
      await reader.chunk();
      assert.deepEqual(reader.decoder.events, []);
      ({ lastEventId } = reader.decoder);
      await reader.cancel();
    }
    const reader = new BodyReader(channel.response(withHeader(lastEventId)));
    const [gap] = await reader.events(1);
    assert.deepEqual(JSON.parse(gap.data), {
      reason: 'expired',
      missed: 1,
      from: idAt(channel, 1),
      to: idAt(channel, 2),
    });
    await reader.cancel();
  });
}
