// How streams end, and what becomes of what waits then.

import {
  assert,
  assertEnds,
  countedSignal,
  dataOf,
  drain,
  promptly,
  rejectionOf,
  settle,
  stillWaits,
  take,
} from '../lib/support.mjs';

export default function register({ MessageQueueListener, SSEChannel }, test) {
  function scene(onMessage) {
    const channel = new SSEChannel();
    const listener = new MessageQueueListener({ onMessage });
    channel.registerListener(listener);
    listener.startSync();
    const send = (...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'a', payload }));
    const open = (options) => channel.messageStream(listener, options);
    return { channel, listener, send, open, next: () => channel.deliverNext(listener.id).payload };
  }

  const END = { done: true, value: undefined };
  const CLOSED = { event: '_eric_channel_closed', data: undefined, retry: 15_000, id: undefined };

  /** Everything that ends a stream, and whether it does so at once or after what was queued. */
  const ENDS = {
    'return()': ({ stream }) => void stream.return(),
    'throw()': ({ stream }) => void stream.throw(new Error('thrown in')).catch(() => {}),
    'an AbortSignal': ({ abort }) => abort(),
    'stopping its listener': ({ listener }) => listener.stopSync(),
    'removing its listener': ({ channel, listener }) => channel.removeListener(listener.id),
  };

  for (const [how, end] of Object.entries(ENDS)) {
    test(`${how} ends a stream that waits, promptly`, async () => {
      const all = scene();
      const { signal, abort } = countedSignal();
      const stream = all.open({ signal });
      const waiting = [stream.next(), stream.next()];
      await stillWaits(waiting[0]);
      end({ ...all, stream, abort });
      for (const wait of waiting) assert.deepEqual(await promptly(wait), END);
      await assertEnds(stream);
    });

    test(`${how} ends a stream before its first read`, async () => {
      const all = scene();
      const { signal, abort } = countedSignal();
      const stream = all.open({ signal });
      all.send(1);
      end({ ...all, stream, abort });
      await assertEnds(stream);
      await assertEnds(stream);
    });

    test(`${how} in the turn of a send ends the stream, and the message is not lost`, async () => {
      const all = scene();
      const { signal, abort } = countedSignal();
      const stream = all.open({ signal });
      const waiting = stream.next();
      await settle();
      all.send(1, 2);
      end({ ...all, stream, abort });
      assert.deepEqual(await promptly(waiting), END);
      if (how === 'removing its listener') return;
      all.listener.startSync();
      assert.deepEqual([all.next(), all.next()], [1, 2]);
    });

    test(`${how} leaves nothing listening to the signal`, async () => {
      const all = scene();
      const { signal, abort, listening } = countedSignal();
      const stream = all.open({ signal });
      assert.strictEqual(listening(), 1);
      const waiting = stream.next();
      end({ ...all, stream, abort });
      await promptly(waiting);
      assert.strictEqual(listening(), 0);
    });
  }

  test('return() is answered with the end, again and again', async () => {
    const { open } = scene();
    const stream = open();
    assert.deepEqual(await promptly(stream.return()), END);
    assert.deepEqual(await promptly(stream.return()), END);
    await assertEnds(stream);
  });

  test('throw() is rejected with what was thrown in', async () => {
    const { open } = scene();
    const stream = open();
    const error = new Error('thrown in');
    assert.strictEqual(await rejectionOf(stream.throw(error)), error);
    await assertEnds(stream);
  });

  test('break ends the stream, and what waits stays with the listener', async () => {
    const { open, send, next } = scene();
    const stream = open();
    send(1, 2, 3);
    const got = [];
    for await (const { data } of stream) {
      got.push(data);
      if (data === 2) break;
    }
    assert.deepEqual(got, [1, 2]);
    await assertEnds(stream);
    assert.strictEqual(next(), 3);
  });

  test('an error in the body of the loop ends the stream', async () => {
    const { open, send } = scene();
    const stream = open();
    send(1, 2);
    const error = new Error('of the body');
    const loop = async () => {
      for await (const event of stream) throw event && error;
    };
    assert.strictEqual(await rejectionOf(loop()), error);
    await assertEnds(stream);
  });

  test('a signal that was aborted before ends the stream at once, and it takes nothing', async () => {
    const { open, send, next } = scene();
    send(1);
    const { signal, abort, listening } = countedSignal();
    abort();
    const stream = open({ signal });
    assert.strictEqual(listening(), 0);
    await assertEnds(stream);
    assert.strictEqual(next(), 1);
  });

  test('an abort ends a loop cleanly, without an error', async () => {
    const { open, send } = scene();
    const controller = new AbortController();
    const got = [];
    send(1);
    for await (const { data } of open({ signal: controller.signal })) {
      got.push(data);
      void settle().then(() => controller.abort(new Error('a reason')));
    }
    assert.deepEqual(got, [1]);
  });

  test('a signal of null is no signal', async () => {
    const { open, send } = scene();
    send(1);
    assert.deepEqual(dataOf(await take(open({ signal: null }), 1)), [1]);
  });

  test('an AbortSignal that is aborted after the end does nothing', async () => {
    const { open, send, next } = scene();
    const controller = new AbortController();
    const stream = open({ signal: controller.signal });
    await stream.return();
    controller.abort();
    send(1);
    assert.strictEqual(next(), 1);
  });

  const OWN_ENDS = {
    'return()': ({ stream }) => void stream.return(),
    'throw()': ({ stream }) => void stream.throw(new Error('thrown in')).catch(() => {}),
    'an AbortSignal': ({ controller }) => controller.abort(),
  };
  for (const [how, end] of Object.entries(OWN_ENDS)) {
    for (const waits of [true, false]) {
      const reader = waits ? 'a stream that waits' : 'a stream that is being read';
      test(`a message handed to ${reader} and that onMessage ended by ${how} is the next one again`, async () => {
        const controller = new AbortController();
        let stream;
        let once = true;
        const { channel, listener, open, send, next } = scene(() => {
          if (once) end({ stream, controller });
          once = false;
        });
        stream = open({ signal: controller.signal });
        const early = waits ? stream.next() : undefined;
        await settle();
        send(1);
        channel.dispatch(listener.id, { type: 'a', payload: 2 });
        send(3);
        const got = early ?? stream.next();
        assert.deepEqual(await promptly(got), END);
        await assertEnds(stream);
        assert.deepEqual([next(), next(), next()], [1, 2, 3]);
      });
    }
  }

  test('a message that was given back has its place, its id and its bytes', async () => {
    let stream;
    let once = true;
    const { channel, open, listener, send } = scene(() => {
      if (once) void stream.return();
      once = false;
    });
    const other = channel.watch();
    stream = open();
    send('x', 'y');
    await assertEnds(stream);
    const again = await take(open(), 2);
    assert.deepEqual(again, await take(other, 2));
    assert.strictEqual(listener.isRunningSync(), true);
    await other.return();
  });

  test('messages handed to calls that have been answered are not given back', async () => {
    const { open, send, next } = scene();
    const stream = open();
    const answers = [stream.next(), stream.next()];
    await settle();
    send(1, 2, 3);
    await settle();
    await stream.return();
    assert.deepEqual(dataOf((await promptly(Promise.all(answers))).map(({ value }) => value)), [1, 2]);
    assert.strictEqual(next(), 3);
  });

  test('when the channel is closed a stream delivers what was queued, then the closing event, and ends', async () => {
    const { channel, listener, open, send } = scene();
    const stream = open();
    send(1);
    channel.dispatch(listener.id, { type: 'a', payload: 2 });
    channel.close();
    const events = await drain(stream);
    assert.deepEqual(dataOf(events.slice(0, 2)), [1, 2]);
    assert.deepEqual(events.slice(2), [CLOSED]);
    assert.isFalse(listener.isRunningSync());
    await assertEnds(stream);
  });

  test('when the channel is closed the listener runs until everything was delivered', async () => {
    const { channel, listener, open, send } = scene();
    const stream = open();
    send(1);
    channel.close();
    await take(stream, 1);
    assert.isTrue(listener.isRunningSync());
    assert.deepEqual(await take(stream, 1), [CLOSED]);
    assert.isFalse(listener.isRunningSync());
  });

  test('when the channel is closed a waiting stream ends promptly', async () => {
    const { channel, listener, open } = scene();
    const stream = open();
    const waiting = [stream.next(), stream.next()];
    await stillWaits(waiting[0]);
    channel.close();
    assert.deepEqual((await promptly(waiting[0])).value, CLOSED);
    assert.deepEqual(await promptly(waiting[1]), END);
    assert.isFalse(listener.isRunningSync());
  });

  test('when the channel is closed all waiting streams of a listener end', async () => {
    const { channel, open } = scene();
    const waiting = [open(), open()].map((stream) => stream.next());
    await settle();
    channel.close();
    for (const wait of waiting) assert.deepEqual((await promptly(wait)).value, CLOSED);
  });

  test('when the channel is closed a stream that was opened before receives the closing, even if another one received it first', async () => {
    const { channel, open } = scene();
    const [one, two] = [open(), open()];
    channel.close();
    assert.deepEqual(await drain(one), [CLOSED]);
    assert.deepEqual(await drain(two), [CLOSED]);
  });

  test('a listener that is started again after the closing gets what it had not read', async () => {
    const { channel, listener, open, send } = scene();
    send(1);
    listener.stopSync();
    channel.close();
    await assertEnds(open());
    listener.startSync();
    const events = await drain(open());
    assert.deepEqual(
      events.map(({ event, data }) => [event, data]),
      [
        ['a', 1],
        [CLOSED.event, undefined],
      ],
    );
  });
}
