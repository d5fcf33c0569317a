// How a response ends, and that its listener goes with it.

import { BodyReader } from '../lib/body.mjs';
import { assert, countedSignal, dataOf, promptly, settle, stillWaits } from '../lib/support.mjs';

export default function register({ ChannelContainer, MessageQueueListener, SSEChannel }, test) {
  /** @param {() => void} [onFirstMessage] */
  function scene(onFirstMessage) {
    const container = new ChannelContainer();
    const channel = container.add();
    const byRequest = countedSignal();
    const byOption = countedSignal();
    let first = true;
    const listener = new MessageQueueListener({
      onMessage() {
        if (first) onFirstMessage?.();
        first = false;
      },
    });
    const response = channel.response(
      { method: 'GET', signal: byRequest.signal },
      { signal: byOption.signal, listener },
    );
    const reader = new BodyReader(response);
    const listening = () => byRequest.listening() + byOption.listening();
    return {
      container,
      channel,
      listener,
      reader,
      byRequest,
      byOption,
      listening,
      send: (payload) => channel.broadcast({ type: 'a', payload }),
    };
  }

  test('with the chunk that says that the channel was closed the listener is stopped and gone', async () => {
    const { channel, listener, reader, send } = scene();
    send(1);
    channel.close();
    await reader.events(2);
    assert.strictEqual(channel.listenerCount, 0);
    assert.isFalse(listener.isRunningSync());
  });

  const ENDS = {
    'the client, who cancels': ({ reader }) => reader.cancel(),
    'the signal of the request': ({ byRequest }) => byRequest.abort(),
    'the signal among the options': ({ byOption }) => byOption.abort(),
    'stopping its listener': ({ listener }) => listener.stopSync(),
    'removing its listener': ({ channel, listener }) => channel.removeListener(listener.id),
    'closing the channel': ({ channel }) => channel.close(),
    'removing the channel from its container': ({ container, channel }) => container.rm(channel.id),
  };
  const CLOSING = /closing|container/;

  for (const [how, end] of Object.entries(ENDS)) {
    test(`ended by ${how} while a read waits, the body ends promptly and the listener is gone`, async () => {
      const all = scene();
      await all.reader.chunk();
      const waiting = all.reader.read();
      await stillWaits(waiting);
      void end(all);
      const text = await promptly(waiting);
      if (CLOSING.test(how)) {
        assert.strictEqual(text, 'event: _eric_channel_closed\ndata:\n\n');
        assert.isUndefined(await promptly(all.reader.read()));
        assert.isFalse(all.listener.isRunningSync());
      } else assert.isUndefined(text);
      assert.strictEqual(all.channel.listenerCount, 0);
      assert.strictEqual(all.listening(), 0);
    });

    test(`ended by ${how} while nobody reads, the body ends and the listener is gone`, async () => {
      const all = scene();
      await all.reader.chunk();
      await settle();
      void end(all);
      await all.reader.rest();
      assert.strictEqual(all.channel.listenerCount, 0);
      assert.strictEqual(all.listening(), 0);
    });

    test(`ended by ${how} before its first read, the body ends and the listener is gone`, async () => {
      const all = scene();
      void end(all);
      await all.reader.rest();
      assert.strictEqual(all.channel.listenerCount, 0);
      assert.strictEqual(all.listening(), 0);
    });

    test(`ended by ${how} from inside onMessage while a read waits, the body ends and the listener is gone`, async () => {
      const all = scene(() => void end(all));
      await all.reader.chunk();
      const waiting = all.reader.read();
      await settle();
      all.send(1);
      all.send(2);
      // A reader that waits for a chunk and is woken after this one must not suffer.
      const bystander = new BodyReader(all.channel.closed ? new Response('') : all.channel.response());
      await promptly(waiting);
      await all.reader.rest();
      if (!CLOSING.test(how)) {
        await bystander.chunk();
        await bystander.cancel();
      }
      await bystander.rest();
      assert.strictEqual(all.channel.listenerCount, 0);
      assert.strictEqual(all.listening(), 0);
    });

    test(`ended by ${how} from inside onMessage during a read, the body ends and the listener is gone`, async () => {
      const all = scene(() => void end(all));
      await all.reader.chunk();
      all.send(1);
      all.send(2);
      await all.reader.rest();
      assert.strictEqual(all.channel.listenerCount, 0);
      assert.strictEqual(all.listening(), 0);
    });
  }

  test('a body whose read onMessage ends does not keep the others from being woken', async () => {
    const channel = new SSEChannel();
    const controller = new AbortController();
    const ending = new MessageQueueListener({ onMessage: () => controller.abort() });
    const first = new BodyReader(channel.response(null, { listener: ending, signal: controller.signal }));
    const second = new BodyReader(channel.response());
    const third = channel.watch();
    await first.chunk();
    await second.chunk();
    const waiting = [first.read(), second.read(), third.next()];
    await settle();
    channel.broadcast({ type: 'a', payload: 1 });
    await promptly(Promise.all(waiting), 'all readers');
    assert.deepEqual(dataOf(second.decoder.events), ['1']);
    assert.strictEqual((await waiting[2]).value.data, 1);
    await second.cancel();
    await third.return();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('return(), an abort, a cancel and a removal take the listener away at once', async () => {
    for (const how of [
      'the client, who cancels',
      'the signal of the request',
      'the signal among the options',
      'removing its listener',
    ]) {
      const all = scene();
      void ENDS[how](all);
      assert.strictEqual(all.channel.listenerCount, 0, how);
    }
  });

  test('stopping the listener takes it away soon, whether or not somebody reads', async () => {
    const { channel, listener, reader, send, listening } = scene();
    await reader.chunk();
    send(1);
    listener.stopSync();
    await settle();
    assert.strictEqual(channel.listenerCount, 0);
    assert.strictEqual(listening(), 0);
    assert.isUndefined(await promptly(reader.read()));
  });

  test('a signal that was aborted before gives a body that has ended, and leaves no listener', async () => {
    for (const args of [[{ method: 'GET', signal: AbortSignal.abort() }], [null, { signal: AbortSignal.abort() }]]) {
      const channel = new SSEChannel();
      const reader = new BodyReader(channel.response(...args));
      assert.strictEqual(channel.listenerCount, 0);
      await reader.rest();
      assert.deepEqual(reader.decoder.events, []);
    }
  });

  test('the signal of a real Request ends the response', async () => {
    const channel = new SSEChannel();
    const controller = new AbortController();
    const reader = new BodyReader(channel.response(new Request('http://localhost/', { signal: controller.signal })));
    await reader.chunk();
    const waiting = reader.read();
    controller.abort();
    assert.isUndefined(await promptly(waiting));
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('a cancel is answered, with a reason or without, and again', async () => {
    const channel = new SSEChannel();
    for (const reason of [undefined, new Error('a reason'), 'a reason']) {
      const reader = new BodyReader(channel.response());
      assert.isUndefined(await promptly(reader.cancel(reason)));
      assert.isUndefined(await promptly(reader.cancel(reason)));
      assert.isUndefined(await promptly(reader.read()));
    }
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('when the channel is closed what was queued goes out first, then the closing event, which has no id', async () => {
    const { channel, reader, send, listener } = scene();
    send(1);
    channel.dispatch(listener.id, { type: 'a', payload: 2 });
    channel.close();
    await reader.rest();
    const { events } = reader.decoder;
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [
        ['a', '1'],
        ['a', '2'],
        ['_eric_channel_closed', ''],
      ],
    );
    assert.isTrue(reader.text.endsWith('\n\nevent: _eric_channel_closed\ndata:\n\n'));
    assert.strictEqual(events[2].lastEventId, events[1].lastEventId);
    assert.isFalse(listener.isRunningSync());
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('unread messages of a cancelled body are dropped with its listener', async () => {
    const channel = new SSEChannel();
    const [cancelled, other] = [1, 2].map(() => new BodyReader(channel.response()));
    channel.broadcast({ type: 'a', payload: 1 });
    await cancelled.cancel();
    channel.broadcast({ type: 'a', payload: 2 });
    assert.deepEqual(dataOf(await other.events(2)), ['1', '2']);
    await other.cancel();
  });

  test('the end of a body spares a listener that has come by the same id since', async () => {
    const channel = new SSEChannel();
    const reader = new BodyReader(channel.response(null, { listener: new MessageQueueListener({ id: 'same' }) }));
    channel.removeListener('same');
    const newcomer = new MessageQueueListener({ id: 'same' });
    channel.registerListener(newcomer);
    await reader.rest();
    assert.deepEqual(channel.listeners(), [newcomer]);
  });

  test('a body through pipeThrough and tee ends as well', async () => {
    const channel = new SSEChannel();
    const [left, right] = channel.response().body.tee();
    const reader = left.pipeThrough(new TransformStream()).getReader();
    assert.isFalse((await promptly(reader.read())).done);
    void reader.cancel();
    void right.cancel();
    await settle();
    await promptly(
      (async () => {
        while (channel.listenerCount > 0) await new Promise((resolve) => setTimeout(resolve, 1));
      })(),
      'the removal of the listener',
    );
  });
}
