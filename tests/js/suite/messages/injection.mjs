// Attempts to forge events through every text that a caller hands in. They are refused, or they are
// data.

import { BodyReader, written } from '../lib/body.mjs';
import { assert, assertException, dataOf, take, thrownBy } from '../lib/support.mjs';

export default function register({ InvalidMessageFormat, Message, MessageQueueListener, SSEChannel }, test) {
  const ATTEMPTS = [
    'x\ndata: forged\n\nevent: y',
    'x\rdata: forged\r\revent: y',
    'x\r\ndata: forged\r\n\r\nevent: y',
    '\n\nevent: forged\ndata: forged\n\n',
    '\nretry: 1',
    '\nid: forged',
    'x\n',
    'x\r',
    '\n',
    '\r',
    'x\0',
    '\0',
  ];
  const shown = (text) => JSON.stringify(text);

  for (const attempt of ATTEMPTS) {
    test(`an event type of ${shown(attempt)} is refused wherever it enters`, () => {
      const channel = new SSEChannel();
      const listener = channel.addListener();
      for (const call of [
        () => new Message(attempt),
        () => channel.broadcast({ type: attempt, payload: 1 }),
        () => channel.dispatch(listener.id, { type: attempt, payload: 1 }),
      ]) {
        const error = thrownBy(call);
        assertException(error, InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
        assert.notMatch(error.message, /[\r\n\0]/, 'nor does it enter a log');
      }
      listener.startSync();
      assert.strictEqual(thrownBy(() => channel.deliverNext(listener.id)).reason, 'empty');
    });

    test(`an id of ${shown(attempt)} is refused for channels and listeners`, () => {
      for (const make of [() => new SSEChannel({ id: attempt }), () => new MessageQueueListener({ id: attempt })]) {
        const error = thrownBy(make);
        assert.instanceOf(error, RangeError);
        assert.match(error.message, /\bid\b/);
        assert.notMatch(error.message, /[\r\n\0]/);
      }
    });

    test(`an event or id of ${shown(attempt)} from adapt is refused, and nothing of it is written`, async () => {
      const table = [
        { event: attempt, data: 'x' },
        { event: 'a', data: 'x', id: attempt },
      ];
      const channel = new (class extends SSEChannel {
        adapt(message, id) {
          return table[message.payload] ?? super.adapt(message, id);
        }
      })();
      const told = [];
      const reader = new BodyReader(channel.response(null, { onError: (error) => void told.push(error) }));
      for (const payload of [0, 1, 2]) channel.broadcast({ type: 'good', payload });
      await reader.events(1);
      assert.deepEqual(
        reader.decoder.events.map(({ type, data }) => [type, data]),
        [['good', '2']],
      );
      assert.deepEqual(reader.decoder.ignored, []);
      assert.strictEqual(told.length, 2);
      for (const error of told) assertException(error, InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
      await reader.cancel();
    });

    test(`a payload of ${shown(attempt)} is data and nothing else`, async () => {
      const payloads = [attempt, { text: attempt, [attempt]: 1 }, [attempt]];
      const { decoder } = await written(
        new SSEChannel(),
        payloads.map((payload) => ({ type: 'a', payload })),
      );
      assert.deepEqual(
        decoder.events.map(({ type }) => type),
        ['a', 'a', 'a'],
      );
      assert.strictEqual(decoder.events[0].data, attempt.replace(/\r\n?/g, '\n'));
      assert.deepEqual(
        decoder.events.slice(1).map(({ data }) => JSON.parse(data)),
        payloads.slice(1),
      );
      assert.strictEqual(new Set(decoder.events.map(({ lastEventId }) => lastEventId)).size, 3);
      assert.deepEqual(decoder.ignored, []);
      assert.strictEqual(decoder.retries, 1, 'that at the start');
      assert.strictEqual(decoder.reconnectionTime, 15_000);
    });

    test(`data of ${shown(attempt)} from adapt is data and nothing else`, async () => {
      const channel = new (class extends SSEChannel {
        adapt(message, id) {
          return { ...super.adapt(message, id), data: attempt };
        }
      })();
      const { decoder } = await written(channel, [{ type: 'a', payload: 1 }]);
      assert.deepEqual(dataOf(decoder.events), [attempt.replace(/\r\n?/g, '\n')]);
    });
  }

  test('a toJSON that gives a forging text, and a String object, are JSON', async () => {
    const forging = 'x\n\nevent: forged';
    const { decoder } = await written(new SSEChannel(), [
      { type: 'a', payload: { toJSON: () => forging } },
      { type: 'a', payload: Object(forging) },
    ]);
    assert.deepEqual(dataOf(decoder.events), [JSON.stringify(forging), JSON.stringify(forging)]);
  });

  test('a type that changes while it is read cannot get past the check', async () => {
    const channel = new SSEChannel();
    const answers = ['good', 'good', 'good', 'bad\ndata: forged'];
    const twoFaced = {
      get type() {
        return answers.length > 1 ? answers.shift() : answers[0];
      },
      payload: 1,
    };
    const reader = new BodyReader(channel.response());
    const stream = channel.watch();
    for (let count = 0; count < 6; count++) {
      try {
        channel.broadcast(twoFaced);
      } catch (error) {
        assertException(error, InvalidMessageFormat, 'ERIC_INVALID_MESSAGE');
      }
    }
    channel.broadcast({ type: 'last' });
    const types = [];
    while (types.at(-1) !== 'last') types.push((await take(stream, 1))[0].event);
    await reader.events(types.length);
    assert.deepEqual(
      reader.decoder.events.map(({ type }) => type),
      types,
    );
    assert.deepEqual(reader.decoder.ignored, []);
    await reader.cancel();
    await stream.return();
  });

  test('the id of an object that passes for a Message cannot break out either', async () => {
    const channel = new SSEChannel();
    const reader = new BodyReader(channel.response());
    const answers = ['good'];
    const twoFaced = Object.create(Message.prototype, {
      type: { get: () => answers.shift() ?? 'bad\ndata: forged' },
      payload: { value: 1 },
    });
    channel.broadcast(twoFaced);
    assertException(
      thrownBy(() => channel.broadcast(twoFaced)),
      InvalidMessageFormat,
      'ERIC_INVALID_MESSAGE',
    );
    assert.deepEqual(
      (await reader.events(1)).map(({ type, data }) => [type, data]),
      [['good', '1']],
    );
    assert.deepEqual(reader.decoder.ignored, []);
    await reader.cancel();
  });

  test('a Message whose type is overwritten after it was sent goes out as it was', async () => {
    const channel = new SSEChannel();
    const reader = new BodyReader(channel.response());
    const message = new Message('good', 1);
    channel.broadcast(message);
    /** @type {any} */ (message).type = 'bad\ndata: forged';
    await reader.events(1);
    assert.strictEqual(reader.decoder.events[0].type, 'good');
    assert.strictEqual(reader.decoder.events[0].data, '1');
    await reader.cancel();
  });

  test('headers that would break a line are refused by the platform, and leave no listener', () => {
    const channel = new SSEChannel();
    for (const headers of [
      { 'X-Mine': 'a\r\nX-Forged: b' },
      { 'X-Mine\r\nX-Forged': 'b' },
      [['X-Mine', 'a\nb']],
      { 'X Mine': 'a' },
      { 'X-Mine': 'a\0b' },
    ]) {
      assert.instanceOf(
        thrownBy(() => channel.response(null, { headers })),
        TypeError,
      );
    }
    assert.strictEqual(channel.listenerCount, 0);
  });

  test('names of the prototype are ids and types like any other', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const channel = new SSEChannel();
    for (const id of names) {
      const listener = new MessageQueueListener({ id });
      channel.registerListener(listener);
      listener.startSync();
      channel.dispatch(id, { type: id, payload: id });
      const { type, payload } = channel.deliverNext(id);
      assert.deepEqual([type, payload], [id, id]);
    }
    assert.deepEqual(
      channel.listeners().map(({ id }) => id),
      names,
    );
  });
}
