// SSEChannel.named: one channel for a name. That copies of the package share it is tested in
// tests/package.

import { BodyReader } from '../lib/body.mjs';
import { assert, assertException, drain, sleep, thrownBy } from '../lib/support.mjs';

let names = 0;
/** A name that no other test uses, nor the other build of the package in this process. */
const unused = () => `named ${++names} ${Math.random()}`;

export default function register(eric, test) {
  const { InvalidChannelException, InvalidListenerException, MessageQueueListener, SSEChannel } = eric;

  /** Runs with a name whose channel is closed afterwards: it would outlive the test. */
  const withName = (sentence, run) =>
    test(sentence, async () => {
      const name = unused();
      try {
        await run(name);
      } finally {
        SSEChannel.named(name).close();
      }
    });

  withName('the first call creates a channel whose id is its name', (name) => {
    const channel = SSEChannel.named(name, { retryTimeoutMilliseconds: 5, streamDelaySeconds: 1 });
    assert.instanceOf(channel, SSEChannel);
    assert.deepEqual([channel.id, channel.retryTimeoutMilliseconds, channel.streamDelaySeconds], [name, 5, 1]);
  });

  withName('later calls return the same channel, with the same options and without', (name) => {
    const channel = SSEChannel.named(name, { history: { messages: 7 } });
    const { lastEventId } = channel;
    assert.strictEqual(SSEChannel.named(name, { history: { messages: 7 } }), channel);
    assert.strictEqual(SSEChannel.named(name), channel);
    assert.strictEqual(channel.lastEventId, lastEventId);
  });

  withName('other names and channels without one are other channels', (name) => {
    const [channel, other] = [SSEChannel.named(name), SSEChannel.named(`${name} 2`)];
    assert.notStrictEqual(channel, other);
    assert.notStrictEqual(new SSEChannel({ id: name }), channel);
    other.close();
  });

  withName('a default that is written out is no other option', (name) => {
    const channel = SSEChannel.named(name);
    const { lastEventId } = channel;
    SSEChannel.named(name, { retryTimeoutMilliseconds: 15_000, history: { messages: 1024 } });
    assert.strictEqual(channel.lastEventId, lastEventId);
  });

  withName('other options apply to the same channel, whose clients reconnect and receive a gap', async (name) => {
    const channel = SSEChannel.named(name);
    const reasons = [];
    const reader = new BodyReader(channel.response(null, { onClose: ({ reason }) => reasons.push(reason) }));
    channel.broadcast({ type: 'news', payload: 'before' });
    await reader.events(1);

    assert.strictEqual(SSEChannel.named(name, { retryTimeoutMilliseconds: 5000 }), channel);
    assert.strictEqual(channel.retryTimeoutMilliseconds, 5000);
    channel.broadcast({ type: 'news', payload: 'after' });
    await reader.rest();
    assert.deepEqual(reasons, ['drained']);
    assert.deepEqual(
      reader.decoder.events.map(({ data }) => data),
      ['before'],
    );
    assert.isAtMost(reader.decoder.reconnectionTime, 1500, 'soon, whatever the reconnection time of the channel');

    const lastEventId = reader.decoder.lastEventId;
    const again = new BodyReader(channel.response(null, { lastEventId }));
    channel.broadcast({ type: 'news', payload: 'later' });
    const [gap, ...others] = await again.events(3);
    assert.strictEqual(gap.type, '_eric_gap');
    assert.strictEqual(JSON.parse(gap.data).reason, 'epoch');
    assert.deepEqual(
      others.map(({ data }) => data),
      ['after', 'later'],
    );
    await again.cancel();
  });

  withName('other options end readers in this process behind what was queued for them', async (name) => {
    const channel = SSEChannel.named(name);
    const stream = channel.watch();
    channel.broadcast({ type: 'news', payload: 1 });
    SSEChannel.named(name, { history: { messages: 1 } });
    channel.broadcast({ type: 'news', payload: 2 });
    const events = await drain(stream);
    assert.deepEqual(
      events.map(({ event, data }) => [event, data]),
      [
        ['news', 1],
        ['_eric_channel_closed', undefined],
      ],
    );
    assert.strictEqual(channel.listenerCount, 0);
  });

  withName('a reader that leaves after other options came takes no listener of its channel along', async (name) => {
    const channel = SSEChannel.named(name);
    const stream = channel.watch({ listener: new MessageQueueListener({ id: 'same' }) });
    SSEChannel.named(name, { history: { messages: 1 } });
    channel.registerListener(new MessageQueueListener({ id: 'same' }));
    await stream.return();
    assert.strictEqual(channel.listenerCount, 1);
  });

  withName('a listener that was registered before other options came is registered anew', (name) => {
    const channel = SSEChannel.named(name);
    const listener = channel.addListener();
    SSEChannel.named(name, { history: { messages: 1 } });
    assertException(
      thrownBy(() => channel.getListener(listener.id)),
      InvalidListenerException,
      'ERIC_INVALID_LISTENER',
    );
    channel.registerListener(listener);
    assert.strictEqual(channel.getListener(listener.id), listener);
  });

  withName('a listener that waits for its client is let go when other options come', async (name) => {
    const channel = SSEChannel.named(name);
    const reader = new BodyReader(channel.response(null, { listener: 'page', resumeSeconds: 0.02 }));
    await reader.chunk();
    await reader.cancel();
    SSEChannel.named(name, { history: { messages: 1 } });
    assert.strictEqual(channel.listenerCount, 0);
    await sleep(40);
    assert.strictEqual(channel.listenerCount, 0);
  });

  withName('a closed channel gives way to a new one', (name) => {
    for (const end of ['close', 'gone']) {
      const channel = SSEChannel.named(name);
      channel[end]();
      const next = SSEChannel.named(name);
      assert.notStrictEqual(next, channel);
      assert.isTrue(channel.closed);
      assert.isFalse(next.closed);
    }
  });

  withName('a channel that closes again leaves the name to the new one', (name) => {
    const channel = SSEChannel.named(name);
    channel.close();
    const next = SSEChannel.named(name);
    channel.close();
    assert.strictEqual(SSEChannel.named(name), next);
  });

  withName('invalid options change nothing', (name) => {
    const channel = SSEChannel.named(name);
    const { lastEventId } = channel;
    assert.throws(() => SSEChannel.named(name, { history: { messages: -1 } }), RangeError, 'history.messages');
    assert.throws(() => SSEChannel.named(name, 'fast'), TypeError, 'options must be an object');
    assert.strictEqual(channel.lastEventId, lastEventId);
    assert.strictEqual(SSEChannel.named(name), channel);
  });

  test('a name is a text that is an id', () => {
    for (const name of [undefined, null, 1, {}])
      assert.throws(() => SSEChannel.named(name), TypeError, /^name must be/);
    for (const name of ['', 'a\nb']) assert.throws(() => SSEChannel.named(name), RangeError, /^name must not/);
  });

  test('a subclass has no named channels', () => {
    class News extends SSEChannel {}
    assert.throws(() => News.named(unused()), TypeError, 'only SSEChannel itself');
  });

  test('a channel of an incompatible version is refused, and stays', () => {
    const name = unused();
    SSEChannel.named(name).close();
    const shared = globalThis[Symbol.for('eric-sse.channels')];
    const other = { closed: false };
    shared.set(name, other);
    const error = thrownBy(() => SSEChannel.named(name));
    assertException(error, InvalidChannelException, 'ERIC_INVALID_CHANNEL');
    assert.include(error.message, 'install one version');
    assert.strictEqual(shared.get(name), other);
    shared.delete(name);
  });

  test('a closed channel is not kept', () => {
    const name = unused();
    SSEChannel.named(name).close();
    assert.isFalse(globalThis[Symbol.for('eric-sse.channels')].has(name));
  });
}
