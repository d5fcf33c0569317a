// MessageQueueListener: its id, its running flag and its life at channels.

import {
  assert,
  assertEnds,
  assertException,
  dataOf,
  drain,
  promptly,
  settle,
  stillWaits,
  take,
  thrownBy,
} from '../lib/support.mjs';

export default function register({ MessageQueueListener, NoMessagesException, SSEChannel }, test) {
  test('every listener has an id of its own', () => {
    const ids = new Set(Array.from({ length: 1000 }, () => new MessageQueueListener().id));
    assert.strictEqual(ids.size, 1000);
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('an id stays the same, and may be chosen', () => {
    const listener = new MessageQueueListener();
    assert.strictEqual(listener.id, listener.id);
    assert.strictEqual(new MessageQueueListener({ id: 'mine' }).id, 'mine');
  });

  test('a listener starts out stopped', async () => {
    const listener = new MessageQueueListener();
    assert.isFalse(listener.isRunningSync());
    assert.isFalse(await listener.isRunning());
  });

  test('startSync and stopSync change whether it runs', () => {
    const listener = new MessageQueueListener();
    assert.isUndefined(listener.startSync());
    assert.isTrue(listener.isRunningSync());
    assert.isUndefined(listener.stopSync());
    assert.isFalse(listener.isRunningSync());
  });

  test('start, stop and isRunning do the same and return promises', async () => {
    const listener = new MessageQueueListener();
    const started = listener.start();
    assert.instanceOf(started, Promise);
    assert.isTrue(listener.isRunningSync(), 'at once, not when the promise is settled');
    assert.isUndefined(await started);
    const running = listener.isRunning();
    assert.instanceOf(running, Promise);
    assert.isTrue(await running);
    const stopped = listener.stop();
    assert.instanceOf(stopped, Promise);
    assert.isFalse(listener.isRunningSync());
    assert.isUndefined(await stopped);
    assert.isFalse(await listener.isRunning());
  });

  test('starting and stopping twice is the same as once', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    for (const expected of [true, true, false, false, true]) {
      if (expected) listener.startSync();
      else listener.stopSync();
      assert.strictEqual(listener.isRunningSync(), expected);
    }
  });

  test('a listener that was started before it is registered runs', () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener();
    listener.startSync();
    channel.registerListener(listener);
    channel.broadcast({ type: 'a', payload: 1 });
    assert.strictEqual(channel.deliverNext(listener.id).payload, 1);
  });

  test('messages sent before a listener is started wait for it', async () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.dispatch(listener.id, { type: 'a', payload: 2 });
    listener.startSync();
    assert.deepEqual(dataOf(await take(channel.messageStream(listener), 2)), [1, 2]);
  });

  test('a stopped listener is delivered nothing, and gets what waits once it is started again', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    channel.broadcast({ type: 'a', payload: 1 });
    listener.stopSync();
    channel.broadcast({ type: 'a', payload: 2 });
    const error = thrownBy(() => channel.deliverNext(listener.id));
    assertException(error, NoMessagesException, 'ERIC_NO_MESSAGES');
    assert.strictEqual(error.reason, 'stopped');
    listener.startSync();
    assert.deepEqual(
      [1, 2].map(() => channel.deliverNext(listener.id).payload),
      [1, 2],
    );
  });

  test('a listener of several channels gets the messages of each there', () => {
    const listener = new MessageQueueListener();
    const channels = [1, 2, 3].map(() => new SSEChannel());
    for (const channel of channels) channel.registerListener(listener);
    listener.startSync();
    channels.forEach((channel, number) => channel.broadcast({ type: 'a', payload: number }));
    assert.deepEqual(
      channels.map((channel) => channel.deliverNext(listener.id).payload),
      [0, 1, 2],
    );
  });

  test('stopping a listener ends its streams on all channels', async () => {
    const listener = new MessageQueueListener();
    const channels = [1, 2].map(() => new SSEChannel());
    for (const channel of channels) channel.registerListener(listener);
    listener.startSync();
    const streams = channels.map((channel) => channel.messageStream(listener));
    const waiting = streams.map((stream) => stream.next());
    for (const wait of waiting) await stillWaits(wait);
    listener.stopSync();
    for (const wait of waiting) assert.deepEqual(await promptly(wait), { done: true, value: undefined });
  });

  test('a listener whose one channel is closed is stopped at its others too', async () => {
    const listener = new MessageQueueListener();
    const [closed, open] = [new SSEChannel(), new SSEChannel()];
    for (const channel of [closed, open]) channel.registerListener(listener);
    listener.startSync();
    const [ending, other] = [closed.messageStream(listener), open.messageStream(listener)];
    const waiting = other.next();
    closed.close();
    assert.deepEqual(
      (await drain(ending)).map(({ event }) => event),
      ['_eric_channel_closed'],
    );
    assert.isFalse(listener.isRunningSync());
    assert.deepEqual(await promptly(waiting), { done: true, value: undefined });
  });

  test('a listener that was stopped by a closed channel may be started for its others', async () => {
    const listener = new MessageQueueListener();
    const [closed, open] = [new SSEChannel(), new SSEChannel()];
    for (const channel of [closed, open]) channel.registerListener(listener);
    listener.startSync();
    closed.close();
    await drain(closed.messageStream(listener));
    open.broadcast({ type: 'a', payload: 1 });
    listener.startSync();
    assert.strictEqual(open.deliverNext(listener.id).payload, 1);
  });

  test('a stop that is followed by a start in the same turn ends the streams, and keeps what waits', async () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    const stream = channel.messageStream(listener);
    const waiting = stream.next();
    await settle();
    channel.broadcast({ type: 'a', payload: 1 });
    listener.stopSync();
    listener.startSync();
    assert.deepEqual(await promptly(waiting), { done: true, value: undefined });
    await assertEnds(stream);
    assert.isTrue(listener.isRunningSync());
    assert.strictEqual(channel.deliverNext(listener.id).payload, 1);
  });

  test('a stop that is followed by a start ends a stream that nobody is reading just then', async () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    const stream = channel.messageStream(listener);
    listener.stopSync();
    listener.startSync();
    channel.broadcast({ type: 'a', payload: 1 });
    await assertEnds(stream);
    assert.strictEqual(channel.deliverNext(listener.id).payload, 1);
  });

  test('a listener that was removed may be registered again, and gets what is sent from then on', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    listener.startSync();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.removeListener(listener.id);
    channel.broadcast({ type: 'a', payload: 2 });
    channel.registerListener(listener);
    channel.broadcast({ type: 'a', payload: 3 });
    assert.strictEqual(channel.deliverNext(listener.id).payload, 3);
    assert.strictEqual(thrownBy(() => channel.deliverNext(listener.id)).reason, 'empty');
  });

  test('stopping a removed listener does nothing to one that has its id since', async () => {
    const channel = new SSEChannel();
    const [first, second] = [1, 2].map(() => new MessageQueueListener({ id: 'same' }));
    channel.registerListener(first);
    channel.removeListener('same');
    channel.registerListener(second);
    second.startSync();
    first.startSync();
    first.stopSync();
    channel.broadcast({ type: 'a', payload: 1 });
    assert.strictEqual(channel.deliverNext('same').payload, 1);
  });
}
