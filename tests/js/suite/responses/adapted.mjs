// response() of a channel whose subclass decides what a stream yields: that is what is written.

import { BodyReader, withoutIds } from '../lib/body.mjs';
import {
  assert,
  assertException,
  consoleErrorsOf,
  countedSignal,
  dataOf,
  promptly,
  settle,
  stillWaits,
  until,
} from '../lib/support.mjs';

export default function register({ InvalidMessageFormat, MessageQueueListener, SSEChannel }, test) {
  /** A channel whose adapt returns what the test says. */
  const adapting = (adapt, options) =>
    new (class extends SSEChannel {
      adapt(message, id) {
        return adapt(message, id, super.adapt(message, id));
      }
    })(options);

  const generating = () =>
    new (class extends SSEChannel {
      async *messageStream(listener, options) {
        for await (const event of super.messageStream(listener, options)) {
          yield { event: 'before', data: event.event };
          yield event;
        }
      }
    })();

  /** Two kinds of channel that write the same for messages of type `a`. */
  const KINDS = {
    'an overridden adapt': () => adapting((_message, _id, event) => event),
    'an overridden messageStream': () =>
      new (class extends SSEChannel {
        async *messageStream(listener, options) {
          yield* super.messageStream(listener, options);
        }
      })(),
  };

  test('the result of adapt is written', async () => {
    const channel = adapting(({ type, payload }, id) => ({
      event: `my-${type}`,
      data: { wrapped: payload },
      id: `id of ${payload}`,
      more: id,
    }));
    const reader = new BodyReader(channel.response());
    channel.broadcast({ type: 'a', payload: 1 });
    await reader.events(1);
    assert.strictEqual(reader.text, 'retry: 15000\n\nevent: my-a\nid: id of 1\ndata: {"wrapped":1}\n\n');
    await reader.cancel();
  });

  test('the items of an overridden messageStream are written', async () => {
    const channel = generating();
    const reader = new BodyReader(channel.response());
    channel.broadcast({ type: 'a', payload: 1 });
    await reader.events(2);
    assert.strictEqual(withoutIds(reader.text), 'retry: 15000\n\nevent: before\ndata: a\n\nevent: a\ndata: 1\n\n');
    await reader.cancel();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('data is written as a payload is: text as it is, none as empty, anything else as JSON', async () => {
    const table = [
      ['x', 'x'],
      ['one\r\ntwo', 'one\ntwo'],
      [undefined, ''],
      ['', ''],
      [null, 'null'],
      [0, '0'],
      [false, 'false'],
      [[1], '[1]'],
    ];
    const channel = adapting((message) => ({ event: 'a', data: table[message.payload][0] }));
    const reader = new BodyReader(channel.response());
    for (const index of table.keys()) channel.broadcast({ type: 'a', payload: index });
    assert.deepEqual(
      dataOf(await reader.events(table.length)),
      table.map(([, text]) => text),
    );
    await reader.cancel();
  });

  test('an id may be left out, null, or empty', async () => {
    const ids = ['1', undefined, null, ''];
    const channel = adapting((message) => ({ event: 'a', data: '', id: ids[message.payload] }));
    const reader = new BodyReader(channel.response());
    for (const index of ids.keys()) channel.broadcast({ type: 'a', payload: index });
    assert.deepEqual(
      (await reader.events(4)).map(({ lastEventId }) => lastEventId),
      ['1', '1', '1', ''],
    );
    await reader.cancel();
  });

  test('an item that is no event is not written but reported, and the stream goes on', async () => {
    const items = [
      undefined,
      null,
      5,
      'x',
      [],
      {},
      { data: 1 },
      { event: 5 },
      { event: '' },
      { event: 'a', id: 5 },
      { event: 'a', data: 1n },
      { event: 'a', data: () => {} },
    ];
    const channel = adapting((message) =>
      message.payload < items.length ? items[message.payload] : { event: 'good', data: 'x' },
    );
    const told = [];
    const reader = new BodyReader(channel.response(null, { onError: (error) => void told.push(error) }));
    for (const index of [...items.keys(), items.length]) channel.broadcast({ type: 'a', payload: index });
    await reader.events(1);
    assert.strictEqual(reader.text, 'retry: 15000\n\nevent: good\ndata: x\n\n');
    assert.strictEqual(told.length, items.length);
    for (const error of told) assertException(error, InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
    await reader.cancel();
  });

  test('an item that is no event is reported to the console without onError', async () => {
    const channel = adapting((message, _id, event) => (message.payload === 1 ? { event: 'a\nb' } : event));
    const listener = new MessageQueueListener();
    const reader = new BodyReader(channel.response(null, { listener }));
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    const calls = await consoleErrorsOf(() => reader.events(1));
    assert.deepEqual(dataOf(reader.decoder.events), ['2']);
    assert.strictEqual(calls.length, 1);
    assert.include(String(calls[0][0]), listener.id);
    await reader.cancel();
  });

  test('if onError throws, the response goes on all the same', async () => {
    const channel = adapting((message, _id, event) => (message.payload === 1 ? { event: 'a\nb' } : event));
    const onError = () => {
      throw new Error('of onError');
    };
    const reader = new BodyReader(channel.response(null, { onError }));
    for (const payload of [1, 2]) channel.broadcast({ type: 'a', payload });
    const calls = await consoleErrorsOf(async () => assert.deepEqual(dataOf(await reader.events(1)), ['2']));
    assert.include(calls.flat().map(String).join('\n'), 'of onError');
    await reader.cancel();
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('if an overridden messageStream throws, the body fails with its error and leaves no listener', async () => {
    const error = new Error('of the generator');
    const channel = new (class extends SSEChannel {
      // biome-ignore lint/correctness/useYield: it throws before it yields
      async *messageStream() {
        throw error;
      }
    })();
    const reader = new BodyReader(channel.response());
    const failure = await promptly(reader.rest().catch((reason) => reason));
    assert.strictEqual(failure, error);
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('with an overridden adapt all blocks that are ready go out in one chunk', async () => {
    const channel = adapting((message, _id, event) => (message.payload === 2 ? { event: 'a\nb' } : event));
    const reader = new BodyReader(channel.response(null, { onError() {} }));
    await reader.chunk();
    const send = (...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'a', payload }));
    send(1, 2, 3);
    await reader.chunk();
    assert.deepEqual(dataOf(reader.decoder.events), ['1', '3'], 'without the one that is refused');
    const waiting = reader.chunk();
    await settle();
    send(4, 5, 6);
    channel.close();
    await waiting;
    assert.deepEqual(dataOf(reader.decoder.events), ['1', '3', '4', '5', '6', '']);
    await reader.rest();
  });

  test('with an overridden adapt a long backlog goes out in parts', async () => {
    const channel = adapting((_message, _id, event) => event);
    const reader = new BodyReader(channel.response());
    const payload = 'x'.repeat(10_000);
    for (let count = 0; count < 200; count++) channel.broadcast({ type: 'a', payload });
    await reader.events(1);
    assert.isBelow(reader.decoder.events.length, 200);
    await reader.events(200);
    assert.isBelow(reader.chunks.length, 20);
    await reader.cancel();
  });

  test('with an overridden adapt streamDelaySeconds spaces the blocks', async () => {
    const channel = adapting((_message, _id, event) => event, { streamDelaySeconds: 0.06 });
    const reader = new BodyReader(channel.response());
    for (const payload of [1, 2, 3]) channel.broadcast({ type: 'a', payload });
    const start = Date.now();
    for (const count of [1, 2, 3]) assert.strictEqual((await reader.events(count)).length, count);
    assert.isAtLeast(Date.now() - start, 2 * 57);
    await reader.cancel();
  });

  for (const [kind, make] of Object.entries(KINDS)) {
    test(`with ${kind} the listener is there from the call on, and the first bytes come at once`, async () => {
      const channel = make();
      const reader = new BodyReader(channel.response());
      assert.strictEqual(channel.listenerCount, 1);
      channel.broadcast({ type: 'a', payload: 1 });
      assert.isTrue((await reader.chunk()).startsWith('retry: 15000\n\n'));
      assert.deepEqual(dataOf(await reader.events(1)), ['1']);
      assert.strictEqual(reader.decoder.retries, 1);
      await reader.cancel();
    });

    test(`with ${kind} nothing is taken while nothing is read`, async () => {
      const channel = make();
      const reader = new BodyReader(channel.response());
      const [listener] = channel.listeners();
      const send = (...payloads) => payloads.forEach((payload) => channel.broadcast({ type: 'a', payload }));
      send(1, 2);
      await settle();
      assert.strictEqual(channel.deliverNext(listener.id).payload, 1);
      assert.deepEqual(dataOf(await reader.events(1)), ['2']);
      send(3, 4);
      await settle();
      assert.strictEqual(channel.deliverNext(listener.id).payload, 3);
      assert.deepEqual(dataOf(await reader.events(2)), ['2', '4']);
      await reader.cancel();
    });

    test(`with ${kind} a HEAD request has no body and no listener`, () => {
      const channel = make();
      assert.isNull(channel.response({ method: 'HEAD', signal: null }).body);
      assert.strictEqual(channel.listenerCount, 0);
    });

    const ENDS = {
      'the client, who cancels': ({ reader }) => reader.cancel(),
      'the signal of the request': ({ byRequest }) => byRequest.abort(),
      'the signal among the options': ({ byOption }) => byOption.abort(),
      'stopping its listener': ({ listener }) => listener.stopSync(),
      'removing its listener': ({ channel, listener }) => channel.removeListener(listener.id),
      'closing the channel': ({ channel }) => channel.close(),
    };
    for (const [how, end] of Object.entries(ENDS)) {
      for (const when of ['while a read waits', 'before its first read']) {
        test(`with ${kind}, ended by ${how} ${when}, the body ends and the listener is gone`, async () => {
          const channel = make();
          const [byRequest, byOption] = [countedSignal(), countedSignal()];
          const listener = new MessageQueueListener();
          const reader = new BodyReader(
            channel.response({ method: 'GET', signal: byRequest.signal }, { signal: byOption.signal, listener }),
          );
          let waiting;
          if (when === 'while a read waits') {
            await reader.chunk();
            waiting = reader.read();
            await stillWaits(waiting);
          }
          void end({ channel, byRequest, byOption, listener, reader });
          await promptly(Promise.resolve(waiting));
          await reader.rest();
          const types = how === 'closing the channel' ? ['_eric_channel_closed'] : [];
          assert.deepEqual(
            reader.decoder.events.map(({ type }) => type),
            types,
          );
          assert.strictEqual(channel.listenerCount, 0);
          assert.strictEqual(byRequest.listening() + byOption.listening(), 0);
        });
      }
    }

    test(`with ${kind} a response that onMessage cancels ends, though nothing is sent any more`, async () => {
      const channel = make();
      const listener = new MessageQueueListener({ id: 'a' });
      const reader = channel.response(null, { listener, resumeSeconds: 60 }).body.getReader();
      await promptly(reader.read());
      const waiting = reader.read();
      listener.onMessage = () => void reader.cancel();
      channel.broadcast({ type: 'b' });
      await promptly(waiting);
      await until(() => listener.stats().connected === 0, 'the end of the stream underneath');
      channel.removeListener('a');
    });

    test(`with ${kind} a signal that was aborted before leaves no listener`, async () => {
      const channel = make();
      const reader = new BodyReader(channel.response(null, { signal: AbortSignal.abort() }));
      assert.strictEqual(channel.listenerCount, 0);
      await reader.rest();
    });
  }
}
