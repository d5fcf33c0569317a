// Bounded queues: the fate of slow listeners, and of senders to them.

import { BodyReader } from '../lib/body.mjs';
import { Random } from '../lib/random.mjs';
import {
  assert,
  assertEnds,
  assertException,
  dataOf,
  promptly,
  ready,
  settle,
  take,
  thrownBy,
  until,
} from '../lib/support.mjs';

export default function register({ AbstractChannel, MessageQueueListener, QueueFullException, SSEChannel }, test) {
  const LIMIT = 1024;
  const BACKLOG = 10_000;

  /** @param {import('eric-sse').SSEChannel} channel @param {number} first @param {number} last */
  const broadcast = (channel, first, last) => {
    for (let payload = first; payload <= last; payload++) channel.broadcast({ type: 'n', payload });
  };
  const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const isGap = ({ event, type }) => (event ?? type) === '_eric_gap';

  test('drop-oldest delivers the newest 1,024 of a backlog of 10,000, and says exactly how many are missing', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ queue: { messages: LIMIT } });
    const from = channel.lastEventId;
    broadcast(channel, 1, BACKLOG);
    const [gap, ...events] = await take(stream, LIMIT + 1);
    assert.deepEqual(gap, {
      event: '_eric_gap',
      data: { reason: 'overflow', missed: BACKLOG - LIMIT, from, to: from.replace(/-0$/, `-${BACKLOG - LIMIT}`) },
      retry: 15_000,
      id: from.replace(/-0$/, `-${BACKLOG - LIMIT}`),
    });
    assert.deepEqual(dataOf(events), numbers(BACKLOG - LIMIT + 1, BACKLOG));
    channel.broadcast({ type: 'n', payload: 0 });
    assert.deepEqual(dataOf(await take(stream, 1)), [0], 'and goes on without another word');
    await stream.return();
  });

  test('drop-oldest on the wire is the same', async () => {
    const channel = new SSEChannel({ history: { messages: 0 } });
    const reader = new BodyReader(channel.response(null, { queue: { messages: LIMIT, overflow: 'drop-oldest' } }));
    await reader.chunk();
    broadcast(channel, 1, BACKLOG);
    const events = await reader.events(LIMIT + 1);
    assert.strictEqual(events.length, LIMIT + 1);
    assert.strictEqual(events[0].type, '_eric_gap');
    const gap = JSON.parse(events[0].data);
    assert.deepEqual([gap.reason, gap.missed, gap.to], ['overflow', BACKLOG - LIMIT, events[0].lastEventId]);
    assert.deepEqual(
      events.slice(1).map(({ data }) => Number(data)),
      numbers(BACKLOG - LIMIT + 1, BACKLOG),
    );
    await reader.cancel();
  });

  test('refuse refuses 8,976 of 10,000, and keeps the others', async () => {
    const channel = new SSEChannel();
    const listener = channel.addListener(undefined, { queue: { overflow: 'refuse' } });
    let refused = 0;
    for (let payload = 1; payload <= BACKLOG; payload++) {
      const message = { type: 'n', payload };
      try {
        channel.broadcast(message);
      } catch (error) {
        if (refused++ === 0) {
          assertException(error, QueueFullException, 'ERIC_QUEUE_FULL');
          assert.deepEqual(error.listeners, [listener.id]);
          assert.deepEqual({ ...error.refused }, message);
        }
      }
    }
    assert.strictEqual(refused, BACKLOG - LIMIT);
    assert.strictEqual(channel.stats().refused.full, BACKLOG - LIMIT);
    listener.startSync();
    for (const payload of numbers(1, LIMIT)) assert.strictEqual(channel.deliverNext(listener.id).payload, payload);
    channel.broadcast({ type: 'n', payload: 'room again' });
    assert.strictEqual(channel.deliverNext(listener.id).payload, 'room again');
  });

  test('disconnect closes once, and takes the listener away at once', async () => {
    const channel = new SSEChannel();
    const told = [];
    const reader = new BodyReader(channel.response(null, { onClose: (report) => void told.push(report.reason) }));
    await reader.chunk();
    broadcast(channel, 1, LIMIT);
    assert.strictEqual(channel.listenerCount, 1);
    broadcast(channel, LIMIT + 1, LIMIT + 1);
    assert.strictEqual(channel.listenerCount, 0);
    broadcast(channel, LIMIT + 2, BACKLOG);
    await settle();
    await reader.rest();
    assert.deepEqual(reader.decoder.events, []);
    assert.deepEqual(told, ['full']);
    assert.deepEqual(channel.stats().ended, { full: 1 });
  });

  test('a disconnected client reconnects, and is replayed the messages of the history', async () => {
    const channel = new SSEChannel();
    const reader = new BodyReader(channel.response(null, { queue: { messages: 4 } }));
    broadcast(channel, 1, 2);
    await reader.events(2);
    broadcast(channel, 3, 9);
    await reader.rest();
    const again = new BodyReader(
      channel.response(null, { queue: { messages: 4 }, lastEventId: reader.decoder.lastEventId }),
    );
    assert.deepEqual(dataOf(await again.events(7)), ['3', '4', '5', '6', '7', '8', '9']);
    await again.cancel();
  });

  test('readers in this process are not bounded by default: all 10,000 are delivered', async () => {
    const channel = new SSEChannel();
    const [stream, listener] = [channel.watch(), channel.addListener()];
    broadcast(channel, 1, BACKLOG);
    assert.deepEqual(dataOf(await take(stream, BACKLOG)), numbers(1, BACKLOG));
    listener.startSync();
    for (const payload of numbers(1, BACKLOG)) assert.strictEqual(channel.deliverNext(listener.id).payload, payload);
    await stream.return();
  });

  test('responses are bounded by default: by 1,024 messages, and by 1 MiB', async () => {
    const channel = new SSEChannel();
    const reader = new BodyReader(channel.response());
    await reader.chunk();
    // 256 for each message, and one for its type.
    const payload = 'x'.repeat(1024 * 512 - 256 - 1);
    channel.broadcast({ type: 'n', payload });
    channel.broadcast({ type: 'n', payload });
    assert.strictEqual(channel.listenerCount, 1, 'they just fit in');
    channel.broadcast({ type: 'n', payload: '' });
    assert.strictEqual(channel.listenerCount, 0);
    await reader.rest();
  });

  test('one message that is heavier than the whole bound is let through when nothing else waits', async () => {
    for (const overflow of ['drop-oldest', 'disconnect', 'refuse']) {
      const channel = new SSEChannel();
      const stream = channel.watch({ queue: { bytes: 10, overflow } });
      channel.broadcast({ type: 'n', payload: 'x'.repeat(100) });
      assert.deepEqual(dataOf(await take(stream, 1)), ['x'.repeat(100)], overflow);
      channel.dispatch(stream.listener.id, { type: 'n', payload: 'y'.repeat(100) });
      assert.deepEqual(dataOf(await take(stream, 1)), ['y'.repeat(100)], overflow);
      await stream.return();
    }
  });

  test('bytes are those of UTF-8, in Node as elsewhere', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    const texts = ['', 'a', 'é', '€', '😀', '\ud800', 'a\udc00b', '\ud83d\ud83d\ude00'];
    for (const payload of texts) channel.broadcast({ type: 'é', payload });
    const expected = texts.reduce((sum, text) => sum + 256 + 2 + new TextEncoder().encode(text).length, 0);
    assert.strictEqual(listener.stats().bytes, expected);
  });

  for (const overflow of ['drop-oldest', 'disconnect', 'refuse']) {
    test(`dispatches and broadcasts count together, with '${overflow}'`, async () => {
      const channel = new SSEChannel();
      const listener = new MessageQueueListener();
      channel.registerListener(listener, { queue: { messages: 4, overflow } });
      const refused = [];
      const send = (payload) => {
        try {
          if (payload % 2) channel.dispatch(listener.id, { type: 'n', payload });
          else channel.broadcast({ type: 'n', payload });
        } catch (error) {
          refused.push([payload, error.code]);
        }
      };
      numbers(1, 7).forEach(send);
      if (overflow === 'disconnect') {
        assert.strictEqual(channel.listenerCount, 0);
        assert.deepEqual(refused, [[7, 'ERIC_INVALID_LISTENER']], 'the fifth took it away');
        return;
      }
      listener.startSync();
      const items = await ready(channel.messageStream(listener));
      const events = items.filter((item) => !isGap(item));
      if (overflow === 'refuse') {
        assert.deepEqual(
          refused,
          [5, 6, 7].map((payload) => [payload, 'ERIC_QUEUE_FULL']),
        );
        assert.deepEqual(dataOf(events), [1, 2, 3, 4]);
        assert.strictEqual(items.length, events.length);
      } else {
        assert.deepEqual(dataOf(events), [4, 5, 6, 7]);
        assert.strictEqual(items[0].data.missed, 3);
        assert.strictEqual(items.length, 5);
      }
    });
  }

  test('a broadcast that one listener refuses reaches no listener, and the error names the refusing one', async () => {
    const channel = new SSEChannel();
    const streams = ['a', 'b', 'c', 'd'].map((id) => {
      const bounded = id === 'b' || id === 'd';
      return channel.watch({
        listener: new MessageQueueListener({ id }),
        ...(bounded ? { queue: { messages: 1, overflow: 'refuse' } } : {}),
      });
    });
    const before = channel.lastEventId;
    channel.broadcast({ type: 'n', payload: 1 });
    const error = thrownBy(() => channel.broadcast({ type: 'n', payload: 2 }));
    assert.deepEqual([...error.listeners].sort(), ['b', 'd']);
    assert.notStrictEqual(channel.lastEventId, before);
    assert.strictEqual(channel.lastEventId, before.replace(/-0$/, '-1'), 'a refused one has no number');
    for (const stream of streams) assert.deepEqual(dataOf(await ready(stream)), [1]);
    channel.broadcast({ type: 'n', payload: 3 });
    for (const stream of streams) assert.deepEqual(dataOf(await ready(stream)), [3]);
    assert.strictEqual(channel.stats().broadcasts, 2);
  });

  test('an excepted listener does not refuse the broadcast', () => {
    const channel = new SSEChannel();
    const full = channel.addListener(undefined, { queue: { messages: 1, overflow: 'refuse' } });
    const other = channel.addListener();
    channel.broadcast({ type: 'n', payload: 1 });
    channel.broadcast({ type: 'n', payload: 2 }, { except: full });
    assert.strictEqual(other.stats().queued, 2);
    assert.throws(() => channel.broadcast({ type: 'n', payload: 3 }, { except: other }), QueueFullException);
  });

  test('ids with awkward characters are named whole', () => {
    const channel = new SSEChannel();
    for (const id of ['a,b', ' ', 'é😀', '"']) {
      channel.registerListener(new MessageQueueListener({ id }), { queue: { messages: 1, overflow: 'refuse' } });
    }
    channel.broadcast({ type: 'n', payload: 1 });
    const { listeners, message } = thrownBy(() => channel.broadcast({ type: 'n', payload: 2 }));
    assert.deepEqual([...listeners].sort(), [' ', '"', 'a,b', 'é😀']);
    assert.isString(message);
  });

  test('the refused message is the very one that was handed in, or a Message of it', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener(undefined, { queue: { messages: 1, overflow: 'refuse' } });
    const payload = { any: 'value' };
    channel.broadcast({ type: 'n' });
    for (const send of [(message) => channel.broadcast(message), (message) => channel.dispatch(listener.id, message)]) {
      const { refused } = thrownBy(() => send({ type: 'n', payload }));
      assert.strictEqual(refused.type, 'n');
      assert.strictEqual(refused.payload, payload);
    }
  });

  test('a gap is delivered once, before the next message, for any number of dropped messages in any number of turns', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ queue: { messages: 2 } });
    broadcast(channel, 1, 3);
    await settle();
    broadcast(channel, 4, 6);
    const [gap, ...events] = await ready(stream);
    assert.deepEqual([gap.data.missed, ...dataOf(events)], [4, 5, 6]);
    broadcast(channel, 7, 10);
    const [second, ...more] = await ready(stream);
    assert.deepEqual([second.data.missed, ...dataOf(more)], [2, 9, 10]);
    assert.strictEqual(second.data.from, events[1].id);
    await stream.return();
  });

  test('from and to of a gap frame exactly what is missing', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ queue: { messages: 2 } });
    broadcast(channel, 1, 1);
    const [first] = await take(stream, 1);
    broadcast(channel, 2, 5);
    const [gap, next] = await take(stream, 2);
    assert.strictEqual(gap.data.from, first.id);
    assert.strictEqual(gap.data.to, gap.id);
    assert.strictEqual(gap.id, first.id.replace(/-1$/, '-3'));
    assert.strictEqual(next.id, first.id.replace(/-1$/, '-4'));
    await stream.return();
  });

  test('deliverNext passes over a gap, which the counters tell of', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener(undefined, { queue: { messages: 2 } });
    broadcast(channel, 1, 5);
    listener.startSync();
    assert.strictEqual(channel.deliverNext(listener.id).payload, 4);
    assert.strictEqual(listener.stats().dropped.overflow, 3);
  });

  test('a gap does not go to onMessage or the filter', async () => {
    const channel = new SSEChannel();
    const seen = [];
    const listener = new MessageQueueListener({ onMessage: ({ type }) => void seen.push(type) });
    const filter = ({ type }) => seen.push(`filter ${type}`) > 0;
    const stream = channel.watch({ listener, filter, events: ['n'], queue: { messages: 1 } });
    broadcast(channel, 1, 3);
    assert.strictEqual((await ready(stream)).length, 2);
    assert.deepEqual(seen, ['filter n', 'n']);
    await stream.return();
  });

  test('a gap reaches adapt as a message', async () => {
    const adapted = [];
    const channel = new (class extends AbstractChannel {
      adapt(message, id) {
        adapted.push([message.type, message.payload?.missed, id]);
        return message.payload;
      }
    })();
    const stream = channel.watch({ queue: { messages: 1 } });
    broadcast(channel, 1, 3);
    const [gap, last] = await take(stream, 2);
    assert.strictEqual(gap.missed, 2);
    assert.strictEqual(last, 3);
    assert.deepEqual(
      adapted.map(([type, missed]) => [type, missed]),
      [
        ['_eric_gap', 2],
        ['n', undefined],
      ],
    );
    assert.strictEqual(adapted[0][2], gap.to);
    await stream.return();
  });

  test('a stalled listener delays nobody else', async () => {
    const channel = new SSEChannel();
    const slow = channel.watch({ queue: { messages: 3 } });
    const fast = channel.watch();
    for (let payload = 1; payload <= 50; payload++) {
      broadcast(channel, payload, payload);
      assert.deepEqual(dataOf(await take(fast, 1)), [payload]);
    }
    assert.strictEqual(slow.listener.stats().queued, 3);
    await slow.return();
    await fast.return();
  });

  test('a watch that is disconnected ends, with its listener', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ queue: { messages: 1, overflow: 'disconnect' } });
    broadcast(channel, 1, 2);
    assert.strictEqual(channel.listenerCount, 0);
    await assertEnds(stream);
  });

  test('many are disconnected by one broadcast, and the others get it', async () => {
    const channel = new SSEChannel();
    const full = Array.from({ length: 50 }, () => channel.watch({ queue: { messages: 2, overflow: 'disconnect' } }));
    const other = channel.watch();
    broadcast(channel, 1, 3);
    assert.deepEqual(channel.listeners(), [other.listener]);
    for (const stream of full) await assertEnds(stream);
    assert.deepEqual(dataOf(await ready(other)), [1, 2, 3]);
    await other.return();
  });

  test('an overridden removeListener may replace a listener that the same broadcast disconnects', () => {
    const options = { queue: { messages: 1, overflow: 'disconnect' } };
    class Replacing extends AbstractChannel {
      removeListener(id) {
        super.removeListener(id);
        if (id !== 'first') return;
        super.removeListener('second');
        this.registerListener(new MessageQueueListener({ id: 'second' }));
      }
    }
    const channel = new Replacing();
    for (const id of ['first', 'second']) channel.registerListener(new MessageQueueListener({ id }), options);
    broadcast(channel, 1, 2);
    assert.deepEqual(
      channel.listeners().map(({ id }) => id),
      ['second'],
    );
    channel.dispatch('second', { type: 'n', payload: 3 });
    channel.getListener('second').startSync();
    assert.strictEqual(channel.deliverNext('second').payload, 3);
  });

  test('a disconnected listener may be registered again at once', async () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ id: 'same' });
    for (let round = 0; round < 20; round++) {
      channel.registerListener(listener, { queue: { messages: 1, overflow: 'disconnect' } });
      broadcast(channel, 1, 2);
      assert.strictEqual(channel.listenerCount, 0, `round ${round}`);
    }
    channel.registerListener(listener);
    channel.broadcast({ type: 'n', payload: 'x' });
    listener.startSync();
    assert.strictEqual(channel.deliverNext('same').payload, 'x');
  });

  test('a waiting reader is never full', async () => {
    const channel = new SSEChannel();
    for (const overflow of ['drop-oldest', 'disconnect', 'refuse']) {
      const reader = new BodyReader(channel.response(null, { queue: { messages: 1, overflow } }));
      await reader.chunk();
      for (let payload = 1; payload <= 20; payload++) {
        const waiting = reader.read();
        await settle();
        broadcast(channel, payload, payload);
        assert.include(await promptly(waiting), `data: ${payload}\n`, overflow);
      }
      await reader.cancel();
    }
  });

  test('an infinite bound means no bound', async () => {
    const channel = new SSEChannel();
    for (const overflow of ['drop-oldest', 'disconnect', 'refuse']) {
      const stream = channel.watch({ queue: { messages: Infinity, bytes: Infinity, overflow } });
      broadcast(channel, 1, 2000);
      assert.strictEqual((await take(stream, 2000)).length, 2000, overflow);
      await stream.return();
    }
  });

  test('random sends to bounded listeners end as a plain queue says', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const most = 1 + random.below(5);
      const channel = new SSEChannel();
      const stream = channel.watch({ queue: { messages: most } });
      let queue = [];
      let missed = 0;
      for (let payload = 1; payload <= 60; payload++) {
        const act = random.below(10);
        if (act < 8) {
          if (act < 3) channel.dispatch(stream.listener.id, { type: 'n', payload });
          else channel.broadcast({ type: 'n', payload }, act === 3 ? { except: stream.listener } : undefined);
          // A broadcast that it is excepted from takes room until it is passed over.
          queue.push(act === 3 ? undefined : payload);
          while (queue.length > most) missed += queue.splice(0, 1).length;
        } else {
          const items = await ready(stream);
          const gaps = items.filter(isGap);
          assert.deepEqual(
            gaps.map(({ data }) => data.missed),
            missed ? [missed] : [],
            `seed ${seed}: the gap`,
          );
          if (missed) assert.isTrue(isGap(items[0]), `seed ${seed}: it comes first`);
          assert.deepEqual(
            dataOf(items.filter((item) => !isGap(item))),
            queue.filter((payload) => payload !== undefined),
            `seed ${seed}: what is delivered`,
          );
          [queue, missed] = [[], 0];
        }
      }
      await stream.return();
    }
  });

  for (const missed of [100, 2500]) {
    for (const how of ['watch', 'response']) {
      test(`${how}: a client that has read all of ${missed} replayed messages has its own bound again`, async () => {
        const channel = new SSEChannel({ history: { messages: 3000 } });
        const { lastEventId } = channel;
        broadcast(channel, 1, missed);
        const options = { queue: { messages: 5, overflow: 'disconnect' }, lastEventId };
        if (how === 'watch') {
          const stream = channel.watch(options);
          await take(stream, missed);
          await settle();
        } else {
          const reader = new BodyReader(channel.response(null, options));
          await reader.events(missed);
        }
        broadcast(channel, 1, 5);
        assert.strictEqual(channel.listenerCount, 1);
        broadcast(channel, 6, 6);
        assert.strictEqual(channel.listenerCount, 0);
      });
    }
  }

  test('the memory of a bounded listener is given back with it', async () => {
    const channel = new SSEChannel({ history: { messages: 0 } });
    const stream = channel.watch();
    broadcast(channel, 1, 500);
    assert.strictEqual(channel.stats().history.messages, 500);
    await stream.return();
    await until(() => channel.stats().history.messages === 0, 'the release of what nobody reads');
  });
}
