// onMessage may call everything. No "recursive use" error, no lost order, whatever is delivering
// just then.

import { BodyReader } from '../lib/body.mjs';
import { assert, dataOf, promptly, settle, thrownBy } from '../lib/support.mjs';

export default function register(eric, test) {
  const { ChannelContainer, InvalidListenerException, MessageQueueListener, SSEChannel } = eric;

  /**
   * A channel with a listener whose `onMessage` runs `action` at the first message, and two
   * messages sent.
   * @param {(scene: any) => void} action
   */
  function scene(action) {
    const container = new ChannelContainer();
    const channel = container.add();
    const all = { container, channel, seen: [], caught: [] };
    all.listener = new MessageQueueListener({
      onMessage({ payload }) {
        all.seen.push(payload);
        if (payload === 'first') action(all);
      },
    });
    all.other = channel.addListener();
    all.other.startSync();
    all.broadcast = (...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'a', payload }));
    all.dispatch = (...payloads) =>
      payloads.forEach((payload) => channel.dispatch(all.listener.id, { type: 'a', payload }));
    all.otherGets = (count) => Array.from({ length: count }, () => channel.deliverNext(all.other.id).payload);
    return all;
  }

  const itemOf = ({ data, event }) => (event === '_eric_channel_closed' ? 'closed' : data);

  /**
   * Ways for messages to be delivered: each gives up to `count` payloads, fewer when that is the
   * end.
   */
  const MEANS = {
    async deliverNext({ channel, listener, broadcast }, count) {
      channel.registerListener(listener);
      listener.startSync();
      broadcast('first', 'second');
      const got = [];
      while (got.length < count) {
        try {
          got.push(channel.deliverNext(listener.id).payload);
        } catch (error) {
          if (error.reason === 'closed') got.push('closed');
          else if (error.message === 'of onMessage') continue;
          else assert.isTrue(error.reason === 'stopped' || error instanceof InvalidListenerException, String(error));
          break;
        }
      }
      return got;
    },
    async 'a stream that is read'({ channel, listener, broadcast }, count) {
      const stream = channel.watch({ listener, onError() {} });
      broadcast('first', 'second');
      return itemsOf(stream, count);
    },
    async 'a stream that waits'({ channel, listener, broadcast }, count) {
      const stream = channel.watch({ listener, onError() {} });
      const waiting = stream.next();
      await settle();
      broadcast('first', 'second');
      const { done, value } = await promptly(waiting);
      return done ? [] : [itemOf(value), ...(await itemsOf(stream, count - 1))];
    },
    async 'a response that is read'({ channel, listener, broadcast }, count) {
      const reader = new BodyReader(channel.response(null, { listener, onError() {} }));
      broadcast('first', 'second');
      return eventsOf(reader, count);
    },
    async 'a response that waits'({ channel, listener, broadcast }, count) {
      const reader = new BodyReader(channel.response(null, { listener, onError() {} }));
      await reader.chunk();
      const waiting = reader.read();
      await settle();
      broadcast('first', 'second');
      await promptly(waiting);
      return eventsOf(reader, count);
    },
  };

  async function itemsOf(stream, count) {
    const items = [];
    while (items.length < count) {
      const { done, value } = await promptly(stream.next(), `item ${items.length + 1} of ${count}`);
      if (done) return items;
      items.push(itemOf(value));
    }
    await stream.return();
    return items;
  }

  async function eventsOf(reader, count) {
    const events = await reader.events(count);
    await reader.cancel();
    return events.map(({ type, data }) => (type === '_eric_channel_closed' ? 'closed' : data));
  }

  /**
   * The action of onMessage, the messages that the reader then gets, and the rest that has to hold.
   */
  const ACTIONS = [
    [
      'broadcasts',
      ({ broadcast }) => broadcast('third'),
      ['first', 'second', 'third'],
      ({ otherGets }) => assert.deepEqual(otherGets(3), ['first', 'second', 'third']),
    ],
    ['dispatches to its own listener', ({ dispatch }) => dispatch('third'), ['first', 'second', 'third']],
    [
      'broadcasts and dispatches in turn',
      ({ broadcast, dispatch }) => {
        dispatch('d1');
        broadcast('b1');
        dispatch('d2');
        broadcast('b2');
      },
      ['first', 'second', 'd1', 'b1', 'd2', 'b2'],
      ({ otherGets }) => assert.deepEqual(otherGets(4), ['first', 'second', 'b1', 'b2']),
    ],
    [
      'dispatches to another listener',
      ({ channel, other }) => channel.dispatch(other.id, { type: 'a', payload: 'x' }),
      ['first', 'second'],
      ({ otherGets }) => assert.deepEqual(otherGets(3), ['first', 'second', 'x']),
    ],
    [
      'broadcasts a thousand messages',
      ({ broadcast }) => broadcast(...Array(1000).keys()),
      ['first', 'second', ...Array.from(Array(1000).keys())],
    ],
    [
      'adds a listener',
      (all) => {
        all.added = all.channel.addListener();
        all.added.startSync();
        all.broadcast('third');
      },
      ['first', 'second', 'third'],
      ({ channel, added }) => assert.strictEqual(channel.deliverNext(added.id).payload, 'third'),
    ],
    [
      'removes its own listener',
      ({ channel, listener }) => channel.removeListener(listener.id),
      ['first', undefined],
      ({ channel }) => assert.strictEqual(channel.listenerCount, 1),
    ],
    [
      'removes its own listener and registers it again',
      ({ channel, listener }) => (channel.removeListener(listener.id), channel.registerListener(listener)),
      null,
    ],
    [
      'removes another listener',
      ({ channel, other }) => channel.removeListener(other.id),
      ['first', 'second'],
      ({ channel, other }) => assert.throws(() => channel.getListener(other.id), InvalidListenerException),
    ],
    [
      'stops its own listener',
      ({ listener }) => listener.stopSync(),
      ['first', undefined],
      ({ listener }) => assert.isFalse(listener.isRunningSync()),
    ],
    [
      'stops another listener',
      ({ other }) => other.stopSync(),
      ['first', 'second'],
      ({ channel, other }) => assert.strictEqual(thrownBy(() => channel.deliverNext(other.id)).reason, 'stopped'),
    ],
    ['starts its own listener', ({ listener }) => listener.startSync(), ['first', 'second']],
    [
      'closes the channel',
      ({ channel }) => channel.close(),
      ['first', 'second', 'closed'],
      ({ channel }) => assert.isTrue(channel.closed),
    ],
    [
      'removes the channel from its container',
      ({ container, channel }) => container.rm(channel.id),
      ['first', 'second', 'closed'],
      ({ container }) => assert.strictEqual(container.size, 0),
    ],
    [
      'throws',
      () => {
        throw new Error('of onMessage');
      },
      ['second'],
    ],
    [
      'broadcasts and throws',
      ({ broadcast }) => {
        broadcast('third');
        throw new Error('of onMessage');
      },
      ['second', 'third'],
    ],
    [
      'calls deliverNext for its own listener',
      (all) => {
        all.inner = all.channel.deliverNext(all.listener.id).payload;
        all.broadcast('third');
      },
      ['first', 'third'],
      ({ inner, seen }) => assert.deepEqual([inner, ...seen], ['second', 'first', 'second', 'third']),
    ],
    [
      'calls deliverNext for another listener',
      (all) => (all.inner = all.otherGets(2)),
      ['first', 'second'],
      ({ inner }) => assert.deepEqual(inner, ['first', 'second']),
    ],
    [
      'opens a stream for its own listener and reads',
      (all) => {
        const stream = all.channel.messageStream(all.listener);
        all.inner = stream.next().finally(() => stream.return());
        all.broadcast('third');
      },
      ['first', 'third'],
      async ({ inner }) => assert.strictEqual((await promptly(inner)).value.data, 'second'),
    ],
    [
      'watches',
      (all) => {
        all.stream = all.channel.watch();
        all.waiting = all.stream.next();
        all.broadcast('third');
      },
      ['first', 'second', 'third'],
      async ({ stream, waiting }) => {
        assert.strictEqual((await promptly(waiting)).value.data, 'third');
        await stream.return();
      },
    ],
    [
      'answers with a response',
      (all) => {
        all.reader = new BodyReader(all.channel.response());
        all.broadcast('third');
      },
      ['first', 'second', 'third'],
      async ({ reader }) => {
        assert.deepEqual(dataOf(await reader.events(1)), ['third']);
        await reader.cancel();
      },
    ],
    [
      'is refused everything that can be refused',
      (all) => {
        const { channel, listener } = all;
        for (const call of [
          () => channel.registerListener(listener),
          () => channel.dispatch('unknown', { type: 'a' }),
          () => channel.broadcast({ type: '' }),
          () => channel.removeListener('unknown'),
        ]) {
          all.caught.push(thrownBy(call).code);
        }
      },
      ['first', 'second'],
      ({ caught }) =>
        assert.deepEqual(caught, [
          'ERIC_INVALID_LISTENER',
          'ERIC_INVALID_LISTENER',
          'ERIC_INVALID_MESSAGE',
          'ERIC_INVALID_LISTENER',
        ]),
    ],
  ];

  for (const [how, deliver] of Object.entries(MEANS)) {
    for (const [what, action, expected, check] of ACTIONS) {
      test(`onMessage ${what}, called by ${how}`, async () => {
        const all = scene(action);
        // `undefined` stands for the end: one more is asked for, and nothing is to come.
        const got = await deliver(all, expected?.length ?? 1);
        if (expected)
          assert.deepEqual(
            got,
            expected
              .filter((payload) => payload !== undefined)
              .map((payload) => (how.includes('response') ? String(payload) : payload)),
          );
        await check?.(all);
        // And the channel is as good as new.
        const fresh = new SSEChannel();
        for (const channel of all.channel.closed ? [fresh] : [fresh, all.channel]) {
          const stream = channel.watch();
          channel.broadcast({ type: 'a', payload: 'after' });
          assert.strictEqual((await promptly(stream.next())).value.data, 'after');
          await stream.return();
        }
      });
    }
  }
}
