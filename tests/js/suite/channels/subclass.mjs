// Subclasses of a channel: what adapt and messageStream change.

import {
  assert,
  assertEnds,
  consoleErrorsOf,
  countedSignal,
  dataOf,
  drain,
  promptly,
  rejectionOf,
  settle,
  take,
} from '../lib/support.mjs';

export default function register(
  { AbstractChannel, InvalidListenerException, Message, MessageQueueListener, SSEChannel },
  test,
) {
  /** Adapts what is sent. */
  class Shouting extends SSEChannel {
    adapt(message, id) {
      return { ...super.adapt(message, id), data: String(message.payload).toUpperCase() };
    }
  }

  /** Makes two items of each event, and marks its own end. */
  class Twice extends SSEChannel {
    log = [];
    async *messageStream(listener, options) {
      try {
        for await (const event of super.messageStream(listener, options)) {
          yield event;
          yield { ...event, data: `${event.data} again` };
        }
        this.log.push('end of messages');
      } finally {
        this.log.push('finally');
      }
    }
  }

  test('an override of removeListener is called however a listener leaves', async () => {
    const removed = [];
    class Counting extends SSEChannel {
      removeListener(listenerId) {
        super.removeListener(listenerId);
        removed.push(listenerId);
      }
    }
    const channel = new Counting();
    const byCall = channel.addListener();
    const full = new MessageQueueListener();
    channel.registerListener(full, { queue: { messages: 1, overflow: 'disconnect' } });
    const stream = channel.watch();
    const response = channel.response(undefined, { listener: 'of a response' });
    channel.removeListener(byCall.id);
    await stream.return();
    await response.body.cancel();
    channel.broadcast({ type: 'a' });
    channel.broadcast({ type: 'a' });
    assert.deepEqual(removed, [byCall.id, stream.listener.id, 'of a response', full.id]);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('an override of adapt changes what messageStream and watch yield', async () => {
    const channel = new Shouting();
    const listener = channel.addListener();
    listener.startSync();
    const [stream, watched] = [channel.messageStream(listener), channel.watch()];
    channel.broadcast({ type: 'a', payload: 'x' });
    assert.deepEqual(dataOf([...(await take(stream, 1)), ...(await take(watched, 1))]), ['X', 'X']);
    await watched.return();
  });

  test('an override of adapt is given the message and its id, which the wire would have', async () => {
    const seen = [];
    class Noting extends SSEChannel {
      adapt(message, id) {
        seen.push([message, id]);
        return super.adapt(message, id);
      }
    }
    const channel = new Noting();
    const stream = channel.watch();
    const sent = new Message('a', 1);
    channel.broadcast(sent);
    channel.dispatch(stream.listener.id, { type: 'b' });
    channel.close();
    const events = await drain(stream);
    assert.strictEqual(seen[0][0], sent);
    assert.deepEqual(
      seen.map(([{ type }]) => type),
      ['a', 'b', '_eric_channel_closed'],
    );
    for (const [message] of seen) assert.instanceOf(message, Message);
    assert.deepEqual(
      seen.map(([, id]) => id),
      events.map(({ id }) => id),
    );
    assert.isUndefined(seen[2][1]);
  });

  test('an override of adapt may yield anything', async () => {
    class Plain extends AbstractChannel {
      adapt({ payload }) {
        return payload;
      }
    }
    const channel = new Plain();
    const stream = channel.watch();
    const payloads = [0, '', null, false, 'x', [1]];
    for (const payload of payloads) channel.broadcast({ type: 'a', payload });
    channel.broadcast({ type: 'a' });
    assert.deepEqual(await take(stream, 7), [...payloads, undefined]);
    await stream.return();
  });

  test('if adapt throws, the stream goes on with the next message and tells onError, else the console', async () => {
    class Picky extends SSEChannel {
      adapt(message, id) {
        if (message.payload === 1) throw new Error('not this one');
        return super.adapt(message, id);
      }
    }
    const channel = new Picky();
    const told = [];
    const [one, two] = [channel.watch({ onError: (error) => void told.push(error.message) }), channel.watch()];
    const waiting = one.next();
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    assert.strictEqual((await promptly(waiting)).value.data, 2);
    assert.deepEqual(told, ['not this one']);
    const calls = await consoleErrorsOf(async () => assert.deepEqual(dataOf(await take(two, 1)), [2]));
    assert.strictEqual(calls.length, 1);
    assert.include(String(calls[0][0]), two.listener.id);
    await Promise.all([one.return(), two.return()]);
  });

  test('if adapt and then onError throw, the stream goes on and the error goes to the console', async () => {
    class Picky extends SSEChannel {
      adapt(message, id) {
        if (message.payload === 1) throw new Error('not this one');
        return super.adapt(message, id);
      }
    }
    const channel = new Picky();
    const onError = () => {
      throw new Error('of onError');
    };
    const [one, two] = [channel.watch({ onError }), channel.watch({ onError })];
    // One waits and the other does not: they are served in different places.
    const waiting = one.next();
    const calls = await consoleErrorsOf(async () => {
      for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
      assert.strictEqual((await promptly(waiting)).value.data, 2);
      assert.deepEqual(dataOf(await take(two, 1)), [2]);
    });
    assert.include(calls.flat().map(String).join('\n'), 'of onError');
    await Promise.all([one.return(), two.return()]);
  });

  test('if adapt throws at the closing, the stream ends all the same', async () => {
    class Picky extends SSEChannel {
      adapt() {
        throw new Error('never');
      }
    }
    const channel = new Picky();
    const told = [];
    const stream = channel.watch({ onError: ({ message }) => void told.push(message) });
    channel.close();
    await assertEnds(stream);
    assert.deepEqual(told, ['never']);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('next() from inside adapt is answered with the next message', async () => {
    let inner;
    class Asking extends SSEChannel {
      adapt(message, id) {
        inner ??= stream.next();
        return super.adapt(message, id);
      }
    }
    const channel = new Asking();
    const stream = channel.watch();
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    assert.strictEqual((await promptly(stream.next())).value.data, 1);
    assert.strictEqual((await promptly(inner)).value.data, 2);
    await stream.return();
  });

  test('return() from inside adapt ends the stream, and that message is not lost', async () => {
    let stream;
    let ended = false;
    class Ending extends SSEChannel {
      adapt(message, id) {
        if (!ended) void stream.return();
        ended = true;
        return super.adapt(message, id);
      }
    }
    const channel = new Ending();
    const listener = channel.addListener();
    listener.startSync();
    stream = channel.messageStream(listener);
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    const { done, value } = await promptly(stream.next());
    const got = done ? [] : [value.data];
    await assertEnds(stream);
    while (got.length < 2) got.push(channel.deliverNext(listener.id).payload);
    assert.deepEqual(got, [1, 2]);
  });

  test('an override of messageStream as an async generator changes what watch yields', async () => {
    const channel = new Twice();
    const stream = channel.watch();
    assert.strictEqual(channel.listenerCount, 1);
    assert.strictEqual(channel.getListener(stream.listener.id), stream.listener);
    channel.broadcast({ type: 'a', payload: 'x' });
    channel.broadcast({ type: 'a', payload: 'y' });
    assert.deepEqual(dataOf(await take(stream, 4)), ['x', 'x again', 'y', 'y again']);
    await stream.return();
    assert.strictEqual(channel.listenerCount, 0);
    assert.deepEqual(channel.log, ['finally']);
  });

  test('an overridden messageStream waits, and delivers the closing', async () => {
    const channel = new Twice();
    const stream = channel.watch();
    const waiting = stream.next();
    await settle();
    channel.broadcast({ type: 'a', payload: 'x' });
    assert.strictEqual((await promptly(waiting)).value.data, 'x');
    channel.close();
    assert.deepEqual(
      (await drain(stream)).map(({ event }) => event),
      ['a', '_eric_channel_closed', '_eric_channel_closed'],
    );
    assert.deepEqual(channel.log, ['end of messages', 'finally']);
    assert.strictEqual(channel.listenerCount, 0);
    assert.isFalse(stream.listener.isRunningSync());
  });

  const ENDS = {
    'return()': ({ stream }) => void stream.return(),
    'an abort': ({ abort }) => abort(),
    'stopping the listener': ({ stream }) => stream.listener.stopSync(),
    'removing the listener': ({ channel, stream }) => channel.removeListener(stream.listener.id),
  };
  for (const [how, end] of Object.entries(ENDS)) {
    test(`${how} ends an overridden messageStream that waits, and removes its listener`, async () => {
      const channel = new Twice();
      const { signal, abort, listening } = countedSignal();
      const stream = channel.watch({ signal });
      const waiting = stream.next();
      await settle();
      end({ channel, stream, abort });
      assert.deepEqual(await promptly(waiting), { done: true, value: undefined });
      await assertEnds(stream);
      assert.strictEqual(channel.listenerCount, 0);
      assert.strictEqual(listening(), 0);
      assert.include(channel.log, 'finally');
    });

    test(`${how} ends an overridden messageStream before its first read`, async () => {
      const channel = new Twice();
      const { signal, abort, listening } = countedSignal();
      const stream = channel.watch({ signal });
      end({ channel, stream, abort });
      await assertEnds(stream);
      assert.strictEqual(channel.listenerCount, 0);
      assert.strictEqual(listening(), 0);
    });
  }

  test('stopping the listener of an overridden messageStream takes it away soon, whether or not somebody reads', async () => {
    const channel = new Twice();
    const { signal, listening } = countedSignal();
    const [fresh, begun] = [channel.watch({ signal }), channel.watch({ signal })];
    channel.broadcast({ type: 'a', payload: 'x' });
    await take(begun, 1);
    for (const { listener } of [fresh, begun]) listener.stopSync();
    await settle();
    assert.strictEqual(channel.listenerCount, 0);
    assert.strictEqual(listening(), 0);
    assert.deepEqual(channel.log, ['finally']);
    await assertEnds(fresh);
    await assertEnds(begun);
  });

  test('break ends an overridden messageStream and removes its listener', async () => {
    const channel = new Twice();
    const stream = channel.watch();
    channel.broadcast({ type: 'a', payload: 'x' });
    for await (const event of stream) if (event) break;
    assert.strictEqual(channel.listenerCount, 0);
    assert.deepEqual(channel.log, ['finally']);
  });

  test('a signal that was aborted before ends an overridden messageStream', async () => {
    const channel = new Twice();
    const stream = channel.watch({ signal: AbortSignal.abort() });
    assert.strictEqual(channel.listenerCount, 0);
    await assertEnds(stream);
  });

  test('an overridden messageStream that throws hands on its error and leaves no listener', async () => {
    const error = new Error('of the generator');
    class Failing extends SSEChannel {
      async *messageStream() {
        yield 1;
        throw error;
      }
    }
    const channel = new Failing();
    const stream = channel.watch();
    await take(stream, 1);
    assert.strictEqual(await rejectionOf(stream.next()), error);
    assert.strictEqual(channel.listenerCount, 0);
    await assertEnds(stream);
  });

  test('an overridden messageStream whose next() throws at once hands on its error and leaves no listener', async () => {
    const error = new Error('at once');
    const channel = new (class extends SSEChannel {
      messageStream() {
        return {
          next() {
            throw error;
          },
        };
      }
    })();
    assert.strictEqual(await rejectionOf(channel.watch().next()), error);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('an overridden messageStream whose next() gives no promise is read all the same', async () => {
    const channel = new (class extends SSEChannel {
      messageStream() {
        return [1, 2][Symbol.iterator]();
      }
    })();
    assert.deepEqual(await drain(channel.watch()), [1, 2]);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('an overridden messageStream that throws instead of opening leaves no listener', () => {
    const channel = new (class extends SSEChannel {
      messageStream() {
        throw new InvalidListenerException('not today');
      }
    })();
    for (const call of [() => channel.watch(), () => channel.response()]) assert.throws(call, 'not today');
    assert.strictEqual(channel.listenerCount, 0);
  });
}
