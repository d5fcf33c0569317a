// Delivery and its order; deliverNext.

import { Random } from '../lib/random.mjs';
import { assert, assertException, dataOf, take, thrownBy } from '../lib/support.mjs';

export default function register(eric, test) {
  const { InvalidListenerException, MessageQueueListener, NoMessagesException, SSEChannel } = eric;

  function scene(count = 1) {
    const channel = new SSEChannel();
    const listeners = Array.from({ length: count }, () => channel.addListener());
    for (const listener of listeners) listener.startSync();
    const next = (listener) => channel.deliverNext(listener.id).payload;
    return { channel, listeners, next, all: (listener) => all(channel, listener) };
  }

  /** Delivers all that waits. */
  function all(channel, listener) {
    const payloads = [];
    for (;;) {
      try {
        payloads.push(channel.deliverNext(listener.id).payload);
      } catch (error) {
        assertException(error, NoMessagesException, 'ERIC_NO_MESSAGES');
        assert.strictEqual(error.reason, 'empty');
        return payloads;
      }
    }
  }

  test('a broadcast reaches every listener', () => {
    const { channel, listeners, next } = scene(3);
    assert.isUndefined(channel.broadcast({ type: 'a', payload: 1 }));
    assert.deepEqual(listeners.map(next), [1, 1, 1]);
  });

  test('a broadcast without listeners reaches nobody, and is not kept', () => {
    const channel = new SSEChannel();
    channel.broadcast({ type: 'a', payload: 1 });
    const listener = channel.addListener();
    listener.startSync();
    assert.deepEqual(all(channel, listener), []);
  });

  test('a dispatch reaches one listener', () => {
    const { channel, listeners, all } = scene(3);
    assert.isUndefined(channel.dispatch(listeners[1].id, { type: 'a', payload: 1 }));
    assert.deepEqual(listeners.map(all), [[], [1], []]);
  });

  test('broadcasts and dispatches interleave for one listener in the order in which they were sent', () => {
    const { channel, listeners, all } = scene(2);
    const [one, two] = listeners;
    const broadcast = (payload) => channel.broadcast({ type: 'a', payload });
    const dispatch = (listener, payload) => channel.dispatch(listener.id, { type: 'a', payload });
    dispatch(one, 1);
    broadcast(2);
    dispatch(one, 3);
    dispatch(two, 4);
    dispatch(one, 5);
    broadcast(6);
    broadcast(7);
    dispatch(two, 8);
    assert.deepEqual(all(one), [1, 2, 3, 5, 6, 7]);
    assert.deepEqual(all(two), [2, 4, 6, 7, 8]);
  });

  test('any interleaving arrives as it was sent, through deliverNext and through a stream', async () => {
    const random = new Random(7);
    const channel = new SSEChannel();
    const listeners = Array.from({ length: 5 }, () => channel.addListener());
    const expected = listeners.map(() => []);
    for (let payload = 0; payload < 2000; payload++) {
      if (random.chance(50)) {
        channel.broadcast({ type: 'a', payload });
        expected.forEach((list) => list.push(payload));
      } else {
        const to = random.below(5);
        channel.dispatch(listeners[to].id, { type: 'a', payload });
        expected[to].push(payload);
      }
    }
    for (const [index, listener] of listeners.entries()) {
      listener.startSync();
      const half = Math.floor(expected[index].length / 2);
      const got = Array.from({ length: half }, () => channel.deliverNext(listener.id).payload);
      got.push(...dataOf(await take(channel.messageStream(listener), expected[index].length - half)));
      assert.deepEqual(got, expected[index]);
    }
  });

  test('a listener gets what was sent after it was registered, and nothing older', () => {
    const channel = new SSEChannel();
    const early = channel.addListener();
    channel.broadcast({ type: 'a', payload: 1 });
    const late = channel.addListener();
    channel.broadcast({ type: 'a', payload: 2 });
    for (const listener of [early, late]) listener.startSync();
    assert.deepEqual(all(channel, early), [1, 2]);
    assert.deepEqual(all(channel, late), [2]);
  });

  test('a listener gets it whether or not it has been started', () => {
    const channel = new SSEChannel();
    const [running, stopped] = [channel.addListener(), channel.addListener()];
    running.startSync();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.dispatch(stopped.id, { type: 'a', payload: 2 });
    stopped.startSync();
    assert.deepEqual(all(channel, running), [1]);
    assert.deepEqual(all(channel, stopped), [1, 2]);
  });

  test('a slow listener does not keep anything from a quick one, nor the other way round', () => {
    const { channel, listeners, next, all } = scene(2);
    const [quick, slow] = listeners;
    for (let payload = 0; payload < 500; payload++) {
      channel.broadcast({ type: 'a', payload });
      assert.strictEqual(next(quick), payload);
    }
    assert.deepEqual(
      all(slow),
      Array.from({ length: 500 }, (_, payload) => payload),
    );
    assert.deepEqual(all(quick), []);
  });

  test('a listener that is removed takes nothing from the others', () => {
    const { channel, listeners, all } = scene(3);
    channel.broadcast({ type: 'a', payload: 1 });
    channel.removeListener(listeners[0].id);
    channel.broadcast({ type: 'a', payload: 2 });
    assert.deepEqual([listeners[1], listeners[2]].map(all), [
      [1, 2],
      [1, 2],
    ]);
  });

  test('deliverNext gives the oldest message that waits, once', () => {
    const { channel, listeners, next, all } = scene();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.broadcast({ type: 'a', payload: 2 });
    assert.strictEqual(next(listeners[0]), 1);
    assert.strictEqual(next(listeners[0]), 2);
    assert.deepEqual(all(listeners[0]), []);
  });

  test('deliverNext gives a Message with its type', () => {
    const { channel, listeners } = scene();
    channel.broadcast({ type: 'tick', payload: 1 });
    const message = channel.deliverNext(listeners[0].id);
    assert.instanceOf(message, eric.Message);
    assert.strictEqual(message.type, 'tick');
  });

  test('deliverNext raises NoMessagesException when nothing waits', () => {
    const { channel, listeners } = scene();
    const error = thrownBy(() => channel.deliverNext(listeners[0].id));
    assertException(error, NoMessagesException, 'ERIC_NO_MESSAGES');
    assert.strictEqual(error.reason, 'empty');
  });

  test('deliverNext raises NoMessagesException when the listener is stopped, and takes nothing', () => {
    const { channel, listeners, all } = scene();
    channel.broadcast({ type: 'a', payload: 1 });
    listeners[0].stopSync();
    const error = thrownBy(() => channel.deliverNext(listeners[0].id));
    assertException(error, NoMessagesException, 'ERIC_NO_MESSAGES');
    assert.strictEqual(error.reason, 'stopped');
    listeners[0].startSync();
    assert.deepEqual(all(listeners[0]), [1]);
  });

  test('deliverNext raises InvalidListenerException when the listener is unknown', () => {
    const { channel } = scene();
    const error = thrownBy(() => channel.deliverNext(new MessageQueueListener().id));
    assertException(error, InvalidListenerException, 'ERIC_INVALID_LISTENER');
  });

  test('deliverNext of a closed channel gives what was queued before, then says that it is closed', () => {
    const { channel, listeners, next } = scene();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.dispatch(listeners[0].id, { type: 'a', payload: 2 });
    channel.close();
    assert.deepEqual([next(listeners[0]), next(listeners[0])], [1, 2]);
    const error = thrownBy(() => next(listeners[0]));
    assertException(error, NoMessagesException, 'ERIC_NO_MESSAGES');
    assert.strictEqual(error.reason, 'closed');
  });

  test('a refused dispatch or broadcast queues nothing and leaves no gap in the order', () => {
    const { channel, listeners, all } = scene();
    channel.broadcast({ type: 'a', payload: 1 });
    thrownBy(() => channel.broadcast({ type: 'a', payload: 1n }));
    thrownBy(() => channel.dispatch('unknown', { type: 'a' }));
    thrownBy(() => channel.dispatch(listeners[0].id, { type: '' }));
    channel.dispatch(listeners[0].id, { type: 'a', payload: 2 });
    assert.deepEqual(all(listeners[0]), [1, 2]);
  });
}
