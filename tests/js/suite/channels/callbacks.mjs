// Chains of callbacks, and the callbacks that are not onMessage: onError, adapt, toJSON, abort
// listeners.

import { BodyReader } from '../lib/body.mjs';
import { assert, assertEnds, dataOf, promptly, take, thrownBy } from '../lib/support.mjs';

export default function register(
  { InvalidChannelException, InvalidListenerException, MessageQueueListener, SSEChannel },
  test,
) {
  test('a message that sends the next one, and so on, arrives in order', async () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({
      onMessage: ({ payload }) => payload < 500 && channel.broadcast({ type: 'a', payload: payload + 1 }),
    });
    const stream = channel.watch({ listener });
    const reader = new BodyReader(channel.response());
    channel.broadcast({ type: 'a', payload: 0 });
    const expected = Array.from({ length: 501 }, (_, payload) => payload);
    assert.deepEqual(dataOf(await take(stream, 501)), expected);
    assert.deepEqual(dataOf(await reader.events(501)), expected.map(String));
    await stream.return();
    await reader.cancel();
  });

  test('two listeners that answer each other through two channels do so in turn', async () => {
    const [ping, pong] = [new SSEChannel(), new SSEChannel()];
    const answer = (to) =>
      new MessageQueueListener({
        onMessage: ({ payload }) => payload < 100 && to.broadcast({ type: 'a', payload: payload + 1 }),
      });
    const [left, right] = [ping.watch({ listener: answer(pong) }), pong.watch({ listener: answer(ping) })];
    const read = async (stream, count) => dataOf(await take(stream, count));
    ping.broadcast({ type: 'a', payload: 0 });
    const [evens, odds] = await promptly(Promise.all([read(left, 51), read(right, 50)]));
    assert.deepEqual(
      evens,
      Array.from({ length: 51 }, (_, index) => 2 * index),
    );
    assert.deepEqual(
      odds,
      Array.from({ length: 50 }, (_, index) => 2 * index + 1),
    );
    await Promise.all([left.return(), right.return()]);
  });

  test('onMessage that calls deliverNext for every message it sees goes as deep as there are messages', () => {
    const channel = new SSEChannel();
    const got = [];
    const listener = new MessageQueueListener({
      onMessage({ payload }) {
        if (payload < 99) got.push(channel.deliverNext(listener.id).payload);
      },
    });
    channel.registerListener(listener);
    listener.startSync();
    for (let payload = 0; payload < 100; payload++) channel.broadcast({ type: 'a', payload });
    got.push(channel.deliverNext(listener.id).payload);
    assert.deepEqual(
      got,
      Array.from({ length: 100 }, (_, index) => 99 - index),
    );
  });

  test('onError and adapt may call everything', async () => {
    const channel = new (class extends SSEChannel {
      adapt(message, id) {
        if (message.payload === 1) this.broadcast({ type: 'a', payload: 3 });
        return super.adapt(message, id);
      }
    })();
    const listener = new MessageQueueListener({
      onMessage({ payload }) {
        if (payload === 2) throw new Error('refused');
      },
    });
    const onError = () => {
      channel.addListener();
      channel.dispatch(listener.id, { type: 'a', payload: 4 });
      channel.close();
    };
    const stream = channel.watch({ listener, onError });
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    assert.deepEqual(dataOf(await take(stream, 4)), [1, 3, 4, undefined]);
    await assertEnds(stream);
  });

  test('a toJSON may send: what it sends comes first', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    const payload = { toJSON: () => (channel.broadcast({ type: 'inner' }), 1) };
    channel.broadcast({ type: 'outer', payload });
    channel.dispatch(listener.id, { type: 'outer', payload });
    assert.deepEqual(
      [1, 2, 3, 4].map(() => channel.deliverNext(listener.id).type),
      ['inner', 'outer', 'inner', 'outer'],
    );
  });

  test('a toJSON that closes the channel has its own message refused', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    const payload = { toJSON: () => channel.close() ?? 1 };
    assert.instanceOf(
      thrownBy(() => channel.broadcast({ type: 'a', payload })),
      InvalidChannelException,
    );
    assert.strictEqual(thrownBy(() => channel.deliverNext(listener.id)).reason, 'closed');
  });

  test('a toJSON that removes the listener has its own dispatch refused, and nobody else gets it', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    let newcomer;
    const payload = {
      toJSON() {
        channel.removeListener(listener.id);
        newcomer = channel.addListener();
        newcomer.startSync();
        return 1;
      },
    };
    assert.instanceOf(
      thrownBy(() => channel.dispatch(listener.id, { type: 'a', payload })),
      InvalidListenerException,
    );
    assert.strictEqual(thrownBy(() => channel.deliverNext(newcomer.id)).reason, 'empty');
  });

  test('an abort listener may call everything', async () => {
    const channel = new SSEChannel();
    const controller = new AbortController();
    controller.signal.addEventListener('abort', () => channel.broadcast({ type: 'a', payload: 1 }));
    const stream = channel.watch({ signal: controller.signal });
    const other = channel.watch();
    const waiting = stream.next();
    controller.abort();
    assert.isTrue((await promptly(waiting)).done);
    assert.deepEqual(dataOf(await take(other, 1)), [1]);
    await other.return();
  });
}
