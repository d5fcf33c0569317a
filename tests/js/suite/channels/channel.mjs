// AbstractChannel: its listeners, and the calls that a closed channel refuses.

import { assert, assertException, dataOf, drain, take, thrownBy } from '../lib/support.mjs';

export default function register(eric, test) {
  const { AbstractChannel, InvalidChannelException, InvalidListenerException, MessageQueueListener, SSEChannel } = eric;

  test('every channel has an id of its own, which stays the same and may be chosen', () => {
    const ids = new Set(Array.from({ length: 100 }, () => new SSEChannel().id));
    assert.strictEqual(ids.size, 100);
    const channel = new SSEChannel();
    assert.strictEqual(channel.id, channel.id);
    assert.strictEqual(new SSEChannel({ id: 'mine' }).id, 'mine');
  });

  test('addListener adds a new listener, which is stopped', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    assert.strictEqual(listener.constructor, MessageQueueListener);
    assert.isFalse(listener.isRunningSync());
    assert.strictEqual(channel.getListener(listener.id), listener);
  });

  test('addListener makes a listener of the class that it is given', () => {
    class Listener extends MessageQueueListener {
      seen = [];
      onMessage({ payload }) {
        this.seen.push(payload);
      }
    }
    const channel = new SSEChannel();
    const listener = channel.addListener(Listener);
    assert.strictEqual(listener.constructor, Listener);
    listener.startSync();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.deliverNext(listener.id);
    assert.deepEqual(listener.seen, [1]);
  });

  test('addListener passes on what the constructor throws, and adds nothing', () => {
    const channel = new SSEChannel();
    class Failing extends MessageQueueListener {
      constructor() {
        super();
        throw new Error('of the constructor');
      }
    }
    assert.strictEqual(thrownBy(() => channel.addListener(Failing)).message, 'of the constructor');
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('registerListener adds a listener that exists already', () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ id: 'mine' });
    assert.isUndefined(channel.registerListener(listener));
    assert.strictEqual(channel.getListener('mine'), listener);
  });

  test('registerListener refuses an id that is registered already, and changes nothing', () => {
    const channel = new SSEChannel();
    const [first, second] = [1, 2].map(() => new MessageQueueListener({ id: 'same' }));
    channel.registerListener(first);
    first.startSync();
    channel.broadcast({ type: 'a', payload: 1 });
    for (const listener of [first, second]) {
      assertException(
        thrownBy(() => channel.registerListener(listener)),
        InvalidListenerException,
        'ERIC_INVALID_LISTENER',
      );
    }
    second.startSync();
    second.stopSync();
    assert.deepEqual(channel.listeners(), [first]);
    assert.strictEqual(channel.deliverNext('same').payload, 1);
  });

  test('registerListener refuses what is no listener', () => {
    const channel = new SSEChannel();
    for (const other of [undefined, null, {}, 'id', { id: 'id', onMessage() {} }, MessageQueueListener]) {
      assertException(
        thrownBy(() => channel.registerListener(other)),
        InvalidListenerException,
        'ERIC_INVALID_LISTENER',
      );
    }
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('removeListener removes a listener with what waits for it', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    channel.broadcast({ type: 'a' });
    assert.isUndefined(channel.removeListener(listener.id));
    assert.strictEqual(channel.listenerCount, 0);
    for (const call of [
      () => channel.removeListener(listener.id),
      () => channel.getListener(listener.id),
      () => channel.dispatch(listener.id, { type: 'a' }),
      () => channel.deliverNext(listener.id),
      () => channel.messageStream(listener),
    ]) {
      assertException(thrownBy(call), InvalidListenerException, 'ERIC_INVALID_LISTENER');
    }
  });

  test('removing a listener leaves its running flag as it is', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    channel.removeListener(listener.id);
    assert.isTrue(listener.isRunningSync());
  });

  test('an id that is unknown, or none at all, is refused', () => {
    const channel = new SSEChannel();
    channel.addListener();
    for (const id of ['unknown', '', undefined, null, 5, {}, '__proto__', 'constructor']) {
      for (const call of [
        () => channel.getListener(id),
        () => channel.removeListener(id),
        () => channel.deliverNext(id),
        () => channel.dispatch(id, { type: 'a' }),
        () => channel.messageStream({ id }),
      ]) {
        assertException(thrownBy(call), InvalidListenerException, 'ERIC_INVALID_LISTENER');
      }
    }
  });

  test('listeners() gives the listeners in the order in which they were registered', () => {
    const channel = new SSEChannel();
    const [a, b, c] = [1, 2, 3].map(() => channel.addListener());
    assert.deepEqual(channel.listeners(), [a, b, c]);
    channel.removeListener(b.id);
    const d = channel.addListener();
    channel.registerListener(b);
    assert.deepEqual(channel.listeners(), [a, c, d, b]);
  });

  test("listeners() gives an array of the caller's own", () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    channel.listeners().pop();
    assert.deepEqual(channel.listeners(), [listener]);
  });

  test('listenerCount says how many are registered', () => {
    const channel = new SSEChannel();
    assert.strictEqual(channel.listenerCount, 0);
    const listeners = [1, 2, 3].map(() => channel.addListener());
    assert.strictEqual(channel.listenerCount, 3);
    channel.removeListener(listeners[1].id);
    assert.strictEqual(channel.listenerCount, 2);
  });

  test('channels share nothing', () => {
    const [one, two] = [new SSEChannel(), new SSEChannel()];
    const listeners = [one, two].map((channel) => {
      const listener = new MessageQueueListener({ id: 'same' });
      channel.registerListener(listener);
      listener.startSync();
      return listener;
    });
    one.broadcast({ type: 'a', payload: 'one' });
    two.dispatch('same', { type: 'a', payload: 'two' });
    assert.notStrictEqual(listeners[0], listeners[1]);
    assert.strictEqual(one.deliverNext('same').payload, 'one');
    assert.strictEqual(two.deliverNext('same').payload, 'two');
    one.close();
    assert.isFalse(two.closed);
  });

  test('a closed channel refuses sends and listeners', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    assert.isFalse(channel.closed);
    assert.isUndefined(channel.close());
    assert.isTrue(channel.closed);
    for (const call of [
      () => channel.broadcast({ type: 'a' }),
      () => channel.dispatch(listener.id, { type: 'a' }),
      () => channel.addListener(),
      () => channel.registerListener(new MessageQueueListener()),
      () => channel.watch(),
      () => channel.response(),
    ]) {
      assertException(thrownBy(call), InvalidChannelException, 'ERIC_INVALID_CHANNEL');
    }
    assert.deepEqual(channel.listeners(), [listener]);
  });

  test('a listener that a closed channel has refused is free for another', () => {
    const [closed, open] = [new SSEChannel(), new SSEChannel()];
    closed.close();
    const listener = new MessageQueueListener();
    thrownBy(() => closed.watch({ listener }));
    open.registerListener(listener);
    listener.startSync();
    open.broadcast({ type: 'a', payload: 1 });
    assert.strictEqual(open.deliverNext(listener.id).payload, 1);
  });

  test('closing a closed channel does nothing', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    channel.close();
    channel.close();
    assert.strictEqual((await drain(stream)).length, 1);
    channel.close();
  });

  test('a channel of any kind is made by extending AbstractChannel, whose streams yield the messages', async () => {
    class Plain extends AbstractChannel {}
    const channel = new Plain({ id: 'plain' });
    assert.strictEqual(channel.id, 'plain');
    const stream = channel.watch();
    const sent = new eric.Message('a', 1);
    channel.broadcast(sent);
    assert.strictEqual((await take(stream, 1))[0], sent);
    channel.close();
    const [last] = await drain(stream);
    assert.instanceOf(last, eric.Message);
    assert.strictEqual(last.type, '_eric_channel_closed');
  });

  test('a channel is disposed of by closing it, where the runtime knows disposal', async () => {
    if (!Symbol.dispose) return;
    const channel = new SSEChannel();
    const stream = channel.watch();
    channel.broadcast({ type: 'a', payload: 1 });
    channel[Symbol.dispose]();
    assert.isTrue(channel.closed);
    assert.deepEqual(dataOf(await drain(stream)), [1, undefined]);
  });
}
