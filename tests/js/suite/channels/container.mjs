// ChannelContainer: channels by id, closed when they are removed.

import { BodyReader } from '../lib/body.mjs';
import { assert, assertException, dataOf, drain, promptly, settle, thrownBy } from '../lib/support.mjs';

export default function register({ AbstractChannel, ChannelContainer, InvalidChannelException, SSEChannel }, test) {
  test('add makes a channel with the options that it is given', () => {
    const container = new ChannelContainer();
    const channel = container.add({ id: 'mine', retryTimeoutMilliseconds: 5, streamDelaySeconds: 1 });
    assert.instanceOf(channel, SSEChannel);
    assert.deepEqual([channel.id, channel.retryTimeoutMilliseconds, channel.streamDelaySeconds], ['mine', 5, 1]);
    assert.strictEqual(container.get('mine'), channel);
  });

  test('add without options makes a channel with an id of its own', () => {
    const container = new ChannelContainer();
    const [one, two] = [container.add(), container.add()];
    assert.notStrictEqual(one.id, two.id);
    assert.strictEqual(container.get(one.id), one);
    assert.strictEqual(container.get(two.id), two);
  });

  test('register takes a channel of any class', () => {
    class Plain extends AbstractChannel {}
    const container = new ChannelContainer();
    const [plain, sse] = [new Plain(), new SSEChannel()];
    assert.isUndefined(container.register(plain));
    container.register(sse);
    assert.deepEqual([container.get(plain.id), container.get(sse.id)], [plain, sse]);
  });

  test('register and add refuse an id that is registered already, and change nothing', () => {
    const container = new ChannelContainer();
    const first = container.add({ id: 'same' });
    for (const call of [
      () => container.add({ id: 'same' }),
      () => container.register(new SSEChannel({ id: 'same' })),
      () => container.register(first),
    ]) {
      assertException(thrownBy(call), InvalidChannelException, 'ERIC_INVALID_CHANNEL');
    }
    assert.strictEqual(container.get('same'), first);
    assert.isFalse(first.closed);
    assert.strictEqual(container.size, 1);
  });

  test('register refuses what is no channel', () => {
    const container = new ChannelContainer();
    for (const other of [undefined, null, {}, { id: 'x' }, 'x', SSEChannel]) {
      assertException(
        thrownBy(() => container.register(other)),
        InvalidChannelException,
        'ERIC_INVALID_CHANNEL',
      );
    }
    assert.deepEqual(container.ids(), []);
  });

  test('get and rm refuse an unknown id', () => {
    const container = new ChannelContainer();
    container.add();
    for (const id of ['unknown', '', undefined, null, 5, '__proto__']) {
      assertException(
        thrownBy(() => container.get(id)),
        InvalidChannelException,
        'ERIC_INVALID_CHANNEL',
      );
      assertException(
        thrownBy(() => container.rm(id)),
        InvalidChannelException,
        'ERIC_INVALID_CHANNEL',
      );
      assert.isFalse(container.has(id));
    }
    assert.strictEqual(container.size, 1);
  });

  test('ids and iteration are in the order in which the channels were registered', () => {
    const container = new ChannelContainer();
    const channels = ['c', 'a', 'b'].map((id) => container.add({ id }));
    assert.deepEqual(container.ids(), ['c', 'a', 'b']);
    assert.deepEqual([...container], channels);
    container.rm('a');
    const last = container.add({ id: 'a' });
    assert.deepEqual(container.ids(), ['c', 'b', 'a']);
    assert.deepEqual([...container], [channels[0], channels[2], last]);
    assert.strictEqual(container.size, 3);
    assert.isTrue(container.has('a'));
  });

  test("ids() gives an array of the caller's own", () => {
    const container = new ChannelContainer();
    container.add({ id: 'a' });
    container.ids().pop();
    assert.deepEqual(container.ids(), ['a']);
  });

  test('a channel may be removed during the iteration', () => {
    const container = new ChannelContainer();
    for (const id of ['a', 'b', 'c']) container.add({ id });
    const seen = [];
    for (const { id } of container) {
      seen.push(id);
      container.rm(id);
    }
    assert.deepEqual(seen, ['a', 'b', 'c']);
    assert.deepEqual(container.ids(), []);
  });

  test('rm removes the channel and closes it', () => {
    const container = new ChannelContainer();
    const channel = container.add();
    assert.isUndefined(container.rm(channel.id));
    assert.isTrue(channel.closed);
    assertException(
      thrownBy(() => container.get(channel.id)),
      InvalidChannelException,
      'ERIC_INVALID_CHANNEL',
    );
    assertException(
      thrownBy(() => channel.broadcast({ type: 'a' })),
      InvalidChannelException,
      'ERIC_INVALID_CHANNEL',
    );
  });

  test('a stream whose channel is removed delivers what was queued, then the closing event; its listener is stopped', async () => {
    const container = new ChannelContainer();
    const channel = container.add();
    const listener = channel.addListener();
    listener.startSync();
    const stream = channel.messageStream(listener);
    channel.broadcast({ type: 'a', payload: 1 });
    channel.dispatch(listener.id, { type: 'a', payload: 2 });
    container.rm(channel.id);
    const events = await drain(stream);
    assert.deepEqual(dataOf(events), [1, 2, undefined]);
    assert.strictEqual(events[2].event, '_eric_channel_closed');
    assert.isFalse(listener.isRunningSync());
  });

  test('a waiting reader ends promptly when the channel is removed', async () => {
    const container = new ChannelContainer();
    const channel = container.add();
    const waiting = channel.watch().next();
    const reader = new BodyReader(channel.response());
    await reader.chunk();
    const chunk = reader.chunk();
    await settle();
    container.rm(channel.id);
    assert.strictEqual((await promptly(waiting)).value.event, '_eric_channel_closed');
    assert.strictEqual(await chunk, 'event: _eric_channel_closed\ndata:\n\n');
    await reader.rest();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('an id that was removed may be registered again', () => {
    const container = new ChannelContainer();
    const first = container.add({ id: 'same' });
    container.rm('same');
    const second = container.add({ id: 'same' });
    assert.notStrictEqual(first, second);
    assert.isFalse(second.closed);
  });

  test('containers share nothing, though a channel may stand in several', () => {
    const [one, two] = [new ChannelContainer(), new ChannelContainer()];
    const channel = one.add();
    two.register(channel);
    one.rm(channel.id);
    assert.strictEqual(two.get(channel.id), channel);
    assert.isTrue(channel.closed);
  });

  test('a container is disposed of by removing its channels, where the runtime knows disposal', () => {
    if (!Symbol.dispose) return;
    const container = new ChannelContainer();
    const channels = [container.add(), container.add()];
    container[Symbol.dispose]();
    assert.strictEqual(container.size, 0);
    for (const channel of channels) assert.isTrue(channel.closed);
  });
}
