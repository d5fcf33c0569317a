// streamDelaySeconds: the least time between two deliveries of a stream, which an end does not wait
// for.

import { BodyReader, PRELUDE } from '../lib/body.mjs';
import { assert, assertEnds, dataOf, drain, promptly, settle, take } from '../lib/support.mjs';

export default function register({ SSEChannel }, test) {
  const DELAY_SECONDS = 0.06;
  /** Timers may fire a little early, and clocks be coarse. */
  const LEAST_MS = DELAY_SECONDS * 1000 - 3;
  /**
   * Longer than "promptly", and short enough for a failed test not to hold up the others for ever.
   */
  const FOREVER_SECONDS = 20;

  function scene(streamDelaySeconds) {
    const channel = new SSEChannel({ streamDelaySeconds });
    const listener = channel.addListener();
    listener.startSync();
    const send = (...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'a', payload }));
    return { channel, listener, send };
  }

  /**
   * Reads, and checks that no delivery comes earlier than it may. Each is measured from the start:
   * what is seen late tells nothing.
   */
  async function assertSpaced(count, read) {
    const start = Date.now();
    for (let index = 0; index < count; index++) {
      await promptly(read());
      assert.isAtLeast(Date.now() - start, index * LEAST_MS, `delivery ${index}`);
    }
  }

  /** Counts the timers that are set and neither fired nor cleared, while something runs. */
  async function timersLeftBy(run) {
    const { setTimeout, clearTimeout } = globalThis;
    const timers = new Set();
    globalThis.setTimeout = (callback, milliseconds, ...args) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        callback(...args);
      }, milliseconds);
      timers.add(timer);
      return timer;
    };
    globalThis.clearTimeout = (timer) => {
      timers.delete(timer);
      clearTimeout(timer);
    };
    try {
      await run(timers);
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
    }
    for (const timer of timers) clearTimeout(timer);
    return timers.size;
  }

  test('it is at least so long between two deliveries of a stream', async () => {
    const { channel, listener, send } = scene(DELAY_SECONDS);
    const stream = channel.messageStream(listener);
    send(1, 2, 3, 4);
    await assertSpaced(4, () => stream.next());
    await stream.return();
  });

  test('it is at least so long between two blocks of a response, each a chunk of its own', async () => {
    const { channel, send } = scene(DELAY_SECONDS);
    const reader = new BodyReader(channel.response());
    send(1, 2, 3);
    assert.match(await reader.chunk(), PRELUDE);
    await assertSpaced(3, () => reader.read());
    assert.strictEqual(reader.chunks.length, 4);
    assert.deepEqual(dataOf(reader.decoder.events), ['1', '2', '3']);
    await reader.cancel();
  });

  test('the first delivery does not wait, nor do the first bytes', async () => {
    const { channel, listener, send } = scene(FOREVER_SECONDS);
    const reader = new BodyReader(channel.response());
    send(1);
    const stream = channel.messageStream(listener);
    assert.deepEqual(dataOf(await take(stream, 1)), [1]);
    await reader.chunk();
    assert.deepEqual(dataOf(await reader.events(1)), ['1']);
    await stream.return();
    await reader.cancel();
  });

  test('each stream has its own pace', async () => {
    const { channel, send } = scene(FOREVER_SECONDS);
    const [one, two] = [channel.watch(), channel.watch()];
    send(1);
    await take(one, 1);
    assert.deepEqual(dataOf(await take(two, 1)), [1]);
    await Promise.all([one.return(), two.return()]);
  });

  test('messages sent during the delay are delivered after it, in order', async () => {
    const { channel, listener, send } = scene(DELAY_SECONDS);
    const stream = channel.messageStream(listener);
    send(1);
    await take(stream, 1);
    const waiting = [stream.next(), stream.next()];
    let answered = false;
    void waiting[0].then(() => (answered = true));
    send(2);
    await settle();
    send(3);
    await settle();
    assert.isFalse(answered);
    assert.deepEqual(dataOf((await promptly(Promise.all(waiting))).map(({ value }) => value)), [2, 3]);
    await stream.return();
  });

  test('a message that comes when the delay has passed is delivered at once', async () => {
    const { channel, listener, send } = scene(DELAY_SECONDS);
    const stream = channel.messageStream(listener);
    send(1);
    await take(stream, 1);
    const waiting = stream.next();
    await new Promise((resolve) => setTimeout(resolve, DELAY_SECONDS * 2000));
    send(2);
    let answered = false;
    void waiting.then(() => (answered = true));
    await settle();
    assert.isTrue(answered);
    await stream.return();
  });

  test('a message that is waited for during the delay is not taken yet', async () => {
    const { channel, listener, send } = scene(FOREVER_SECONDS);
    const stream = channel.messageStream(listener);
    send(1, 2);
    await take(stream, 1);
    const waiting = stream.next();
    await settle();
    assert.strictEqual(channel.deliverNext(listener.id).payload, 2);
    await stream.return();
    await promptly(waiting);
  });

  const ENDS = {
    'return()': ({ stream }) => void stream.return(),
    'an abort': ({ controller }) => controller.abort(),
    'stopping the listener': ({ listener }) => listener.stopSync(),
    'removing the listener': ({ channel, listener }) => channel.removeListener(listener.id),
  };
  for (const [how, end] of Object.entries(ENDS)) {
    test(`${how} ends a stream during the delay, promptly`, async () => {
      const { channel, listener, send } = scene(FOREVER_SECONDS);
      const controller = new AbortController();
      const stream = channel.messageStream(listener, { signal: controller.signal });
      send(1, 2);
      await take(stream, 1);
      const waiting = stream.next();
      await settle();
      end({ channel, listener, stream, controller });
      assert.deepEqual(await promptly(waiting), { done: true, value: undefined });
      await assertEnds(stream);
    });

    test(`${how} ends a stream during the delay when nobody waits, too`, async () => {
      const { channel, listener, send } = scene(FOREVER_SECONDS);
      const controller = new AbortController();
      const stream = channel.messageStream(listener, { signal: controller.signal });
      send(1, 2);
      await take(stream, 1);
      end({ channel, listener, stream, controller });
      await assertEnds(stream);
    });

    test(`${how} during the delay leaves no timer behind`, async () => {
      const left = await timersLeftBy(async (timers) => {
        const { channel, listener, send } = scene(FOREVER_SECONDS);
        const controller = new AbortController();
        const stream = channel.messageStream(listener, { signal: controller.signal });
        send(1, 2);
        assert.strictEqual((await stream.next()).value.data, 1);
        assert.strictEqual(timers.size, 1);
        const waiting = stream.next();
        end({ channel, listener, stream, controller });
        await waiting;
      });
      assert.strictEqual(left, 0);
    });
  }

  test('a response ends promptly during the delay, and leaves no timer', async () => {
    const left = await timersLeftBy(async (timers) => {
      const { channel, send } = scene(FOREVER_SECONDS);
      for (const end of [
        (reader) => reader.cancel(),
        (_, listener) => listener.stopSync(),
        (_, listener) => channel.removeListener(listener.id),
      ]) {
        const reader = new BodyReader(channel.response());
        send(1, 2);
        await reader.read();
        await reader.read();
        assert.strictEqual(timers.size, 2, 'that of the delay, and that of the next heartbeat');
        const waiting = reader.read();
        await end(reader, channel.listeners()[1]);
        assert.isUndefined(await waiting);
        assert.strictEqual(channel.listenerCount, 1);
        assert.strictEqual(timers.size, 0);
      }
    });
    assert.strictEqual(left, 0);
  });

  test('when the channel is closed during the delay, the rest comes at the same pace', async () => {
    const { channel, listener, send } = scene(DELAY_SECONDS);
    const stream = channel.messageStream(listener);
    send(1, 2);
    const start = Date.now();
    channel.close();
    assert.deepEqual(
      (await drain(stream)).map(({ event, data }) => data ?? event),
      [1, 2, '_eric_channel_closed'],
    );
    assert.isAtLeast(Date.now() - start, 2 * LEAST_MS);
  });

  test('when the channel is closed during the delay of a response, the rest comes at the same pace', async () => {
    const { channel, send } = scene(DELAY_SECONDS);
    const reader = new BodyReader(channel.response());
    send(1, 2);
    const start = Date.now();
    channel.close();
    await reader.rest();
    assert.deepEqual(
      reader.decoder.events.map(({ type }) => type),
      ['a', 'a', '_eric_channel_closed'],
    );
    assert.isAtLeast(Date.now() - start, 2 * LEAST_MS);
  });

  test('without it everything comes at once', async () => {
    const left = await timersLeftBy(async (timers) => {
      const { channel, listener, send } = scene(0);
      const stream = channel.messageStream(listener);
      send(1, 2, 3);
      for (const expected of [1, 2, 3]) assert.strictEqual((await stream.next()).value.data, expected);
      assert.strictEqual(timers.size, 0);
    });
    assert.strictEqual(left, 0);
  });

  test('a channel says how it is paced', () => {
    assert.strictEqual(new SSEChannel().streamDelaySeconds, 0);
    assert.strictEqual(new SSEChannel({ streamDelaySeconds: 0.5 }).streamDelaySeconds, 0.5);
  });
}
