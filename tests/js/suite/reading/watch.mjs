// watch(): a stream with a listener of its own, which is there from the call on and gone when the
// stream ends.

import {
  assert,
  assertEnds,
  assertException,
  countedSignal,
  dataOf,
  drain,
  promptly,
  rejectionOf,
  settle,
  stillWaits,
  take,
  thrownBy,
} from '../lib/support.mjs';

export default function register({ InvalidListenerException, MessageQueueListener, SSEChannel }, test) {
  const END = { done: true, value: undefined };

  test('the listener exists and runs from the call on, not from the first read', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    assert.strictEqual(channel.listenerCount, 1);
    assert.strictEqual(channel.getListener(stream.listener.id), stream.listener);
    assert.isTrue(stream.listener.isRunningSync());
    channel.broadcast({ type: 'a', payload: 1 });
    channel.dispatch(stream.listener.id, { type: 'a', payload: 2 });
    assert.deepEqual(dataOf(await take(stream, 2)), [1, 2]);
    await stream.return();
  });

  test('it starts a listener that it is given, and shows it the messages', async () => {
    const channel = new SSEChannel();
    const seen = [];
    const listener = new MessageQueueListener({ id: 'mine', onMessage: ({ payload }) => void seen.push(payload) });
    const stream = channel.watch({ listener });
    assert.strictEqual(stream.listener, listener);
    assert.isTrue(listener.isRunningSync());
    assert.strictEqual(channel.getListener('mine'), listener);
    channel.dispatch('mine', { type: 'a', payload: 1 });
    await take(stream, 1);
    assert.deepEqual(seen, [1]);
    await stream.return();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a listener that is registered already is refused, and stays as it is', () => {
    const channel = new SSEChannel();
    const listener = channel.addListener();
    assertException(
      thrownBy(() => channel.watch({ listener })),
      InvalidListenerException,
      'ERIC_INVALID_LISTENER',
    );
    assert.deepEqual(channel.listeners(), [listener]);
    assert.isFalse(listener.isRunningSync());
  });

  test('a listener may be watched for again once its stream has ended', async () => {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener();
    for (const payload of [1, 2, 3]) {
      const stream = channel.watch({ listener });
      channel.broadcast({ type: 'a', payload });
      assert.deepEqual(dataOf(await take(stream, 1)), [payload]);
      await stream.return();
    }
  });

  test('refused options leave no listener behind', () => {
    const channel = new SSEChannel();
    for (const options of [{ signal: {} }, { onError: 'x' }, { listener: {} }, 5, null])
      thrownBy(() => channel.watch(options));
    assert.strictEqual(channel.listenerCount, 0);
  });

  /** Every way for a stream to end. Each is tried while somebody waits, and while nobody does. */
  const ENDS = {
    'return()': ({ stream }) => void stream.return(),
    'throw()': ({ stream }) => void stream.throw(new Error('thrown in')).catch(() => {}),
    'an abort': ({ abort }) => abort(),
    'stopping the listener': ({ stream }) => stream.listener.stopSync(),
    'removing the listener': ({ channel, stream }) => channel.removeListener(stream.listener.id),
    'closing the channel': ({ channel }) => channel.close(),
  };
  for (const [how, end] of Object.entries(ENDS)) {
    test(`the listener is removed when the stream ends by ${how}, while somebody waits`, async () => {
      const channel = new SSEChannel();
      const { signal, abort, listening } = countedSignal();
      const stream = channel.watch({ signal });
      const waiting = stream.next();
      await settle();
      end({ channel, stream, abort });
      const answer = await promptly(waiting);
      if (how !== 'closing the channel') assert.deepEqual(answer, END);
      assert.strictEqual(channel.listenerCount, 0);
      assert.strictEqual(listening(), 0);
      await assertEnds(stream);
    });

    test(`the listener is removed when the stream ends by ${how}, before its first read`, async () => {
      const channel = new SSEChannel();
      const { signal, abort, listening } = countedSignal();
      const stream = channel.watch({ signal });
      end({ channel, stream, abort });
      await drain(stream);
      assert.strictEqual(channel.listenerCount, 0);
      assert.strictEqual(listening(), 0);
    });

    test(`the listener is removed when the stream ends by ${how}, from inside onMessage`, async () => {
      const channel = new SSEChannel();
      const { signal, abort, listening } = countedSignal();
      let stream;
      const listener = new MessageQueueListener({ onMessage: () => end({ channel, stream, abort }) });
      stream = channel.watch({ signal, listener });
      const waiting = stream.next();
      await settle();
      channel.broadcast({ type: 'a', payload: 1 });
      await promptly(waiting);
      await drain(stream);
      assert.strictEqual(channel.listenerCount, 0);
      assert.strictEqual(listening(), 0);
    });
  }

  test('return(), an abort and a removal take the listener away at once, whether or not somebody reads', () => {
    for (const how of ['return()', 'throw()', 'an abort', 'removing the listener']) {
      const channel = new SSEChannel();
      const { signal, abort } = countedSignal();
      const stream = channel.watch({ signal });
      ENDS[how]({ channel, stream, abort });
      assert.strictEqual(channel.listenerCount, 0, how);
    }
  });

  test('stopping the listener takes it away soon, whether or not somebody reads', async () => {
    const channel = new SSEChannel();
    const fresh = channel.watch();
    const begun = channel.watch();
    channel.broadcast({ type: 'a', payload: 1 });
    await take(begun, 1);
    for (const { listener } of [fresh, begun]) listener.stopSync();
    await settle();
    assert.strictEqual(channel.listenerCount, 0);
    await assertEnds(fresh);
    await assertEnds(begun);
  });

  test('a stop that is followed by a start takes the listener away all the same', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    stream.listener.stopSync();
    stream.listener.startSync();
    await settle();
    assert.strictEqual(channel.listenerCount, 0);
    await assertEnds(stream);
  });

  test('the listener is removed by break and by an error in the loop', async () => {
    const channel = new SSEChannel();
    const loop = async (leave) => {
      const stream = channel.watch();
      channel.broadcast({ type: 'a' });
      for await (const event of stream) if (event && leave()) break;
    };
    await loop(() => true);
    assert.strictEqual(channel.listenerCount, 0);
    await rejectionOf(
      loop(() => {
        throw new Error('of the body');
      }),
    );
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a signal that was aborted before leaves no listener', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ signal: AbortSignal.abort() });
    assert.strictEqual(channel.listenerCount, 0);
    await assertEnds(stream);
  });

  test('a signal may end many streams', async () => {
    const channel = new SSEChannel();
    const { signal, abort, listening } = countedSignal();
    // Ten is what Node takes without a warning.
    const streams = Array.from({ length: 10 }, () => channel.watch({ signal }));
    const waiting = streams.map((stream) => stream.next());
    abort();
    for (const wait of waiting) assert.deepEqual(await promptly(wait), END);
    assert.strictEqual(channel.listenerCount, 0);
    assert.strictEqual(listening(), 0);
  });

  test('the end of a stream spares a listener that has come by the same id since', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch({ listener: new MessageQueueListener({ id: 'same' }) });
    channel.removeListener('same');
    const newcomer = new MessageQueueListener({ id: 'same' });
    channel.registerListener(newcomer);
    await assertEnds(stream);
    await stream.return();
    assert.deepEqual(channel.listeners(), [newcomer]);
  });

  test('the closing of the channel is delivered, and the listener is stopped as well as removed', async () => {
    const channel = new SSEChannel();
    const stream = channel.watch();
    channel.broadcast({ type: 'a', payload: 1 });
    channel.close();
    assert.deepEqual(
      (await drain(stream)).map(({ event }) => event),
      ['a', '_eric_channel_closed'],
    );
    assert.isFalse(stream.listener.isRunningSync());
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('one stream ends, the others go on', async () => {
    const channel = new SSEChannel();
    const [one, two] = [channel.watch(), channel.watch()];
    const waiting = two.next();
    await one.return();
    await stillWaits(waiting);
    channel.broadcast({ type: 'a', payload: 1 });
    assert.strictEqual((await promptly(waiting)).value.data, 1);
    await two.return();
  });

  test('a stream is disposed of by ending it, where the runtime knows disposal', async () => {
    if (!Symbol.asyncDispose) return;
    const channel = new SSEChannel();
    const stream = channel.watch();
    await promptly(stream[Symbol.asyncDispose]());
    assert.strictEqual(channel.listenerCount, 0);
    await assertEnds(stream);
  });
}
