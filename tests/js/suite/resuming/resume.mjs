// Listeners that outlive their clients: resumeSeconds.

import { BodyReader } from '../lib/body.mjs';
import { Random } from '../lib/random.mjs';
import {
  assert,
  assertException,
  dataOf,
  promptly,
  settle,
  sleep,
  stillWaits,
  thrownBy,
  until,
} from '../lib/support.mjs';

export default function register(eric, test) {
  const { InvalidListenerException, MessageQueueListener, QueueFullException, SSEChannel } = eric;
  const LONG = 60;
  const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const broadcast = (channel, first, last = first) => {
    for (let payload = first; payload <= last; payload++) channel.broadcast({ type: 'n', payload });
  };

  /** A channel, and clients of the listener `x`. */
  function scene(channelOptions, options = {}) {
    const channel = new SSEChannel(channelOptions);
    const reasons = [];
    const connect = (lastEventId, more = {}) => {
      const given = {
        listener: 'x',
        resumeSeconds: LONG,
        lastEventId,
        onClose: ({ reason }) => void reasons.push(reason),
        ...options,
        ...more,
      };
      return new BodyReader(channel.response(null, given));
    };
    const dispatch = (first, last = first) => {
      for (let payload = first; payload <= last; payload++) channel.dispatch('x', { type: 'd', payload });
    };
    return { channel, reasons, connect, dispatch };
  }

  /** The ready events of a reader: its gap, if any, the gap's place, and data. */
  async function all(reader) {
    const before = reader.decoder.events.length;
    await reader.chunk();
    const events = reader.decoder.events.slice(before);
    const at = events.findIndex(({ type }) => type === '_eric_gap');
    const gap = at < 0 ? undefined : JSON.parse(events.splice(at, 1)[0].data);
    return { gap, data: events.map(({ data }) => Number(data)), at };
  }

  test('messages sent to a listener while its client was away, dispatches too, arrive when the client reconnects', async () => {
    const { channel, connect, dispatch, reasons } = scene();
    const first = connect();
    broadcast(channel, 1);
    dispatch(2);
    assert.deepEqual((await all(first)).data, [1, 2]);
    await first.cancel();
    assert.strictEqual(channel.listenerCount, 1);
    broadcast(channel, 3);
    dispatch(4, 5);
    broadcast(channel, 6);
    const second = connect(first.decoder.lastEventId);
    assert.deepEqual(await all(second), { gap: undefined, at: -1, data: [3, 4, 5, 6] });
    dispatch(7);
    assert.deepEqual(dataOf(await second.events(5)), ['3', '4', '5', '6', '7']);
    await second.cancel();
    assert.deepEqual(reasons, ['cancelled', 'cancelled']);
    channel.removeListener('x');
  });

  test('it goes on where the last event ID says: what the client has not got is sent again', async () => {
    const { channel, connect, dispatch } = scene();
    const first = connect();
    broadcast(channel, 1);
    dispatch(2, 3);
    broadcast(channel, 4);
    dispatch(5);
    assert.deepEqual((await all(first)).data, [1, 2, 3, 4, 5]);
    const ids = first.decoder.events.map(({ lastEventId }) => lastEventId);
    await first.cancel();
    for (const [index, id] of ids.entries()) {
      const again = connect(id);
      const expected = numbers(index + 2, 5);
      if (expected.length > 0) assert.deepEqual(await all(again), { gap: undefined, at: -1, data: expected }, id);
      else assert.strictEqual(await again.chunk(), `retry: 15000\nevent: _eric_position\nid: ${id}\ndata:\n\n`);
      await again.cancel();
    }
    const { replayed, delivered } = channel.getListener('x').stats();
    assert.strictEqual(delivered - replayed, 5);
    channel.removeListener('x');
  });

  test('without a last event ID it goes on behind what was delivered', async () => {
    const { channel, connect, dispatch } = scene();
    const first = connect();
    dispatch(1, 2);
    await all(first);
    await first.cancel();
    dispatch(3);
    const second = connect();
    assert.deepEqual(await all(second), { gap: undefined, at: -1, data: [3] });
    await second.cancel();
    channel.removeListener('x');
  });

  test('the first block says where it goes on', async () => {
    const { channel, connect, dispatch } = scene();
    const first = connect();
    broadcast(channel, 1);
    dispatch(2);
    await all(first);
    const id = first.decoder.lastEventId;
    await first.cancel();
    const second = connect(id);
    assert.strictEqual(await second.chunk(), `retry: 15000\nevent: _eric_position\nid: ${id}\ndata:\n\n`);
    await second.cancel();
    channel.removeListener('x');
  });

  test('a client that never read anything gets everything when it reconnects', async () => {
    const { channel, connect, dispatch } = scene();
    const first = connect();
    dispatch(1);
    broadcast(channel, 2);
    await first.cancel();
    const second = connect();
    assert.deepEqual(await all(second), { gap: undefined, at: -1, data: [1, 2] });
    await second.cancel();
    channel.removeListener('x');
  });

  test('the listener leaves when its time is up, and a client that reconnects later receives a gap of reason forgotten', async () => {
    const { channel, connect, dispatch } = scene({}, { resumeSeconds: 0.02 });
    const first = connect();
    broadcast(channel, 1);
    await all(first);
    const id = first.decoder.lastEventId;
    await first.cancel();
    assert.strictEqual(channel.listenerCount, 1);
    dispatch(2);
    broadcast(channel, 3);
    await until(() => channel.listenerCount === 0, 'the end of the listener');
    assert.strictEqual(channel.stats().dropped.discarded, 2);
    const second = connect(id);
    const { gap, data, at } = await all(second);
    const newest = channel.lastEventId;
    assert.deepEqual(gap, { reason: 'forgotten', from: id, to: `${newest}.2` });
    assert.deepEqual(
      [data, at],
      [[3], 1],
      'broadcasts are replayed all the same, and what is missing may have come before or after',
    );
    await second.cancel();
    channel.removeListener('x');
  });

  test('a client that loses its connection before its gap arrives receives it when it reconnects, once', async () => {
    const { channel, connect, dispatch } = scene();
    const first = connect();
    broadcast(channel, 1);
    await all(first);
    const id = first.decoder.lastEventId;
    await first.cancel();
    dispatch(2);
    channel.removeListener('x');
    for (let lost = 0; lost < 3; lost++) {
      const reader = connect(id);
      // Bytes that are read of it do not reach the client.
      if (lost > 0) await reader.chunk();
      await reader.cancel();
    }
    const told = connect(id);
    const { gap, data } = await all(told);
    assert.deepEqual([gap.reason, gap.from, data], ['forgotten', id, []]);
    await told.cancel();
    const again = connect(told.decoder.lastEventId);
    dispatch(3);
    assert.deepEqual(await all(again), { gap: undefined, at: -1, data: [3] });
    await again.cancel();
    channel.removeListener('x');
  });

  test('a reconnecting client stops the time', async () => {
    const { channel, connect } = scene({}, { resumeSeconds: 0.05 });
    const first = connect();
    await first.chunk();
    await first.cancel();
    const second = connect();
    await second.chunk();
    const waiting = second.read();
    await sleep(120);
    assert.strictEqual(channel.listenerCount, 1);
    broadcast(channel, 1);
    assert.include(await promptly(waiting), 'data: 1\n');
    await second.cancel();
    await until(() => channel.listenerCount === 0);
  });

  test('a second response while the first is open replaces it', async () => {
    const { channel, connect, reasons } = scene();
    const first = connect();
    broadcast(channel, 1);
    await all(first);
    const waiting = first.read();
    await stillWaits(waiting);
    const second = connect(first.decoder.lastEventId);
    assert.deepEqual(reasons, ['replaced']);
    assert.isUndefined(await promptly(waiting), 'the first one ends');
    broadcast(channel, 2);
    assert.deepEqual((await all(second)).data, [2]);
    assert.strictEqual(channel.listenerCount, 1);
    await second.cancel();
    assert.deepEqual(reasons, ['replaced', 'cancelled']);
    assert.deepEqual(channel.stats().ended, { replaced: 1, cancelled: 1 });
    channel.removeListener('x');
  });

  test('a response that replaces another lets the old one take nothing any more', async () => {
    const { channel, connect } = scene();
    const first = connect();
    broadcast(channel, 1, 3);
    const second = connect();
    await first.rest();
    assert.deepEqual(first.decoder.events, []);
    assert.deepEqual((await all(second)).data, [1, 2, 3]);
    await second.cancel();
    channel.removeListener('x');
  });

  test('ten that replace each other leave one', async () => {
    const { channel, connect, reasons } = scene();
    const readers = numbers(1, 10).map(() => connect());
    assert.deepEqual(reasons, Array(9).fill('replaced'));
    broadcast(channel, 1);
    for (const reader of readers.slice(0, -1)) {
      await reader.rest();
      assert.deepEqual(reader.decoder.events, []);
    }
    assert.deepEqual((await all(readers[9])).data, [1]);
    channel.removeListener('x');
    await readers[9].rest();
    assert.strictEqual(reasons[9], 'removed');
  });

  test('an onClose that reports a replaced response cannot open another one for the listener meanwhile', async () => {
    const { channel, connect, reasons } = scene();
    const errors = [];
    const first = connect(undefined, {
      onClose: ({ reason }) => {
        reasons.push(reason);
        if (reason === 'replaced') errors.push(thrownBy(() => connect()));
      },
    });
    await first.chunk();
    const second = connect();
    await first.rest();
    assertException(errors[0], InvalidListenerException, 'ERIC_INVALID_LISTENER');
    assert.deepEqual(reasons, ['replaced']);
    assert.strictEqual(channel.stats().connected, 1);
    broadcast(channel, 1, 4);
    assert.deepEqual(dataOf(await second.events(4)), ['1', '2', '3', '4'], 'nobody shares its messages');
    const third = connect(second.decoder.lastEventId);
    await second.rest();
    await third.cancel();
    channel.removeListener('x');
  });

  for (const ending of ['cancelled', 'replaced', 'rotated']) {
    test(`messages that a subclass's own stream waits for go to the next response, when the one before was ${ending}`, async () => {
      const channel = new (class extends SSEChannel {
        async *messageStream(listener, options) {
          for await (const item of super.messageStream(listener, options)) yield item;
        }
      })();
      const connect = (lastEventId, more) =>
        new BodyReader(channel.response(null, { listener: 'x', resumeSeconds: LONG, lastEventId, ...more }));
      const dispatch = (payload) => channel.dispatch('x', { type: 'd', payload });
      const first = connect(undefined, ending === 'rotated' ? { maxDurationSeconds: 0.02 } : {});
      dispatch(1);
      await first.events(1);
      const waiting = first.read();
      if (ending === 'cancelled') await first.cancel();
      if (ending === 'rotated') await until(() => channel.stats().ended.rotated === 1, 'the end of the response');
      const second = ending === 'replaced' ? connect(first.decoder.lastEventId) : undefined;
      await waiting.catch(() => {});
      for (const payload of [2, 3, 4]) dispatch(payload);
      const next = second ?? connect(first.decoder.lastEventId);
      assert.deepEqual(dataOf(await next.events(3)), ['2', '3', '4']);
      assert.strictEqual(channel.stats().connected, 1);
      await next.cancel();
      channel.removeListener('x');
    });
  }

  test('a listener that is removed when its response is replaced leaves nothing to the one that comes in its place', async () => {
    const channel = new SSEChannel();
    broadcast(channel, 1);
    const id = channel.lastEventId;
    broadcast(channel, 2);
    let other;
    const first = new BodyReader(
      channel.response(null, {
        listener: 'x',
        resumeSeconds: LONG,
        onClose() {
          channel.removeListener('x');
          other = channel.addListener();
        },
      }),
    );
    await first.chunk();
    const second = new BodyReader(channel.response(null, { listener: 'x', resumeSeconds: LONG, lastEventId: id }));
    const { replayed, queued } = other.stats();
    assert.deepEqual([replayed, queued], [0, 0]);
    await second.cancel();
    channel.removeListener('x');
  });

  for (const [how, end] of Object.entries({
    'aborts its request': ({ controller }) => controller.abort(),
    'opens the next response': ({ connect }) => void connect(),
  })) {
    test(`a response whose callback ${how} gives back what nobody was handed`, async () => {
      const { channel, connect: open, dispatch } = scene({ history: { messages: 0 } });
      const controller = new AbortController();
      let next;
      const seen = [];
      const connect = () => (next = open(undefined, { filter: undefined }));
      const first = open(undefined, {
        signal: controller.signal,
        filter: ({ payload }) => {
          seen.push(payload);
          if (payload === 3 && next === undefined && !controller.signal.aborted) end({ controller, connect });
          return true;
        },
      });
      await first.chunk();
      dispatch(1, 2);
      broadcast(channel, 3, 4);
      dispatch(5);
      await first.rest();
      assert.deepEqual(first.decoder.events, []);
      assert.deepEqual(seen, [1, 2, 3]);
      next ??= open();
      assert.deepEqual(dataOf(await next.events(5)), ['1', '2', '3', '4', '5']);
      const { delivered, queued } = channel.stats();
      assert.deepEqual([delivered, queued], [5, 0]);
      await next.cancel();
      channel.removeListener('x');
    });
  }

  for (const accepts of [true, false]) {
    test(`a response whose filter ends it, and ${accepts ? 'wants' : 'does not want'} the message, has told nobody of its gaps`, async () => {
      const { channel, connect, dispatch } = scene({}, { queue: { messages: 4, overflow: 'drop-oldest' } });
      const controller = new AbortController();
      const first = connect(undefined, {
        signal: controller.signal,
        filter: ({ payload }) => {
          // Six more than there is room for, while the chunk is being made.
          if (payload === 1) dispatch(2, 10);
          if (payload === 7) controller.abort();
          return payload !== 7 || accepts;
        },
      });
      await first.chunk();
      dispatch(1);
      await first.rest();
      assert.deepEqual(first.decoder.events, []);
      const second = connect();
      await second.chunk();
      const seen = second.decoder.events.map(({ type, data }) =>
        type === '_eric_gap' ? JSON.parse(data).missed : `${data}`,
      );
      assert.deepEqual(seen, accepts ? ['1', 5, '7', '8', '9', '10'] : ['1', 5, '8', '9', '10'], 'in their order');
      const numbers = second.decoder.events.map(({ lastEventId }) => Number(lastEventId.split('.')[1]));
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
      await second.cancel();
      channel.removeListener('x');
    });
  }

  test('resumeSeconds requires a listener', () => {
    const channel = new SSEChannel();
    const error = thrownBy(() => channel.response(null, { resumeSeconds: 1 }));
    assert.instanceOf(error, TypeError);
    assert.include(error.message, 'resumeSeconds requires the option `listener`');
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a replaced response whose listener need not be kept does not remove the listener', async () => {
    const { channel, connect } = scene();
    const first = connect();
    await first.chunk();
    await first.cancel();
    const second = connect(undefined, { resumeSeconds: undefined });
    await second.chunk();
    const third = connect();
    broadcast(channel, 1);
    assert.deepEqual((await all(third)).data, [1]);
    await second.rest();
    await third.cancel();
    channel.removeListener('x');
  });

  test('the last response decides how long the listener is kept', async () => {
    const { channel, connect } = scene();
    const first = connect();
    await first.chunk();
    await first.cancel();
    const second = connect(undefined, { resumeSeconds: 0 });
    await second.chunk();
    await second.cancel();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('the listener may be handed in; another one with its id is refused', async () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ id: 'x' });
    const first = new BodyReader(channel.response(null, { listener, resumeSeconds: LONG }));
    await first.chunk();
    const other = new MessageQueueListener({ id: 'x' });
    assertException(
      thrownBy(() => channel.response(null, { listener: other, resumeSeconds: LONG })),
      InvalidListenerException,
      'ERIC_INVALID_LISTENER',
    );
    assert.strictEqual(channel.getListener('x'), listener);
    const second = new BodyReader(channel.response(null, { listener, resumeSeconds: LONG }));
    await first.rest();
    const third = new BodyReader(channel.response(null, { listener: 'x', resumeSeconds: LONG }));
    await second.rest();
    await third.cancel();
    assert.deepEqual(channel.listeners(), [listener]);
    channel.removeListener('x');
  });

  test('a listener that is there but not to be resumed is refused by its id too', async () => {
    const channel = new SSEChannel();
    const reader = new BodyReader(channel.response(null, { listener: 'x' }));
    assertException(
      thrownBy(() => channel.response(null, { listener: 'x', resumeSeconds: LONG })),
      InvalidListenerException,
      'ERIC_INVALID_LISTENER',
    );
    await reader.cancel();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a listener by its id is made with that id', async () => {
    const channel = new SSEChannel();
    const reader = new BodyReader(channel.response(null, { listener: 'é😀' }));
    assert.strictEqual(channel.getListener('é😀').id, 'é😀');
    channel.dispatch('é😀', { type: 'n', payload: 1 });
    assert.deepEqual(dataOf(await reader.events(1)), ['1']);
    await reader.cancel();
  });

  test('a listener that was stopped while nobody read for it starts again with its client', async () => {
    const { channel, connect } = scene();
    const first = connect();
    await first.chunk();
    channel.getListener('x').stopSync();
    await first.rest();
    broadcast(channel, 1);
    assert.isFalse(channel.getListener('x').isRunningSync());
    const second = connect();
    assert.isTrue(channel.getListener('x').isRunningSync());
    assert.deepEqual((await all(second)).data, [1]);
    await second.cancel();
    channel.removeListener('x');
  });

  test('a listener that is removed while its client is away is gone, and its timer harms no other', async () => {
    const { channel, connect } = scene({}, { resumeSeconds: 0.02 });
    const first = connect();
    await first.chunk();
    await first.cancel();
    channel.removeListener('x');
    const newcomer = new MessageQueueListener({ id: 'x' });
    channel.registerListener(newcomer);
    await sleep(60);
    assert.deepEqual(channel.listeners(), [newcomer]);
  });

  test('one whose queue is full while its client is away leaves, and the history is replayed', async () => {
    const { channel, connect } = scene({}, { queue: { messages: 2 } });
    const first = connect();
    broadcast(channel, 1);
    await all(first);
    await first.cancel();
    broadcast(channel, 2, 4);
    assert.strictEqual(channel.listenerCount, 0);
    const second = connect(first.decoder.lastEventId);
    const { gap, data } = await all(second);
    assert.strictEqual(gap.reason, 'forgotten');
    assert.deepEqual(data, [2, 3, 4]);
    await second.cancel();
    channel.removeListener('x');
  });

  test('a listener with overflow refuse also refuses while its client is away', async () => {
    const { channel, connect, dispatch } = scene({}, { queue: { messages: 2, overflow: 'refuse' } });
    const first = connect();
    await first.chunk();
    await first.cancel();
    dispatch(1, 2);
    assert.throws(() => dispatch(3), QueueFullException);
    assert.throws(() => broadcast(channel, 4), QueueFullException);
    const second = connect(first.decoder.lastEventId);
    assert.deepEqual(await all(second), { gap: undefined, at: -1, data: [1, 2] });
    await second.cancel();
    channel.removeListener('x');
  });

  for (const withId of [true, false]) {
    test(`dispatches that were dropped while the client was away lead to a gap, ${withId ? 'with' : 'without'} a last event ID`, async () => {
      const { channel, connect, dispatch } = scene({}, { queue: { messages: 4, overflow: 'drop-oldest' } });
      const first = connect();
      broadcast(channel, 1);
      await all(first);
      await first.cancel();
      dispatch(2, 10);
      const second = connect(withId ? first.decoder.lastEventId : undefined);
      const { gap, data } = await all(second);
      // Some of them may still be remembered, for the one client that they were for.
      assert.deepEqual(data, numbers(10 - data.length + 1, 10));
      assert.isAtLeast(data.length, 4);
      assert.strictEqual(gap?.missed ?? 9 - data.length, 9 - data.length);
      assert.strictEqual(gap.from, first.decoder.lastEventId);
      await second.cancel();
      channel.removeListener('x');
    });

    test(`broadcasts that were dropped while the client was away are replayed or told, ${withId ? 'with' : 'without'} a last event ID`, async () => {
      const { channel, connect } = scene({}, { queue: { messages: 4, overflow: 'drop-oldest' } });
      const first = connect();
      broadcast(channel, 1);
      await all(first);
      await first.cancel();
      broadcast(channel, 2, 10);
      const second = connect(withId ? first.decoder.lastEventId : undefined);
      const { gap, data } = await all(second);
      const from = 10 - data.length + 1;
      assert.deepEqual(data, numbers(from, 10));
      assert.strictEqual((gap?.missed ?? 0) + data.length, 9);
      await second.cancel();
      channel.removeListener('x');
    });
  }

  test('ids of another channel lead to a gap, and the stream goes on where it is', async () => {
    const { channel, connect, dispatch } = scene();
    const first = connect();
    dispatch(1);
    await all(first);
    await first.cancel();
    for (const [id, reason] of [
      ['garbage', 'unknown'],
      ['x'.repeat(10_000), 'unknown'],
      ['0123456789ab-0', 'epoch'],
      [channel.lastEventId.replace(/-.*/, '-99'), 'unknown'],
    ]) {
      dispatch(2);
      const again = connect(id);
      const { gap, data } = await all(again);
      assert.strictEqual(gap?.reason, reason);
      assert.deepEqual(data, [2]);
      await again.cancel();
    }
    channel.removeListener('x');
  });

  test('an id ahead of what the listener has got passes over what the client has', async () => {
    const { channel, connect } = scene();
    const first = connect();
    await first.chunk();
    await first.cancel();
    broadcast(channel, 1, 5);
    const second = connect(channel.lastEventId.replace(/-.*/, '-3'));
    assert.deepEqual(await all(second), { gap: undefined, at: -1, data: [4, 5] });
    await second.cancel();
    channel.removeListener('x');
  });

  test('an id of a dispatch that was never sent harms nobody', async () => {
    const { channel, connect, dispatch } = scene();
    const first = connect();
    broadcast(channel, 1);
    dispatch(2, 3);
    await all(first);
    await first.cancel();
    for (const place of ['1.99', '0.5', '1.18446744073709551615']) {
      const again = connect(channel.lastEventId.replace(/-.*/, `-${place}`));
      await again.chunk();
      await again.cancel();
    }
    dispatch(4);
    const last = connect();
    assert.include((await all(last)).data, 4);
    await last.cancel();
    channel.removeListener('x');
  });

  test('when the channel is closed the listener leaves with its response, however long it was to be kept', async () => {
    const { channel, connect, reasons } = scene();
    const first = connect();
    await first.chunk();
    channel.close();
    await first.rest();
    assert.deepEqual(reasons, ['closed']);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a filter is that of the newest response', async () => {
    const { channel, connect } = scene();
    const first = connect(undefined, { events: ['other'] });
    await first.chunk();
    await first.cancel();
    const second = connect(undefined, { filter: ({ payload }) => payload % 2 === 0 });
    broadcast(channel, 1, 4);
    assert.deepEqual((await all(second)).data, [2, 4]);
    await second.cancel();
    const third = connect();
    broadcast(channel, 5, 6);
    assert.deepEqual((await all(third)).data, [5, 6]);
    await third.cancel();
    channel.removeListener('x');
  });

  test('messages excepted by a broadcast stay excepted after a rewind', async () => {
    const { channel, connect } = scene();
    const first = connect();
    broadcast(channel, 1);
    channel.broadcast({ type: 'n', payload: 2 }, { except: 'x' });
    broadcast(channel, 3);
    assert.deepEqual((await all(first)).data, [1, 3]);
    const id = first.decoder.events[0].lastEventId;
    await first.cancel();
    channel.broadcast({ type: 'n', payload: 4 }, { except: 'x' });
    broadcast(channel, 5);
    const second = connect(id);
    assert.deepEqual(await all(second), { gap: undefined, at: -1, data: [3, 5] });
    await second.cancel();
    channel.removeListener('x');
  });

  test('onClose may open the next response, or remove the listener', async () => {
    const channel = new SSEChannel();
    let next;
    const options = {
      listener: 'x',
      resumeSeconds: LONG,
      onClose: () => void (next ??= channel.response(null, { listener: 'x', resumeSeconds: LONG })),
    };
    const first = new BodyReader(channel.response(null, options));
    await first.chunk();
    broadcast(channel, 1);
    await first.cancel();
    const second = new BodyReader(next);
    assert.deepEqual((await all(second)).data, [1]);
    await second.cancel();
    channel.removeListener('x');
    const third = new BodyReader(
      channel.response(null, {
        listener: 'x',
        resumeSeconds: LONG,
        onClose: ({ listener }) => channel.removeListener(listener.id),
      }),
    );
    await third.chunk();
    await third.cancel();
    await settle();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('onClose may remove the listener that another response is about to go on with: that one has a new listener then', async () => {
    const channel = new SSEChannel();
    const reasons = [];
    const onClose = ({ reason, listener }) => {
      reasons.push(reason);
      if (reason === 'replaced') channel.removeListener(listener.id);
    };
    const first = new BodyReader(channel.response(null, { listener: 'x', resumeSeconds: LONG, onClose }));
    await first.chunk();
    const second = new BodyReader(channel.response(null, { listener: 'x', resumeSeconds: LONG }));
    await first.rest();
    broadcast(channel, 1);
    assert.deepEqual((await all(second)).data, [1]);
    assert.deepEqual(reasons, ['replaced']);
    assert.strictEqual(channel.listenerCount, 1);
    channel.removeListener('x');
    await second.rest();
  });

  for (let seed = 1; seed <= 40; seed++) {
    test(`a client that is cut off again and again gets all that is for it once and in order, with seed ${seed}`, async () => {
      const random = new Random(seed);
      const { channel, connect, dispatch } = scene();
      let sent = 0;
      const send = (count) => {
        for (; count > 0; count--) {
          if (random.chance(40)) dispatch(++sent);
          else if (random.chance(20)) channel.broadcast({ type: 'n', payload: -1 }, { except: 'x' });
          else broadcast(channel, ++sent);
        }
      };
      const got = [];
      let id;
      for (let round = 0; round < 25; round++) {
        const reader = connect(id);
        for (let reads = random.below(3); reads > 0; reads--) {
          send(1 + random.below(3));
          await promptly(Promise.race([reader.read(), settle()]));
          await settle();
        }
        await reader.cancel();
        await settle();
        const { events } = reader.decoder;
        // A client may lose the tail of what was on its way.
        const kept = random.chance(30) ? random.below(events.length + 1) : events.length;
        for (const { type, data } of events.slice(0, kept)) {
          assert.notStrictEqual(type, '_eric_gap');
          got.push(Number(data));
        }
        if (kept > 0) id = events[kept - 1].lastEventId;
        else if (id === undefined) id = reader.text.match(/^id: (.*)$/m)?.[1];
        send(random.below(3));
      }
      const last = connect(id);
      dispatch(++sent);
      got.push(...(await all(last)).data);
      await last.cancel();
      assert.deepEqual(got, numbers(1, sent));
      channel.removeListener('x');
    });
  }
}
